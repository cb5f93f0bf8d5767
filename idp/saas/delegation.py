"""Lending the right to decide for a country or a hospital: by coordinators, for a time, within their own."""

from datetime import date, datetime, timedelta

from sqlalchemy import or_, select, update

from idp.accounts import people, profile
from idp.accounts.models import Account, AccountState
from idp.core import audit, clock, limits, signals
from idp.core.db import db, transactional
from idp.core.errors import Conflict, Invalid, NotFound
from idp.core.limits import Budget
from idp.core.values import frozen
from idp.saas import days, organisations, standing, team_notices
from idp.saas.authority import acting_authority, authority_of, valid
from idp.saas.catalogue_models import Organisation, OrganisationState, Profile
from idp.saas.delegates import LENDABLE
from idp.saas.models import Access, Delegation
from idp.saas.policy import Act, Approver, Authority, Matter, may

LONGEST = timedelta(days=366)
PER_HOUR = 30  # also keeps the form from telling who has an account, name by name


@frozen
class Loan:
    """What a coordinator lends: to whom (e-mail address or identifier), where (a path), until which day."""

    person: str
    path: str
    until: date | None


def lend(approver: Approver, loan: Loan) -> Delegation:
    """Let somebody decide for a country or a hospital of one's network, until the end of a day within a year.

    It counts only as long as the lender coordinates the network; both are told by mail. Raises SignInRequired without
    a fresh second factor, NotFound for what is not the lender's, Invalid for a person, place or day that cannot be,
    TooMany beyond the tries of an hour.
    """
    limits.spend(Budget("delegations", approver.account_id, PER_HOUR, 3600))
    return _lend(approver, loan)


@transactional
def _lend(approver: Approver, loan: Loan) -> Delegation:
    lender, authority = acting_authority(approver)
    if not authority.networks:
        raise NotFound("page_unknown")
    # The row of the lender is the lock: a form that is sent twice lends once.
    db.session.refresh(lender, with_for_update=True)
    delegate = _delegate(lender, loan.person)
    scope = _scope(authority, delegate, loan.path)
    until = _until(lender, scope, loan.until)
    _check_new(delegate, scope)
    made = Delegation(delegator_id=lender.id, delegate_id=delegate.id, organisation_id=scope.id, valid_until=until)
    db.session.add(made)
    db.session.flush()
    profile.require_mfa_always(delegate)
    audit.record("saas.delegation.lend", subject=delegate.uid, object=scope.path, after={"until": until.isoformat()})
    team_notices.delegation_lent(lender, delegate, scope, until)
    return made


@transactional
def take_back(approver: Approver, delegation_id: int) -> None:
    """End a delegation of one's own at once; raises NotFound for another's, Conflict if it has ended."""
    lender, _ = acting_authority(approver)
    made = db.session.get(Delegation, delegation_id, with_for_update=True)
    if made is None or made.delegator_id != lender.id:
        raise NotFound("delegation_unknown")
    if made.ended_at is not None or made.valid_until <= clock.now():
        raise Conflict("delegation_ended")
    made.ended_at = clock.now()
    delegate = db.session.get_one(Account, made.delegate_id)
    audit.record("saas.delegation.end", subject=delegate.uid, object=f"delegation:{made.id}")
    team_notices.delegation_ended(lender, delegate, db.session.get_one(Organisation, made.organisation_id))


def _delegate(lender: Account, person: str) -> Account:
    if not person.strip():
        raise Invalid("delegate_needed")
    delegate = people.by_identifier(person)
    if delegate is None or delegate.state is not AccountState.ACTIVE:
        raise Invalid("delegate_unknown")
    if delegate.id == lender.id:
        raise Invalid("delegate_self")
    return delegate


def _scope(authority: Authority, delegate: Account, path: str) -> Organisation:
    if not path:
        raise Invalid("scope_needed")
    scope = organisations.find(path)
    if not may(Act.DELEGATE, authority, Matter(delegate.id, scope.path)):
        raise NotFound("organisation_unknown")
    if scope.kind not in LENDABLE or scope.state is not OrganisationState.ACTIVE:
        raise Invalid("scope_needed")
    return scope


def _until(lender: Account, scope: Organisation, day: date | None) -> datetime:
    """Return the moment of the end; nobody's delegation outlasts the lender's own right."""
    today = clock.now().date()
    if day is None or not today <= day <= today + LONGEST:
        raise Invalid("delegation_day")
    until = days.end_of(day)
    own = (
        select(Access.valid_until)
        .join(Organisation, Organisation.id == Access.organisation_id)
        .join(Profile, Profile.id == Access.profile_id)
        .where(Access.account_id == lender.id, Organisation.network == scope.network, Profile.decides)
    )
    ends = db.session.scalars(own.where(valid(clock.now()))).all()
    last = max(end for end in ends if end) if None not in ends else None
    if last and until > last:
        raise Invalid("delegation_outlives", day=standing.last_day(last))
    return until


def _check_new(delegate: Account, scope: Organisation) -> None:
    """Raise Invalid if the person decides there already."""
    known = authority_of(delegate)
    if scope.network in known.networks:
        raise Invalid("delegate_coordinates")
    if any(scope.path == path or scope.path.startswith(f"{path}/") for path in known.lent):
        raise Invalid("delegation_exists")


@signals.account_closed.connect
def _account_closed(account_id: int) -> None:
    concerned = or_(Delegation.delegate_id == account_id, Delegation.delegator_id == account_id)
    over = update(Delegation).where(concerned, Delegation.ended_at.is_(None)).values(ended_at=clock.now())
    db.session.execute(over)
