"""Decisions about requests: every rule is checked inside the act that writes the grant (SECURITY.md, 5)."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import select

from idp.core import clock
from idp.core.db import db, transactional
from idp.core.errors import Invalid, NotFound
from idp.core.values import frozen
from idp.saas import accesses, days, notices
from idp.saas.access_requests import Decision, add_note, move
from idp.saas.accesses import Terms
from idp.saas.authority import acting_authority, valid
from idp.saas.catalogue_models import OrganisationState, Profile
from idp.saas.models import Access, AccessRequest, GuestKind, ItemState, RequestItem
from idp.saas.policy import Act, Approver, Authority, acting_as, matter_of_item, may

LONGEST_GRANT = timedelta(days=10 * 366)


class Verdict(StrEnum):
    """What an approver says about a request."""

    GRANT = "grant"
    REFUSE = "refuse"
    ASK = "ask"


STATE_OF = {
    Verdict.GRANT: ItemState.GRANTED,
    Verdict.REFUSE: ItemState.REFUSED,
    Verdict.ASK: ItemState.ASKED,
}

# Where nothing can be granted, with the key of the sentence that says what to do.
NOT_GRANTED = {
    OrganisationState.REQUESTED: "organisation_waits",
    OrganisationState.CLOSED: "organisation_closed",
}


@frozen
class Ruling:
    """A decision as the approver sends it: about which items, as they were seen (id -> version), and on what terms."""

    verdict: Verdict
    seen: dict[int, int]
    reason: str = ""
    until: date | None = None
    guest: GuestKind = GuestKind.CONSULT


@transactional
def decide(approver: Approver, reference: str, ruling: Ruling) -> AccessRequest:
    """Decide about items of a request, all in one way; the requester gets one mail.

    Raises SignInRequired without a fresh second factor, NotFound for what the approver may not decide, Invalid for a
    ruling that lacks something, Conflict (who, at) if somebody was faster.
    """
    actor, authority = acting_authority(approver)
    request = db.session.scalar(select(AccessRequest).where(AccessRequest.reference == reference))
    items = _chosen(request, ruling, authority)
    _check(ruling)
    decision = Decision(actor.id, acting_as(authority, matter_of_item(items[0])), ruling.reason.strip() or None)
    for item in items:
        move(item, STATE_OF[ruling.verdict], ruling.seen[item.id], decision)
    if ruling.verdict is Verdict.ASK:
        add_note(items[0].request, actor.id, ruling.reason)
        notices.asked(items, actor, ruling.reason)
    else:
        notices.decided(items, actor, _open(items, ruling))
    return items[0].request


def _chosen(request: AccessRequest | None, ruling: Ruling, authority: Authority) -> list[RequestItem]:
    if request is None or not any(may(Act.DECIDE, authority, matter_of_item(item)) for item in request.items):
        raise NotFound("access_request_unknown")
    if not ruling.seen:
        raise Invalid("items_needed")
    chosen = [item for item in request.items if item.id in ruling.seen]
    allowed = all(may(Act.DECIDE, authority, matter_of_item(item)) for item in chosen)
    if len(chosen) != len(ruling.seen) or not allowed:
        raise NotFound("access_request_unknown")
    return chosen


def _check(ruling: Ruling) -> None:
    if ruling.verdict is not Verdict.GRANT and not ruling.reason.strip():
        raise Invalid("reason_needed")
    if ruling.until is None:
        return
    today = clock.now().date()
    if not today < ruling.until <= today + LONGEST_GRANT:
        raise Invalid("until_wrong")


def _open(items: Sequence[RequestItem], ruling: Ruling) -> list[Access]:
    if ruling.verdict is not Verdict.GRANT:
        return []
    organisation = items[0].organisation
    if organisation.state is not OrganisationState.ACTIVE:
        raise Invalid(NOT_GRANTED[organisation.state], organisation=organisation.name)
    terms = Terms(days.end_of(ruling.until) if ruling.until else None, ruling.guest)
    opened = [accesses.open_access(item, terms) for item in items]
    for item in items:
        _check_needs(item)
    return opened


def _check_needs(item: RequestItem) -> None:
    """A profile is granted only beside the one that it needs in the same hospital."""
    if item.profile.needs is None:
        return
    held = (
        select(Access.id)
        .join(Profile, Profile.id == Access.profile_id)
        .where(
            Access.account_id == item.account_id,
            Access.organisation_id == item.organisation_id,
            Profile.application_id == item.application_id,
            Profile.code == item.profile.needs,
            valid(clock.now()),
        )
    )
    if db.session.scalar(held) is None:
        raise Invalid("grant_needs", profile=item.profile.code, needed=item.profile.needs)
