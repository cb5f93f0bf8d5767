"""Adding and removing second factors: who may, what is told to whom, and what must not be removed."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from sqlalchemy import Select, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from idp.accounts import administrators, people, questions, session
from idp.accounts.models import Account, UserSession
from idp.core import audit, clock, settings, vault
from idp.core.db import db, transactional
from idp.core.errors import Conflict, NotAllowed, NotFound
from idp.core.levels import LEVELS, MFA, PHR, SFA
from idp.mfa import challenges, factors, key_models, notices, sms
from idp.mfa.challenges import Asking
from idp.mfa.factor import AnyOf, Given, Rejected, Secret
from idp.mfa.models import Authenticator, Challenge

LONGEST_LABEL = 64


def authenticators(account_id: int, kind: str | None = None) -> list[Authenticator]:
    """Return what an account can prove itself with, the strongest first, then the last used."""
    found = db.session.scalars(_held(of_a_kind=bool(kind)), {"account_id": account_id, "kind": kind})
    return sorted(found, key=_order)


@cache
def _held(*, of_a_kind: bool) -> Select[Authenticator]:
    """Return the question for what an account holds; built once, since a page of the sign-in asks it several times."""
    found = select(Authenticator).where(Authenticator.account_id == bindparam("account_id"))
    return found.where(Authenticator.kind == bindparam("kind")) if of_a_kind else found


def own(kind: str) -> UserSession:
    """Return the session for the page of one's factors of a kind; raise SignInRequired as `session.require_own` does.

    An administrator who needs a key and has none comes in, with what there is, to add one.
    """
    signed_in = session.require(SFA)
    missing = administrators.must_resist_phishing(signed_in.account) and not administrators.has_key(signed_in.account)
    if missing and factors.named(kind).level == PHR:
        return may_change()
    return session.require_own()


def beyond_texts(account_id: int) -> bool:
    """Say whether an account has a factor that is no text message."""
    return any(one.kind in factors.but_text_messages() for one in authenticators(account_id))


def may_change() -> UserSession:
    """Return the session if it may change factors; raise SignInRequired otherwise.

    The first factor needs a fresh password; with a factor there, a fresh proof with it.
    """
    within = settings.current().session.step_up_minutes * 60
    signed_in = session.require(SFA)
    if administrators.has_key(signed_in.account) and signed_in.account.is_administrator:
        return session.require(PHR, within, "change_factors")
    if authenticators(signed_in.account_id):
        return session.require(MFA, within, "change_factors")
    return session.require(SFA, within, "first_factor")


def begin(asking: Asking, kind: str, fields: Mapping[str, str]) -> Challenge:
    """Offer a factor; raise Rejected for what cannot be enrolled, TooMany if no more may be sent.

    Raise NotAllowed for a spare one (recovery codes) while there is nothing that it stands in for.

    Whether the person may add a factor is the caller's to ask. Must not be called inside an act.
    """
    account = _whose(asking.account)
    if kind in factors.SPARE and not factors.first(factors.named(one.kind) for one in authenticators(account.id)):
        raise NotAllowed("spare_needs_factor")
    held = [challenges.secret_of(found) for found in authenticators(account.id, kind)]
    prompt = factors.named(kind).offer(account, Given(fields, held), challenges.context(asking))
    return challenges.put(asking, kind, prompt, given=fields)


def again(asking: Asking, challenge: Challenge) -> Challenge:
    """Offer the same once more (a new code to the same number); raise as `begin` does."""
    return begin(asking, challenge.kind, challenges.given_at_start(challenge))


def confirm(
    challenge: Challenge, answer: Mapping[str, str], *, first: bool, then: Callable[[Authenticator], None] | None = None
) -> Authenticator:
    """Add the factor if the answer is right, and do `then` in the same act.

    `first` says that nothing but the password was proved: raise Conflict if the account has a factor by now.
    Raise Rejected, Expired and TooMany as `challenges.answer` does.
    """

    account, given = _whose(challenge.account), challenges.given_at_start(challenge)

    def keep(passed: Challenge, secret: Secret) -> Authenticator:
        if first:
            _check_first(account.id)
        secret = key_models.checked(secret)
        if passed.kind in factors.SPARE:
            _void(account, passed.kind)
        added = _add(account, passed.kind, secret, given.get("device_name", ""))
        notices.tell(account, "factor_added", added)
        if then:
            then(added)
        return added

    return challenges.answer(challenge, answer, keep)


@transactional
def remove(account: Account, authenticator_id: int) -> str:
    """Remove a factor and return its name; whether the person may is the caller's to ask (`may_change`).

    Raise NotFound if it is not there, NotAllowed if it is the last one of somebody who must have one.
    """
    people.locked(account.id)
    held = authenticators(account.id)
    found = next((one for one in held if one.id == authenticator_id), None)
    if found is None:
        raise NotFound("no_such_factor")
    if not (found.suspended_at or may_remove(account, held)):
        raise NotAllowed("last_factor")
    name = found.name
    notices.tell(account, "factor_removed", found)
    drop(account, found)
    return name


@transactional
def rename(account: Account, authenticator_id: int, label: str) -> None:
    """Give an authenticator another name; raise NotFound if it is not there."""
    found = owned(account, authenticator_id)
    before, found.label = found.label, label.strip()[:LONGEST_LABEL]
    if found.label == before:
        return
    changed = {"before": {"label": before}, "after": {"label": found.label}}
    notices.tell(account, "factor_renamed", found, before=before, after=found.label)
    audit.record("mfa.factor.rename", subject=account.uid, object=str(found.id), **changed)


def owned(account: Account, authenticator_id: int, kind: str | None = None) -> Authenticator:
    """Return an authenticator of this account, and of this kind if one is given; raise NotFound otherwise."""
    found = db.session.get(Authenticator, authenticator_id)
    if found is None or found.account_id != account.id or kind not in (None, found.kind):
        raise NotFound("no_such_factor")
    return found


def models(held: Sequence[Authenticator]) -> dict[int, str]:
    """Return the names of the models of these authenticators by their ids, where the loaded metadata know them."""
    told = {one.id: str(challenges.secret_of(one).get("aaguid", "")) for one in held}
    known = key_models.names(told.values()) if any(told.values()) else {}
    return {number: known.get(aaguid, "") for number, aaguid in told.items()}


def may_remove(account: Account, held: Sequence[Authenticator]) -> bool:
    """Say whether one of the factors may go: the last one not from administrators, approvers, and who chose it so."""
    usable = [one for one in held if not one.suspended_at and one.kind not in factors.SPARE]
    return len(usable) > 1 or not _needs_factor(account)


def _needs_factor(account: Account) -> bool:
    return account.is_administrator or account.always_mfa or questions.must_keep_mfa(account.id)


@transactional
def add_confirmed_phone(account: Account, number: str) -> Authenticator:
    """Give a demonstration or training account a phone that needs no first code; one that is there stays."""
    secret = {"number": sms.normalize(number)}
    for held in authenticators(account.id, "sms"):
        if challenges.secret_of(held) == secret:
            return held
    return _add(account, "sms", secret)


def phone_number(account_id: int) -> str | None:
    """Return the confirmed mobile number that was used last, in E.164; None without one."""
    held = authenticators(account_id, "sms")
    return str(challenges.secret_of(held[0])["number"]) if held else None


@questions.answers_strongest_level
def _strongest(account_id: int) -> str | None:
    usable = [one.kind for one in authenticators(account_id) if not one.suspended_at and one.kind in factors.BY_NAME]
    return max((factors.named(kind).level for kind in usable), key=LEVELS.index, default=None)


@questions.answers_second_factors
def _names(account_id: int) -> list[str]:
    kinds = dict.fromkeys(found.kind for found in authenticators(account_id))
    return [str(factors.title_of(kind)) for kind in kinds if kind in factors.BY_NAME]


def _add(account: Account, kind: str, secret: Secret, label: str = "") -> Authenticator:
    factor = factors.named(kind)
    added = Authenticator(
        account_id=account.id,
        kind=kind,
        label=label[:LONGEST_LABEL],
        handle=factor.handle(secret) if isinstance(factor, AnyOf) else None,
        hint=factor.hint(secret),
        sealed=vault.seal_json(challenges.seal_of(account.id), secret),
        created_at=clock.now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(added)
    except IntegrityError:
        raise Rejected("taken", field=factor.answered[0].name) from None
    audit.record("mfa.factor.add", subject=account.uid, object=str(added.id), after=_what(added))
    return added


def _void(account: Account, kind: str) -> None:
    """Take the old set away in the act that brings the new one."""
    for old in authenticators(account.id, kind):
        drop(account, old)


def drop(account: Account, found: Authenticator) -> None:
    """Take an authenticator away inside the act of somebody who may; nobody is told."""
    audit.record("mfa.factor.remove", subject=account.uid, object=str(found.id), before=_what(found))
    db.session.execute(delete(Authenticator).where(Authenticator.id == found.id))


def _whose(account: Account | None) -> Account:
    if account is None:
        raise RuntimeError("a factor for nobody")
    return account


def _check_first(account_id: int) -> None:
    people.locked(account_id)
    if authenticators(account_id):
        raise Conflict("factor_exists")


def _what(found: Authenticator) -> dict[str, str]:
    return {"kind": found.kind, "hint": found.name}


def _order(found: Authenticator) -> tuple[int, float, int]:
    used = found.last_used_at.timestamp() if found.last_used_at else 0.0
    return factors.strength(found.kind), -used, found.id
