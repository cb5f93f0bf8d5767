"""After PANIC: what is locked, who recognises the person, and asking them (SECURITY.md, 1).

A new device is registered with the password alone. So what needs two factors stays locked, and the right to decide
about others sleeps, until an approver of the same network has called the person back.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from idp.accounts import people, questions
from idp.accounts.models import Account
from idp.core import audit, clock, signals
from idp.core.db import db, transactional
from idp.core.errors import Conflict, NotFound
from idp.core.limits import Budget, spend
from idp.core.values import frozen
from idp.mfa import coming_back, enrolment, panic
from idp.mfa.coming_back import Codes
from idp.mfa.models import Authenticator, Panic
from idp.saas import accesses, recognition_notices
from idp.saas.access import deciders_of, locked_accesses, locked_by_panic, locked_of
from idp.saas.authority import acting_authority, valid
from idp.saas.catalogue_models import Application, Decider, Organisation
from idp.saas.models import OPEN_STATES, Access, Delegation, RequestItem
from idp.saas.policy import Act, Approver, Authority, Matter, may
from idp.signin import eid_links

ASKED_PER_DAY = 2
DAY = 24 * 3600


@frozen
class Unrecognised:
    """A person after PANIC as an approver sees it: since when, and what the approver opens."""

    person: Account
    since: datetime
    accesses: list[Access]


def waiting(authority: Authority) -> list[Unrecognised]:
    """Return the people whom this approver may recognise, who waits longest first."""
    rows = select(Account, Panic.begun_at).join(Panic, Panic.account_id == Account.id)
    ordered = rows.where(Panic.recognised_at.is_(None)).order_by(Panic.begun_at).limit(200)
    found = db.session.execute(ordered.options(selectinload(Account.addresses)))
    return _seen(authority, [(person, since) for person, since in found])


def of(authority: Authority, uid: str) -> Unrecognised:
    """Return one of them; raise NotFound for whom the approver may not recognise."""
    person = people.by_uid(uid)
    record = panic.opened(person.id) if person else None
    seen = _seen(authority, [(person, record.begun_at)]) if person and record else []
    if not seen:
        raise NotFound("page_unknown")
    return seen[0]


def added_since(person: Account) -> tuple[list[Authenticator], Sequence[str]]:
    """Return the devices that the person registered since, and the names of the eIDs."""
    return enrolment.authenticators(person.id), eid_links.names(person.id)


@transactional
def confirm(approver: Approver, uid: str) -> None:
    """Open again what PANIC locked and this approver decides about; the approver has called the person back.

    Raise SignInRequired without a fresh second factor, NotFound for whom the approver may not recognise,
    Conflict("no_device_yet") before the person has registered a new device.
    """
    actor, authority = acting_authority(approver)
    person = people.by_uid(uid)
    if person is None:
        raise NotFound("page_unknown")
    people.locked(person.id)
    opened = of(authority, uid).accesses
    # The yes is for a person and a device: without one, whoever knows the password could register the first.
    if not enrolment.authenticators(person.id):
        raise Conflict("no_device_yet")
    accesses.open_after_panic(opened, actor)
    audit.record("saas.identity.confirm", subject=person.uid, after={"accesses": len(opened)})
    if not locked_accesses(person.id) and (actor.is_administrator or not person.is_administrator):
        panic.recognise(person.id)
    recognition_notices.confirmed(person, opened)


@transactional
def vouch(person: Account) -> int:
    """Recognise a person whom the operator has called back: where nobody else can, as for the only administrator.

    Return how many accesses are open again. Raise NotFound if nobody has to recognise the person,
    Conflict("no_device_yet") before there is a new device.
    """
    people.locked(person.id)
    if panic.opened(person.id) is None:
        raise NotFound("page_unknown")
    if not enrolment.authenticators(person.id):
        raise Conflict("no_device_yet")
    opened = locked_accesses(person.id)
    accesses.open_after_panic(opened, None)
    audit.record("saas.identity.vouch", subject=person.uid, after={"accesses": len(opened)})
    panic.recognise(person.id)
    recognition_notices.vouched(person, questions.devices(person.id))
    recognition_notices.confirmed(person, opened)
    return len(opened)


def ask(account: Account) -> list[Account]:
    """Ask the approvers, for the person, to call back; return whom. Raise TooMany after two wishes of a day."""
    spend(Budget("identity_asked", account.id, ASKED_PER_DAY, DAY))
    return _ask(account.id)


@transactional
def _ask(account_id: int) -> list[Account]:
    person = db.session.get_one(Account, account_id)
    found = locked_accesses(account_id)
    asked = deciders_of(found)
    audit.record("saas.identity.ask", subject=person.uid, after={"asked": len(asked)})
    recognition_notices.asked(person, found, asked)
    return asked


def come_back(account: Account, given: Codes) -> None:
    """Open everything at once with a saved recovery code and a mailed one; raise as `coming_back.prove` does."""
    coming_back.prove(account, given, lambda: _open_all(account.id))


def _open_all(account_id: int) -> None:
    person, opened = db.session.get_one(Account, account_id), locked_accesses(account_id)
    accesses.open_after_panic(opened, None)
    eid_links.forget(account_id)
    audit.record("saas.identity.prove", subject=person.uid, after={"accesses": len(opened)})
    recognition_notices.confirmed(person, opened)


@signals.factors_wiped.connect
def _after_panic(account_id: int) -> None:
    """Lock what needs two factors and tell the approvers; where nothing is at stake, nobody has to be recognised."""
    before = locked_accesses(account_id)
    accesses.lock_after_panic(account_id)
    found = locked_accesses(account_id)
    person = db.session.get_one(Account, account_id)
    if not (found or person.is_administrator or _waits(account_id) or _delegated([account_id])[account_id]):
        panic.nothing_at_stake(account_id)
    if len(found) > len(before):
        recognition_notices.pressed(person, found, deciders_of(found))


def _seen(authority: Authority, unrecognised: Sequence[tuple[Account, datetime]]) -> list[Unrecognised]:
    """Return those of these people, with their PANICs, whom the approver may recognise; two reads for all."""
    ids = [person.id for person, _ in unrecognised]
    locked, lent = locked_of(ids), _delegated(ids)
    seen = []
    for person, since in unrecognised:
        found = locked[person.id]
        mine = [one for one in found if may(Act.RECOGNISE, authority, _matter(one, found))]
        if mine or _answers_for(authority, person, lent[person.id]):
            seen.append(Unrecognised(person, since, mine))
    return seen


def _matter(access: Access, found: Sequence[Access]) -> Matter:
    """Return what it is about; who recognises a coordinator opens the other accesses in the network as well."""
    network = access.organisation.network
    beside = any(
        one.profile.decided_by is Decider.ADMINISTRATOR and one.organisation.network == network for one in found
    )
    return Matter(access.account_id, access.organisation.path, access.profile.decided_by, beside)


def _answers_for(authority: Authority, person: Account, lent: set[str]) -> bool:
    """Say whether the approver looks after somebody with no locked access, whose right to decide sleeps."""
    if person.id == authority.account_id:
        return False
    if person.is_administrator:
        return authority.is_administrator
    return bool(authority.networks & lent)


def _delegated(account_ids: Sequence[int]) -> dict[int, set[str]]:
    """Return the networks in which somebody lent these people the right to decide, by their ids."""
    found: dict[int, set[str]] = {account_id: set() for account_id in account_ids}
    lent = select(Delegation.delegate_id, Organisation.network)
    lent = lent.join(Organisation, Organisation.id == Delegation.organisation_id)
    living = (Delegation.ended_at.is_(None), Delegation.valid_until > clock.now())
    for delegate_id, network in db.session.execute(lent.where(Delegation.delegate_id.in_(account_ids), *living)):
        found[delegate_id].add(network)
    return found


def _waits(account_id: int) -> bool:
    """Say whether a request from before PANIC waits for a decision that would open something."""
    asked = select(RequestItem.id).join(Application, Application.id == RequestItem.application_id)
    mine = (RequestItem.account_id == account_id, RequestItem.state.in_(OPEN_STATES), Application.locked_after_panic)
    return db.session.scalar(asked.where(*mine).limit(1)) is not None


@questions.answers_locked_by_panic
def _would_lock(account_id: int) -> list[str]:
    """Name what PANIC would lock, and what it has locked already."""
    living = select(Access).join(Application, Application.id == Access.application_id)
    wanted = living.where(Access.account_id == account_id, valid(clock.now()), Application.locked_after_panic)
    names = [f"{one.application.short_name} ({one.organisation.network})" for one in db.session.scalars(wanted)]
    names += [f"{one.application}" for one in locked_by_panic(account_id)]
    return list(dict.fromkeys(names))
