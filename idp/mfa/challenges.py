"""Asking for a second factor and judging the answer: quota, expiry, single use, counting and audit for all factors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update

from idp.accounts import people
from idp.accounts.models import Account
from idp.core import audit, clock, languages, settings, vault
from idp.core.db import act, db, transactional
from idp.core.errors import Conflict, Expired
from idp.core.limits import Budget, forgive, spend
from idp.core.signed import new_token
from idp.mfa import deliveries, factors, models, suspension
from idp.mfa.factor import Compromised, Context, Factor, Prompt, Rejected, Secret
from idp.mfa.models import Authenticator, Challenge, ChallengeState, Purpose

R = TypeVar("R")

DAY = 24 * 3600


@dataclass(frozen=True)
class Asking:
    """Whom we ask (None: whoever it is), for what, and which attempt or session (`binding`) may answer, for whom."""

    account: Account | None
    purpose: Purpose
    binding: str
    application: str | None = None


@dataclass(frozen=True)
class Judged:
    """A right answer: the secret to keep from now on, whose it is, and the sealed one that it was judged with.

    `owner` (an account's id; None: nobody's yet) and `number` name both where the authenticator itself may be gone.
    """

    secret: Secret
    authenticator: Authenticator | None = None
    seen: bytes = b""
    owner: int | None = None
    number: int | None = None


def ask(asking: Asking, authenticator: Authenticator) -> Challenge:
    """Ask the holder of an authenticator; an earlier challenge of the same binding is replaced.

    Raise TooMany if no more may be sent. Must not be called inside an act.
    """
    prompt = factors.named(authenticator.kind).ask(secret_of(authenticator), context(asking.application))
    return put(asking, authenticator.kind, prompt, authenticator=authenticator)


def ask_any(asking: Asking, kind: str, known: Sequence[Authenticator]) -> Challenge:
    """Ask all authenticators of a kind that can be asked together, or, with none, whoever holds one."""
    factor = factors.together(kind)
    prompt = factor.ask_any([secret_of(one) for one in known], context(asking.application))
    return put(asking, kind, prompt)


def put(
    asking: Asking,
    kind: str,
    prompt: Prompt,
    *,
    authenticator: Authenticator | None = None,
    given: Mapping[str, str] | None = None,
) -> Challenge:
    """Keep a factor's prompt as the open challenge of its binding and hand the device's part over."""
    if prompt.device and asking.account:
        deliveries.count(asking.account, prompt.device)
    return _put(asking, factors.named(kind), prompt, authenticator, dict(given or {}))


@transactional
def _put(
    asking: Asking, factor: Factor, prompt: Prompt, authenticator: Authenticator | None, given: dict[str, str]
) -> Challenge:
    now = clock.now()
    to = prompt.device.to if prompt.device else None
    sealed = {"page": prompt.page, "memo": prompt.memo, "given": given, "to": to}
    account_id = asking.account.id if asking.account else None
    _replace(asking)
    challenge = Challenge(
        handle=new_token(),
        account_id=account_id,
        authenticator_id=authenticator.id if authenticator else None,
        kind=factor.name,
        purpose=asking.purpose,
        binding=asking.binding,
        application=asking.application,
        sealed=vault.seal_json(models.seal_of(account_id), sealed),
        state=ChallengeState.OPEN,
        tries_left=factor.tries,
        created_at=now,
        expires_at=now + timedelta(seconds=factor.seconds),
    )
    db.session.add(challenge)
    if asking.account:
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
    spend(*failures)
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
    if challenge.purpose is Purpose.ENROL:
        return Judged(factor.enrol(memo, given), owner=challenge.account_id)
    authenticator = challenge.authenticator or _answering(challenge, given)
    if authenticator.suspended_at:
        raise Rejected("suspended", field=factor.answered[0].name)
    seen, owner, number = authenticator.sealed, authenticator.account_id, authenticator.id
    try:
        return Judged(factor.judge(secret_of(authenticator), memo, given), authenticator, seen, owner, number)
    except Compromised:
        suspension.suspend(authenticator)
        raise


def _answering(challenge: Challenge, given: Mapping[str, str]) -> Authenticator:
    """Return which authenticator answered; raise Rejected unless it is one of those that were asked."""
    factor = factors.together(challenge.kind)
    wanted = (Authenticator.kind == challenge.kind, Authenticator.handle == factor.handle_in(given))
    found = db.session.scalar(select(Authenticator).where(*wanted))
    if found is None or challenge.account_id not in (None, found.account_id):
        raise Rejected("unknown", field=factors.named(challenge.kind).answered[0].name)
    return found


@transactional
def _failed(challenge: Challenge) -> int:
    """Note a wrong answer and return how many tries are left."""
    subject = challenge.account.uid if challenge.account else None
    audit.record("mfa.challenge.fail", subject=subject, after=_what(challenge))
    return challenge.tries_left


@transactional
def _passed(
    challenge: Challenge, judged: Judged, then: Callable[[Challenge, Secret], R], failures: Sequence[Budget]
) -> R:
    """Use the challenge up, noting which authenticator answered; only one of several right answers gets here."""
    _check_there(judged)
    content, authenticator = challenge.content, judged.authenticator
    used = db.session.execute(
        update(Challenge)
        .where(Challenge.id == challenge.id, Challenge.state == ChallengeState.OPEN)
        .values(state=ChallengeState.PASSED, authenticator_id=authenticator.id if authenticator else None)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise Expired("challenge_over")
    db.session.refresh(challenge)
    if authenticator:
        _keep(authenticator, judged.secret, judged.seen)
    account = authenticator.account if authenticator else challenge.account
    audit.record("mfa.challenge.pass", subject=account.uid if account else None, after=_what(challenge))
    act().after_commit.append(lambda: forgive(*failures))
    account_id, number = challenge.account_id, content["to"]
    if number and account_id:
        act().after_commit.append(lambda: deliveries.answered(account_id, number))
    return then(challenge, judged.secret)


def _check_there(judged: Judged) -> None:
    """Wait for a PANIC of the person that is under way; raise Expired if it took the authenticator away."""
    if judged.owner is not None:
        people.locked(judged.owner)
    if judged.number and db.session.get(Authenticator, judged.number, populate_existing=True) is None:
        raise Expired("challenge_over")


def _keep(authenticator: Authenticator, secret: Secret, seen: bytes) -> None:
    """Keep what the factor noted in the secret, so that no answer counts at two challenges answered at once."""
    seal = seal_of(authenticator.account_id)
    sealed = seen if secret == vault.unseal_json(seal, seen) else vault.seal_json(seal, secret)
    kept = db.session.execute(
        update(Authenticator)
        .where(Authenticator.id == authenticator.id, Authenticator.sealed == seen, Authenticator.suspended_at.is_(None))
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


def _failures(account_id: int | None) -> tuple[Budget, ...]:
    """Bound the wrong answers of a person; who is asked without a name is counted by the caller."""
    if account_id is None:
        return ()
    return (Budget("challenge.failures", account_id, settings.current().limits.challenge_failures_per_day, DAY),)


def _what(challenge: Challenge) -> dict[str, Any]:
    return {"kind": challenge.kind, "purpose": challenge.purpose.value}
