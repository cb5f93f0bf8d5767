"""Where a person stands: the accesses held and the wishes that wait, as rows for pages."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import format_date, gettext
from sqlalchemy import Row, func, select
from sqlalchemy.orm import joinedload

from idp.accounts.models import Account
from idp.core import clock, languages
from idp.core.db import db
from idp.core.values import frozen
from idp.saas import days
from idp.saas.catalogue_models import OrganisationKind
from idp.saas.models import OPEN_STATES, Access, AccessState, GuestKind, ItemState, RequestItem
from idp.saas.paging import Page

PER_PAGE = 25
NEAR = timedelta(days=14)
DAY = "d MMMM yyyy"  # reads well in every language, where "long" is American in English


@frozen
class Status:
    """A status in words, with the kind of the design's `state` macro: ok, wait, no or "" (neutral)."""

    text: str
    kind: str = ""


def held_by(account_id: int) -> Sequence[Row[Access, str | None]]:
    """Return a person's accesses, living and past, each with who decided; one query."""
    decider = func.trim(Account.first_name + " " + Account.last_name)
    found = (
        select(Access, decider)
        .join(RequestItem, RequestItem.id == Access.item_id)
        .outerjoin(Account, Account.id == RequestItem.decided_by_id)
        .where(Access.account_id == account_id)
        .options(*_parts(Access.application, Access.organisation, Access.profile))
        .order_by(Access.state, Access.id.desc())
        .limit(200)
    )
    return db.session.execute(found).all()


def opened_by(held: Iterable[Access]) -> set[int]:
    """Return the numbers of the applications that accesses open now."""
    return {access.application_id for access in held if access.state is AccessState.ACTIVE}


def waiting_of(account_id: int) -> Sequence[RequestItem]:
    """Return a person's open wishes, the oldest first; one query."""
    found = (
        select(RequestItem)
        .where(RequestItem.account_id == account_id, RequestItem.state.in_(OPEN_STATES))
        .options(*_parts(RequestItem.application, RequestItem.organisation, RequestItem.profile))
        .options(joinedload(RequestItem.request))
        .order_by(RequestItem.id)
    )
    return db.session.scalars(found).all()


def requests_of(account_id: int, page: int) -> Page[RequestItem]:
    """Return one page of everything a person ever asked for, the newest first; one query."""
    found = (
        select(RequestItem, func.count().over())
        .where(RequestItem.account_id == account_id)
        .options(*_parts(RequestItem.application, RequestItem.organisation, RequestItem.profile))
        .options(joinedload(RequestItem.request))
        .order_by(RequestItem.id.desc())
        .limit(PER_PAGE)
    )
    rows = db.session.execute(found.offset((page - 1) * PER_PAGE)).all()
    if not rows and page > 1:
        return requests_of(account_id, 1)
    return Page([row[0] for row in rows], rows[0][1] if rows else 0, page, PER_PAGE)


@frozen
class Ending:
    """A guest access that ends soon, or ended a short time ago (`over`)."""

    access: Access
    over: bool


def endings(held: Sequence[Access]) -> list[Ending]:
    """Return what a guest has to know about the end of the accesses held; living ones first."""
    now = clock.now()
    guests = [access for access in held if access.guest and access.valid_until]
    soon = [Ending(access, False) for access in guests if _ends_soon(access, now)]
    return soon or [Ending(access, True) for access in guests if _is_over(access, now)][:1]


def _ends_soon(access: Access, now: datetime) -> bool:
    until = access.valid_until
    return access.state is AccessState.ACTIVE and until is not None and now < until <= now + NEAR


def _is_over(access: Access, now: datetime) -> bool:
    until = access.valid_until
    living = access.state in (AccessState.ACTIVE, AccessState.EXPIRED)
    return living and until is not None and now - 2 * NEAR < until <= now


def status_of(thing: Access | RequestItem) -> Status:
    """Return the status of an access or a wish in the language of the page."""
    return _access_status(thing) if isinstance(thing, Access) else _item_status(thing)


def profile_of(thing: Access | RequestItem) -> str:
    """Return the profile as it is read: guests' are marked."""
    guest = thing.guest if isinstance(thing, Access) else None
    if guest is GuestKind.VIRTUAL_CENTRE:
        return str(gettext("%(profile)s (guest with Guest Virtual Centre)", profile=thing.profile.code))
    is_guest = thing.organisation.kind is OrganisationKind.GUEST
    return str(gettext("%(profile)s (guest)", profile=thing.profile.code)) if is_guest else thing.profile.code


def date(moment: datetime) -> str:
    """Return a day as people write it."""
    return str(format_date(moment, DAY))


def last_day(until: datetime) -> str:
    """Return the last day of what lasts until a moment, as people write it."""
    return str(format_date(days.last_day(until), DAY))


def language_name(code: str) -> str:
    """Return a language in its own name."""
    known = languages.BY_CODE.get(code)
    return known.name if known else code


def _access_status(access: Access) -> Status:
    if access.state is AccessState.ACTIVE and access.valid_until and access.valid_until <= clock.now():
        return Status(gettext("Ended on %(day)s", day=last_day(access.valid_until)))
    if access.state is AccessState.ACTIVE:
        until = access.valid_until
        return Status(gettext("Active until %(day)s", day=last_day(until)) if until else gettext("Active"), "ok")
    if access.state is AccessState.LOCKED:
        panic = access.reason == "panic"
        return Status(gettext("Locked: PANIC") if panic else gettext("Locked"), "no")
    word = gettext("Taken away on %(day)s") if access.state is AccessState.REVOKED else gettext("Ended on %(day)s")
    return Status(word % {"day": date(access.changed_at)})


def _item_status(item: RequestItem) -> Status:
    if item.state is ItemState.SUBMITTED:
        return Status(gettext("Waiting since %(day)s", day=date(item.request.submitted_at)), "wait")
    if item.state is ItemState.ASKED:
        return Status(gettext("Waits for an answer"), "wait")
    words = {
        ItemState.GRANTED: (gettext("Granted"), "ok"),
        ItemState.REFUSED: (gettext("Refused"), "no"),
        ItemState.WITHDRAWN: (gettext("Withdrawn"), ""),
    }
    return Status(*words[item.state])


def _parts(*relations: Any) -> list[Any]:
    return [joinedload(relation) for relation in relations]
