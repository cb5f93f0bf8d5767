"""Judging an answer: counted before, whose it is, and what of it is noted after; once for all factors."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select, update

from idp.accounts import people
from idp.core import audit, clock, settings, vault
from idp.core.db import db, transactional
from idp.core.errors import Conflict, Expired
from idp.core.limits import Budget, spend
from idp.core.values import frozen
from idp.mfa import factors, suspension
from idp.mfa.factor import Compromised, Factor, Rejected, Secret
from idp.mfa.models import Authenticator, Challenge, ChallengeState, Purpose, seal_of_secret

DAY = 24 * 3600
# By kind: what follows, in the same act, from the use of an authenticator with the secret that is left.
AFTER_USE: dict[str, Callable[[Authenticator, Secret], None]] = {}


@frozen
class Judged:
    """A right answer: the secret to keep from now on, whose it is, and the sealed one that it was judged with.

    `owner` (an account's id; None: nobody's yet) and `number` name both where the authenticator itself may be gone.
    """

    secret: Secret
    authenticator: Authenticator | None = None
    seen: bytes = b""
    owner: int | None = None
    number: int | None = None


def judge(challenge: Challenge, given: Mapping[str, str]) -> Judged:
    """Return a right answer; raise Rejected with `tries_left`, Expired or TooMany as `challenges.answer` says."""
    _count(challenge)
    spend(*failures(challenge.account_id))
    try:
        return _judged(challenge, given)
    except Rejected as wrong:
        raise Rejected(wrong.key, **wrong.details, tries_left=_failed(challenge)) from None


def check_there(judged: Judged) -> None:
    """Wait for a PANIC of the person that is under way; raise Expired if it took the authenticator away."""
    if judged.owner is not None:
        people.locked(judged.owner)
    if judged.number and db.session.get(Authenticator, judged.number, populate_existing=True) is None:
        raise Expired("challenge_over")


def keep(judged: Judged, kind: str) -> None:
    """Keep what the factor (`kind`) noted in the secret, so that no answer counts at two challenges at once."""
    if judged.authenticator is None:
        return
    authenticator, seal = judged.authenticator, seal_of_secret(judged.authenticator.account_id)
    same = judged.secret == vault.unseal_json(seal, judged.seen)
    sealed = judged.seen if same else vault.seal_json(seal, judged.secret)
    values: dict[str, Any] = {"sealed": sealed, "last_used_at": clock.now(), "last_used_as": kind, "failures": 0}
    if authenticator.kind in factors.SPARE:
        values["hint"] = factors.named(authenticator.kind).hint(judged.secret)
    kept = db.session.execute(
        update(Authenticator)
        .where(
            Authenticator.id == authenticator.id,
            Authenticator.sealed == judged.seen,
            Authenticator.suspended_at.is_(None),
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if kept.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("factor_used")
    if authenticator.kind in AFTER_USE:
        AFTER_USE[authenticator.kind](authenticator, judged.secret)


def failures(account_id: int | None) -> tuple[Budget, ...]:
    """Bound the wrong answers of a person; who is asked without a name is counted by the caller."""
    if account_id is None:
        return ()
    return (Budget("challenge.failures", account_id, settings.current().limits.challenge_failures_per_day, DAY),)


def what(challenge: Challenge) -> dict[str, str]:
    """Return what the audit trail tells of a challenge."""
    return {"kind": challenge.kind, "purpose": challenge.purpose.value}


@transactional
def _count(challenge: Challenge) -> None:
    """Take one try before the answer is judged, so that parallel guesses are never more than the tries."""
    taken = db.session.execute(
        update(Challenge)
        .where(
            Challenge.id == challenge.id,
            Challenge.state == ChallengeState.OPEN,
            Challenge.tries_left > 0,
            Challenge.expires_at > clock.now(),
        )
        .values(tries_left=Challenge.tries_left - 1)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Expired("challenge_over")


def _judged(challenge: Challenge, given: Mapping[str, str]) -> Judged:
    factor = factors.named(challenge.kind)
    memo = challenge.content["memo"]
    if challenge.purpose is Purpose.ENROL:
        return Judged(factor.enrol(memo, given), owner=challenge.account_id)
    authenticator = challenge.authenticator or _answering(challenge, given)
    strikes = factors.strikes(factor)
    if authenticator.suspended_at or (strikes and not suspension.count(authenticator, strikes)):
        raise Rejected("suspended", field=_field(factor))
    seen, owner, number = authenticator.sealed, authenticator.account_id, authenticator.id
    try:
        return Judged(factor.judge(authenticator.secret, memo, given), authenticator, seen, owner, number)
    except Compromised:
        suspension.suspend(authenticator)
        raise
    except Rejected as wrong:
        if not strikes:
            raise
        left = suspension.judged_wrong(authenticator, strikes, strike=bool(wrong.details.pop("strike", False)))
        raise Rejected(wrong.key, **wrong.details, device_tries_left=left) from None


def _answering(challenge: Challenge, given: Mapping[str, str]) -> Authenticator:
    """Return which authenticator answered; raise Rejected unless it is one of those that were asked."""
    factor = factors.together(challenge.kind)
    wanted = (Authenticator.kind == challenge.kind, Authenticator.handle == factor.handle_in(given))
    found = db.session.scalar(select(Authenticator).where(*wanted))
    if found is None or challenge.account_id not in (None, found.account_id):
        raise Rejected("unknown", field=_field(factors.named(challenge.kind)))
    return found


def _field(factor: Factor) -> str:
    return factor.answered[0].name if factor.answered else ""


@transactional
def _failed(challenge: Challenge) -> int:
    """Note a wrong answer and return how many tries are left."""
    subject = challenge.account.uid if challenge.account else None
    audit.record("mfa.challenge.fail", subject=subject, after=what(challenge))
    return challenge.tries_left
