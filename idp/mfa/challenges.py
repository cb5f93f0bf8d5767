"""Asking for a second factor and judging the answer: quota, expiry, single use, counting and audit for all factors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update

from idp.accounts.models import Account
from idp.core import audit, clock, languages, settings, vault
from idp.core.db import act, db, transactional
from idp.core.errors import Conflict, Expired
from idp.core.limits import Budget, forgive, spend
from idp.core.signed import new_token
from idp.mfa import deliveries, factors, models
from idp.mfa.factor import Context, Factor, Prompt, Rejected, Secret
from idp.mfa.models import Authenticator, Challenge, ChallengeState, Purpose

R = TypeVar("R")

DAY = 24 * 3600


@dataclass(frozen=True)
class Asking:
    """Whom we ask, for what, and which attempt or session (`binding`) may answer, for which application."""

    account: Account
    purpose: Purpose
    binding: str
    application: str | None = None


@dataclass(frozen=True)
class Judged:
    """A right answer: the secret to keep from now on, and the sealed one that it was judged with (None: a new one)."""

    secret: Secret
    seen: bytes | None


def ask(asking: Asking, authenticator: Authenticator) -> Challenge:
    """Ask the holder of an authenticator; an earlier challenge of the same binding is replaced.

    Raise TooMany if no more may be sent. Must not be called inside an act.
    """
    prompt = factors.named(authenticator.kind).ask(secret_of(authenticator), context(asking.application))
    return put(asking, authenticator.kind, prompt, authenticator=authenticator)


def put(
    asking: Asking,
    kind: str,
    prompt: Prompt,
    *,
    authenticator: Authenticator | None = None,
    given: Mapping[str, str] | None = None,
) -> Challenge:
    """Keep a factor's prompt as the open challenge of its binding and hand the device's part over."""
    if prompt.device:
        deliveries.count(asking.account, prompt.device)
    return _put(asking, factors.named(kind), prompt, authenticator, dict(given or {}))


@transactional
def _put(
    asking: Asking, factor: Factor, prompt: Prompt, authenticator: Authenticator | None, given: dict[str, str]
) -> Challenge:
    now = clock.now()
    to = prompt.device.to if prompt.device else None
    sealed = {"page": prompt.page, "memo": prompt.memo, "given": given, "to": to}
    _replace(asking)
    challenge = Challenge(
        handle=new_token(),
        account_id=asking.account.id,
        authenticator_id=authenticator.id if authenticator else None,
        kind=factor.name,
        purpose=asking.purpose,
        binding=asking.binding,
        application=asking.application,
        sealed=vault.seal_json(models.seal_of(asking.account.id), sealed),
        state=ChallengeState.OPEN,
        tries_left=factor.tries,
        created_at=now,
        expires_at=now + timedelta(seconds=factor.seconds),
    )
    db.session.add(challenge)
    audit.record("mfa.challenge.ask", subject=asking.account.uid, after=_what(challenge))
    if prompt.device:
        deliveries.send(prompt.device, challenge.handle)
    return challenge


def current(binding: str, purpose: Purpose) -> Challenge | None:
    """Return the challenge that this binding can answer now."""
    return db.session.scalar(
        select(Challenge).where(
            Challenge.binding == binding,
            Challenge.purpose == purpose,
            Challenge.state == ChallengeState.OPEN,
            Challenge.tries_left > 0,
            Challenge.expires_at > clock.now(),
        )
    )


def answer(challenge: Challenge, given: Mapping[str, str], then: Callable[[Challenge, Secret], R]) -> R:
    """Judge an answer and do `then` in the same act as the success; what it returns is returned.

    Raise Rejected (with `tries_left`) for a wrong answer, Expired if the challenge can no longer be answered, Conflict
    if the factor was used elsewhere at the same moment, TooMany after too many wrong answers of one day. Must not be
    called inside an act.
    """
    failures = _failures(challenge.account_id)
    _count(challenge)
    spend(failures)
    try:
        judged = _judge(challenge, given)
    except Rejected as wrong:
        raise Rejected(wrong.key, **wrong.details, tries_left=_failed(challenge)) from None
    return _passed(challenge, judged, then, failures)


def wait(challenge: Challenge) -> int:
    """Return in how many seconds a new code can be asked for."""
    again = challenge.created_at + timedelta(seconds=deliveries.MINUTE)
    return max(0, round((again - clock.now()).total_seconds()))


def given_at_start(challenge: Challenge) -> dict[str, str]:
    """Return what the form held that began this enrolment."""
    given: dict[str, str] = challenge.content["given"]
    return given


def secret_of(authenticator: Authenticator) -> Secret:
    """Return an authenticator's secret."""
    secret: Secret = vault.unseal_json(seal_of(authenticator.account_id), authenticator.sealed)
    return secret


def seal_of(account_id: int) -> str:
    """Return what an authenticator's secret is sealed for, so that it cannot be moved to another account."""
    return f"authenticator.{account_id}"


def context(application: str | None) -> Context:
    """Return where this request asks."""
    host = urlsplit(settings.current().server.issuer).hostname or ""
    return Context(application, languages.current().code, host)


@transactional
def sweep() -> None:
    """Remove challenges that were over a day ago."""
    db.session.execute(delete(Challenge).where(Challenge.expires_at < clock.now() - timedelta(seconds=DAY)))


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


def _judge(challenge: Challenge, given: Mapping[str, str]) -> Judged:
    factor = factors.named(challenge.kind)
    memo = challenge.content["memo"]
    if challenge.authenticator is None:
        return Judged(factor.enrol(memo, given), None)
    seen = challenge.authenticator.sealed
    return Judged(factor.judge(secret_of(challenge.authenticator), memo, given), seen)


@transactional
def _failed(challenge: Challenge) -> int:
    """Note a wrong answer and return how many tries are left."""
    audit.record("mfa.challenge.fail", subject=challenge.account.uid, after=_what(challenge))
    return challenge.tries_left


@transactional
def _passed(challenge: Challenge, judged: Judged, then: Callable[[Challenge, Secret], R], failures: Budget) -> R:
    """Use the challenge up; only one of several right answers gets here."""
    content = challenge.content
    used = db.session.execute(
        update(Challenge)
        .where(Challenge.id == challenge.id, Challenge.state == ChallengeState.OPEN)
        .values(state=ChallengeState.PASSED)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise Expired("challenge_over")
    if challenge.authenticator and judged.seen:
        _keep(challenge.authenticator, judged.secret, judged.seen)
    audit.record("mfa.challenge.pass", subject=challenge.account.uid, after=_what(challenge))
    act().after_commit.append(lambda: forgive(failures))
    account_id, number = challenge.account_id, content["to"]
    if number:
        act().after_commit.append(lambda: deliveries.answered(account_id, number))
    return then(challenge, judged.secret)


def _keep(authenticator: Authenticator, secret: Secret, seen: bytes) -> None:
    """Keep what the factor noted in the secret, so that no answer counts at two challenges answered at once."""
    seal = seal_of(authenticator.account_id)
    sealed = seen if secret == vault.unseal_json(seal, seen) else vault.seal_json(seal, secret)
    kept = db.session.execute(
        update(Authenticator)
        .where(Authenticator.id == authenticator.id, Authenticator.sealed == seen)
        .values(sealed=sealed, last_used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if kept.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("factor_used")


def _replace(asking: Asking) -> None:
    db.session.execute(
        update(Challenge)
        .where(
            Challenge.binding == asking.binding,
            Challenge.purpose == asking.purpose,
            Challenge.state == ChallengeState.OPEN,
        )
        .values(state=ChallengeState.REPLACED)
        .execution_options(synchronize_session=False)
    )


def _failures(account_id: int) -> Budget:
    return Budget("challenge.failures", account_id, settings.current().limits.challenge_failures_per_day, DAY)


def _what(challenge: Challenge) -> dict[str, Any]:
    return {"kind": challenge.kind, "purpose": challenge.purpose.value}
