"""The mails about requests and accesses: each act tells each person once, in that person's language."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask import url_for
from flask_babel import force_locale, gettext

from idp.accounts.models import Account
from idp.core.db import db
from idp.core.outbox import post_mail
from idp.saas import organisations, standing
from idp.saas.authority import administrators, team_of
from idp.saas.catalogue_models import Decider, OrganisationKind
from idp.saas.models import Access, AccessRequest, GuestKind, RequestItem

TEAM_NAMED = 5  # enough to find somebody


def new_request(request: AccessRequest) -> None:
    """Tell the people who may decide about a request that it waits."""
    requester = db.session.get_one(Account, request.account_id)
    for account in deciders(request.items, but=requester.id):
        if account.notify_by_mail:
            _mail(account, "new_request", request=request, requester=requester, items=request.items)


def deciders(items: Sequence[RequestItem], *, but: int) -> list[Account]:
    """Return everybody who may decide about one of the items of a request, each once."""
    found = {account.id: account for account in team_of(items[0].organisation, but=but)}
    if any(item.profile.decided_by is Decider.ADMINISTRATOR for item in items):
        found |= {account.id: account for account in administrators(but=but)}
    return list(found.values())


def decided(items: Sequence[RequestItem], approver: Account, accesses: Sequence[Access]) -> None:
    """Tell the requester what was decided in one act, and why; `accesses` are those it opened."""
    first = items[0]
    requester = db.session.get_one(Account, first.account_id)
    _mail(
        requester,
        "granted" if accesses else "refused",
        request=first.request,
        items=items,
        approver=approver,
        reason=first.reason,
        until=next((access.valid_until for access in accesses if access.valid_until), None),
        needs_membership=_needs_membership(items),
        virtual_centre=any(access.guest is GuestKind.VIRTUAL_CENTRE for access in accesses),
    )


def asked(items: Sequence[RequestItem], approver: Account, question: str) -> None:
    """Send the approver's question to the requester."""
    request = items[0].request
    requester = db.session.get_one(Account, request.account_id)
    _mail(requester, "asked", request=request, items=items, approver=approver, reason=question)


def answered(items: Sequence[RequestItem], askers: Iterable[Account]) -> None:
    """Tell those who asked that the person has answered."""
    requester = db.session.get_one(Account, items[0].account_id)
    for account in askers:
        _mail(account, "answered", request=items[0].request, requester=requester, items=items)


def access_ended(accesses: Sequence[Access], reason: str) -> None:
    """Tell the person that accesses were taken away."""
    _mail(_holder(accesses[0]), "access_ended", items=accesses, reason=reason)


def access_locked(access: Access, reason: str) -> None:
    """Tell the person that an access is closed for now."""
    _mail(_holder(access), "access_locked", items=[access], reason=reason)


def access_opened(access: Access) -> None:
    """Tell the person that an access is open again."""
    _mail(_holder(access), "access_opened", items=[access])


def access_extended(access: Access) -> None:
    """Tell a guest until when the access lasts now."""
    _mail(_holder(access), "access_extended", items=[access], until=access.valid_until)


def access_over(accesses: Sequence[Access]) -> None:
    """Tell the person that accesses have ended because their time is over."""
    first = accesses[0]
    key = f"access-over:{first.id}:{first.valid_until:%Y-%m-%dT%H:%M}"
    _mail(_holder(first), "access_over", items=accesses, until=first.valid_until, key=key)


def guest_ends(access: Access, key: str) -> None:
    """Tell a guest when the access ends and who can extend it; `key` makes it one mail (see `outbox`)."""
    team = [account.name for account in team_of(access.organisation, but=access.account_id)]
    _mail(_holder(access), "guest_ends", items=[access], until=access.valid_until, team=team[:TEAM_NAMED], key=key)


def _needs_membership(items: Sequence[RequestItem]) -> bool:
    """Whether an application relies on a membership that was not granted in the same act; guests need none."""
    granted = {item.application_id for item in items}
    members = [item for item in items if item.organisation.kind is OrganisationKind.PROVIDER]
    return any(item.application.membership_id and item.application.membership_id not in granted for item in members)


def _holder(access: Access) -> Account:
    return db.session.get_one(Account, access.account_id)


def _mail(to: Account, template: str, *, items: Sequence[RequestItem] | Sequence[Access], **values: Any) -> None:
    with force_locale(to.language):
        lines = summary(items)
    values |= {
        "lines": lines,
        "network": items[0].organisation.network,
        "application": items[0].application.short_name,
        "application_id": items[0].application_id,
        "day": standing.date,
        "last_day": standing.last_day,
        "quoted": quoted,
    }
    values |= {"name": to.name, "uid": to.uid, "address": _address(template, values)}
    post_mail(to.email, f"saas/mail/{template}", to.language, **values)


def summary(items: Sequence[RequestItem] | Sequence[Access]) -> list[tuple[str, str]]:
    """Return the items in words, as pairs of a name and a value, in the language of the moment."""
    organisation = items[0].organisation
    rows = [(gettext("Organisation"), f"{organisations.label(organisation)}, {organisations.place(organisation)}")]
    applications = {item.application_id: item.application for item in items}
    for id_, application in applications.items():
        profiles = ", ".join(item.profile.code for item in items if item.application_id == id_)
        rows.append((application.label, profiles))
    return rows


def quoted(text: str) -> str:
    """Return what a person wrote as an indented part of one paragraph, so that it cannot pose as a part of ours."""
    return "\n".join(f"  {line.strip()}" for line in text.splitlines() if line.strip())


def _address(template: str, values: dict[str, Any]) -> str:
    if template in ("new_request", "answered"):
        return url_for("saas.approval", reference=values["request"].reference, _external=True)
    if template == "access_over":
        return url_for("saas.create", application_id=values["application_id"], _external=True)
    page = "saas.home" if template == "granted" else "saas.user_data"
    return url_for(page, _external=True)
