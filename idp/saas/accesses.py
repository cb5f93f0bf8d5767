"""Accesses from the moment they are granted: what may become of them, and telling the areas above about each change."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import select, update

from idp.accounts import profile as preferences
from idp.accounts.models import Account
from idp.core import audit, clock, settings, signals
from idp.core.db import db, transactional, upsert
from idp.core.errors import Conflict, Invalid, NotFound
from idp.core.values import frozen
from idp.mfa import panic
from idp.saas import notices
from idp.saas.authority import acting_authority
from idp.saas.catalogue_models import Application, OrganisationKind, Profile
from idp.saas.models import LIVING_STATES, PANIC, Access, AccessState, AccessVersion, GuestKind, RequestItem
from idp.saas.policy import Act, Approver, matter_of_access, may

# What an access can become; nobody but `_move` assigns its state.
MOVES: dict[AccessState, tuple[AccessState, ...]] = {
    AccessState.ACTIVE: (AccessState.LOCKED, AccessState.REVOKED, AccessState.EXPIRED),
    AccessState.LOCKED: (AccessState.ACTIVE, AccessState.REVOKED, AccessState.EXPIRED),
    AccessState.REVOKED: (),
    AccessState.EXPIRED: (),
}
LONGEST_REASON = 10_000


@frozen
class Terms:
    """What comes with a grant: an end (None: none for members, the usual days for guests), and the kind of guest."""

    until: datetime | None = None
    guest: GuestKind | None = None


def open_access(item: RequestItem, terms: Terms) -> Access:
    """Make the access that a granted item gives; belongs into the act that decides the item.

    Who may decide about others from now on is always asked for two factors from now on (SECURITY.md, 1). For somebody
    who is not recognised since a PANIC it begins locked: the yes was for a person, and perhaps another one holds the
    new device.
    """
    now = clock.now()
    expire_due(now)
    is_guest = item.organisation.kind is OrganisationKind.GUEST
    access = Access(
        item=item,
        account_id=item.account_id,
        application_id=item.application_id,
        organisation_id=item.organisation_id,
        profile_id=item.profile_id,
        state=AccessState.ACTIVE,
        guest=(terms.guest or GuestKind.CONSULT) if is_guest else None,
        valid_from=now,
        valid_until=terms.until or (_guest_end(now) if is_guest else None),
        changed_at=now,
        changed_by_id=item.decided_by_id,
    )
    if item.application.locked_after_panic and panic.opened(item.account_id):
        access.state, access.reason = AccessState.LOCKED, PANIC
    db.session.add(access)
    db.session.flush()
    if item.profile.decides:
        preferences.require_mfa_always(db.session.get_one(Account, item.account_id))
    announce(item.account_id)
    return access


@transactional
def revoke(approver: Approver, access_id: int, reason: str) -> None:
    """Take an access away for good, with those in the same hospital that need it; the person is told by mail.

    Raises Invalid without a reason, NotFound for what the approver may not see, Conflict if it has ended already.
    """
    access, actor = _judged(Act.REVOKE, approver, access_id)
    _check_reason(reason)
    taken = [access, *_dependents(access)]
    for each in taken:
        _move(each, AccessState.REVOKED, actor, reason)
    notices.access_ended(taken, reason)


@transactional
def lock(approver: Approver, access_id: int, reason: str) -> None:
    """Close an access until somebody opens it again; the person is told by mail."""
    access, actor = _judged(Act.LOCK, approver, access_id)
    _check_reason(reason)
    _move(access, AccessState.LOCKED, actor, reason)
    notices.access_locked(access, reason)


@transactional
def unlock(approver: Approver, access_id: int) -> None:
    """Open a locked access again; the person is told by mail.

    After PANIC the person has to be recognised first (`recognition.confirm`): raise Conflict("not_recognised").
    """
    access, actor = _judged(Act.UNLOCK, approver, access_id)
    if access.reason == PANIC or (access.application.locked_after_panic and panic.opened(access.account_id)):
        raise Conflict("not_recognised")
    _move(access, AccessState.ACTIVE, actor, None)
    notices.access_opened(access)


@transactional
def extend(approver: Approver, access_id: int) -> datetime:
    """Let a guest's access end the usual number of days from now, and return that moment."""
    access, actor = _judged(Act.EXTEND, approver, access_id)
    now = clock.now()
    if access.state is not AccessState.ACTIVE or access.valid_until is None or access.valid_until <= now:
        raise Conflict("access_ended")
    before, access.valid_until = access.valid_until, max(access.valid_until, _guest_end(now))
    _note(access, actor, {"valid_until": before.isoformat()}, {"valid_until": access.valid_until.isoformat()})
    notices.access_extended(access)
    return access.valid_until


@transactional
def change_guest(approver: Approver, access_id: int, kind: GuestKind) -> None:
    """Give a guest the Guest Virtual Centre, or take it away."""
    access, actor = _judged(Act.CHANGE_GUEST, approver, access_id)
    if access.guest is None or access.state not in LIVING_STATES:
        raise Conflict("access_ended")
    before, access.guest = access.guest, kind
    _note(access, actor, {"guest": before.value}, {"guest": kind.value})


@transactional
def expire_due(now: datetime) -> int:
    """End the accesses whose time is over, tell their holders, and return how many they are.

    They open nothing from that moment, swept or not.
    """
    due = select(Access).where(Access.state.in_(LIVING_STATES), Access.valid_until <= now).with_for_update()
    together_first = due.order_by(Access.account_id, Access.organisation_id, Access.valid_until, Access.id)
    expired = list(db.session.scalars(together_first))
    for access in expired:
        _move(access, AccessState.EXPIRED, None, None)
    for _, together in groupby(expired, key=lambda each: (each.account_id, each.organisation_id, each.valid_until)):
        notices.access_over(list(together))
    return len(expired)


def lock_after_panic(account_id: int) -> None:
    """Lock what needs a second factor when all factors of a person are gone (SECURITY.md, 1); belongs into that act."""
    held = select(Access).join(Application, Application.id == Access.application_id)
    wanted = held.where(
        Access.account_id == account_id, Access.state == AccessState.ACTIVE, Application.locked_after_panic
    )
    for access in db.session.scalars(wanted):
        _move(access, AccessState.LOCKED, None, PANIC)


def open_after_panic(found: Sequence[Access], actor: Account | None) -> None:
    """Open what PANIC locked for a person who is recognised now; belongs into the act that recognised."""
    for access in found:
        _move(access, AccessState.ACTIVE, actor, None)
        if access.profile.decides:
            preferences.require_mfa_always(db.session.get_one(Account, access.account_id))


@transactional
def revoke_all(account_id: int) -> None:
    """Take every access of a closed account away."""
    held = select(Access).where(Access.account_id == account_id, Access.state.in_(LIVING_STATES))
    for access in db.session.scalars(held):
        _move(access, AccessState.REVOKED, None, "account closed")


def announce(account_id: int) -> None:
    """Raise the person's version number and tell the areas above, inside the act that changed something."""
    counter = upsert(AccessVersion.__table__, db.session()).values(account_id=account_id, version=1)
    raised = {"version": AccessVersion.__table__.c.version + 1}
    db.session.execute(counter.on_conflict_do_update(index_elements=["account_id"], set_=raised))
    signals.accesses_changed.send(account_id)


def _judged(act: Act, approver: Approver, access_id: int) -> tuple[Access, Account]:
    actor, authority = acting_authority(approver)
    access = db.session.get(Access, access_id, with_for_update=True)
    if access is None or not may(act, authority, matter_of_access(access)):
        raise NotFound("access_unknown")
    return access, actor


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("reason_needed")
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason_long")


def _move(access: Access, to: AccessState, actor: Account | None, reason: str | None) -> None:
    """Change the state if it is still what was read; the only place that assigns it."""
    before = access.state
    if to not in MOVES[before]:
        raise Conflict("access_ended")
    changed = db.session.execute(
        update(Access)
        .where(Access.id == access.id, Access.state == before)
        .values(state=to, changed_at=clock.now(), changed_by_id=actor.id if actor else None, reason=reason)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("access_ended")
    audit_of(access, {"state": before.value}, {"state": to.value, "reason": reason})
    announce(access.account_id)


def _note(access: Access, actor: Account, before: dict[str, str], after: dict[str, str]) -> None:
    access.changed_at, access.changed_by_id = clock.now(), actor.id
    audit_of(access, before, after)
    announce(access.account_id)


def audit_of(access: Access, before: dict[str, str] | None, after: dict[str, str | None] | dict[str, str]) -> None:
    """Write a change of an access into the audit trail."""
    person = db.session.get_one(Account, access.account_id)
    audit.record("saas.access.change", subject=person.uid, object=f"access:{access.id}", before=before, after={**after})


def _dependents(access: Access) -> list[Access]:
    needing = (
        select(Access)
        .join(Profile, Profile.id == Access.profile_id)
        .where(
            Access.account_id == access.account_id,
            Access.application_id == access.application_id,
            Access.organisation_id == access.organisation_id,
            Access.state.in_(LIVING_STATES),
            Profile.needs == access.profile.code,
        )
    )
    return list(db.session.scalars(needing))


def _guest_end(now: datetime) -> datetime:
    return now + timedelta(days=settings.current().saas.guest_days)


@signals.account_closed.connect
def _account_closed(account_id: int) -> None:
    revoke_all(account_id)
