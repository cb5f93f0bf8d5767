"""Who decides for which part of the tree, as it stands in the database at this moment."""

from datetime import datetime, timedelta
from functools import cache

from flask_babel import gettext as _
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Integer,
    bindparam,
    exists,
    false,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased, selectinload

from idp.accounts import questions
from idp.accounts.administrators import acting_level
from idp.accounts.models import Account, AccountState
from idp.core import clock, settings
from idp.core.db import UtcDateTime, db
from idp.core.errors import NotFound, SignInRequired
from idp.core.levels import reaches
from idp.mfa import panic
from idp.saas.catalogue_models import Organisation, Profile
from idp.saas.models import Access, AccessState, Delegation
from idp.saas.policy import Approver, Authority

NOBODY = 0  # no account's id
UNRECOGNISED = -1

AccountId = InstrumentedAttribute[int] | BindParameter[int] | int
Moment = BindParameter[datetime] | datetime
Code = InstrumentedAttribute[str] | str


def valid(now: Moment) -> ColumnElement[bool]:
    """Return the condition under which an access opens something now."""
    started = Access.valid_from <= now
    return (Access.state == AccessState.ACTIVE) & started & or_(Access.valid_until.is_(None), Access.valid_until > now)


def authority_of(account: Account) -> Authority:
    """Return what a person may decide now; one query.

    Nothing after PANIC until the person is recognised: the device at hand may be anybody's (SECURITY.md, 1).
    """
    rows = db.session.execute(_held(), {"account_id": account.id, "now": clock.now()}).all()
    if any(delegator_id == UNRECOGNISED for _, delegator_id in rows):
        return Authority(account.id)
    return Authority(
        account.id,
        account.is_administrator,
        networks=frozenset(path for path, delegator_id in rows if delegator_id == NOBODY),
        lent_by=frozenset((path, delegator_id) for path, delegator_id in rows if delegator_id != NOBODY),
    )


@cache
def _held() -> CompoundSelect[str, int]:
    """Return the question for what `account_id` holds `now`; built once, which takes ten times as long as asking."""
    account_id, now = bindparam("account_id", type_=Integer), bindparam("now", type_=UtcDateTime)
    unknown = select(literal(""), literal(UNRECOGNISED)).where(panic.unrecognised(account_id))
    own = (
        select(Organisation.network, literal(NOBODY))
        .join(Access, Access.organisation_id == Organisation.id)
        .join(Profile, Profile.id == Access.profile_id)
        .where(Access.account_id == account_id, Profile.decides, valid(now))
    )
    borrowed = (
        select(Organisation.path, Delegation.delegator_id)
        .join(Delegation, Delegation.organisation_id == Organisation.id)
        .where(Delegation.delegate_id == account_id, lent(now))
    )
    return union_all(own, borrowed, unknown)


def acting_authority(approver: Approver) -> tuple[Account, Authority]:
    """Return who acts and with which authority, for use inside the act.

    Raises SignInRequired when the proof is too weak or too old, NotFound when the account may do nothing any more.
    """
    account = db.session.get(Account, approver.account_id)
    if account is None or account.state is not AccountState.ACTIVE:
        raise NotFound("access_request_unknown")
    within, level = settings.current().session.step_up_minutes * 60, acting_level(account)
    fresh = clock.now() - approver.proved_at <= timedelta(seconds=within)
    if not (fresh and reaches(approver.acr, level)):
        raise SignInRequired(level, within, "decide")
    return account, authority_of(account)


def team_of(organisation: Organisation, *, but: int) -> list[Account]:
    """Return the people who decide for an organisation, except the account `but`."""
    now = clock.now()
    _, *below = organisation.path.split("/")
    ancestors = ["/".join([organisation.network, *below[: depth + 1]]) for depth in range(len(below))]
    scope = aliased(Organisation)
    delegated = exists().where(
        Delegation.delegate_id == Account.id,
        Delegation.organisation_id == scope.id,
        scope.path.in_(ancestors),
        lent(now, scope),
    )
    return _people(or_(_coordinates(Account.id, organisation.network, now), delegated), but)


def coordinators_of(network: str, *, but: int) -> list[Account]:
    """Return the people who coordinate a network, except the account `but`."""
    return _people(_coordinates(Account.id, network, clock.now()), but)


def administrators(*, but: int) -> list[Account]:
    """Return the platform administrators, except the account `but`."""
    return _people(Account.is_administrator.is_(True), but)


def _people(who: ColumnElement[bool], but: int) -> list[Account]:
    known = ~panic.unrecognised(Account.id)
    found = select(Account).where(Account.state == AccountState.ACTIVE, Account.id != but, known, who)
    return list(db.session.scalars(found.options(selectinload(Account.addresses)).order_by(Account.id)))


def _coordinates(account_id: AccountId, network: Code, now: Moment) -> ColumnElement[bool]:
    hospital = aliased(Organisation)
    return exists().where(
        Access.account_id == account_id,
        Access.profile_id == Profile.id,
        Profile.decides,
        Access.organisation_id == hospital.id,
        hospital.network == network,
        valid(now),
    )


def lent(now: Moment, scope: type[Organisation] = Organisation) -> ColumnElement[bool]:
    """Return the condition under which a delegation counts: only as long as its delegator coordinates the network."""
    still = _coordinates(Delegation.delegator_id, scope.network, now)
    return Delegation.ended_at.is_(None) & (Delegation.valid_until > now) & still


def looked_after(authority: Authority) -> ColumnElement[bool]:
    """Return the condition that a person looks after an organisation."""
    return true() if authority.is_administrator else below(authority.subtrees)


def below(paths: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that an organisation lies at or below one of the paths."""
    if not paths:
        return false()
    return or_(
        *(
            or_(Organisation.path == path, Organisation.path.startswith(f"{path}/", autoescape=True))
            for path in sorted(paths)
        )
    )


@questions.answers_must_keep_mfa
def decides_about_others(account_id: int) -> bool:
    """Who decides about others always proves himself with two factors (SECURITY.md, 1)."""
    account = db.session.get(Account, account_id)
    return account is not None and authority_of(account).exists


@questions.answers_leaving
def missed(account_id: int) -> list[str]:
    """Name the networks whose only coordinator the person is."""
    account = db.session.get_one(Account, account_id)
    networks = sorted(authority_of(account).networks)
    alone = [network for network in networks if not coordinators_of(network, but=account_id)]
    sentence = _(
        "You are the only coordinator of %(networks)s. Nobody could decide about requests there. "
        "Ask a platform administrator to appoint somebody else first.",
        networks=", ".join(alone),
    )
    return [str(sentence)] if alone else []
