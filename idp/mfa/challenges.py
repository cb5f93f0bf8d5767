"""Asking for a second factor and judging the answer: quota, expiry, single use, counting and audit for all factors."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import has_request_context, request
from sqlalchemy import Select, bindparam, delete, or_, select, update

from idp.accounts import origins, people
from idp.accounts.models import Account
from idp.core import audit, clock, languages, settings, vault
from idp.core.db import db, transactional
from idp.core.errors import Expired
from idp.core.limits import forgive
from idp.core.values import frozen
from idp.mfa import app_keys, deliveries, factors, judging, models
from idp.mfa.factor import Context, Factor, Prompt, Rejected, Secret
from idp.mfa.judging import Judged
from idp.mfa.models import Authenticator, Challenge, ChallengeState, Purpose

R = TypeVar("R")

DAY = 24 * 3600
# How long the browser has at least to go on after the device answered.
COLLECT_SECONDS = 120


@frozen
class Asking:
    """Whom we ask (None: whoever it is), for what, and which attempt or session (`binding`) may answer, for whom.

    `spoken`: by telephone call, where the factor can.
    """

    account: Account | None
    purpose: Purpose
    binding: str
    application: str | None = None
    spoken: bool = False


def ask(asking: Asking, authenticator: Authenticator, kind: str | None = None) -> Challenge:
    """Ask the holder of an authenticator; an earlier challenge of the same binding is replaced.

    `kind` is the factor that asks, if it is not the one that the authenticator was added with. Raise TooMany if no
    more may be sent. Must not be called inside an act.
    """
    kind = kind or authenticator.kind
    prompt = factors.named(kind).ask(secret_of(authenticator), context(asking))
    return put(asking, kind, prompt, authenticator=authenticator)


def ask_any(asking: Asking, kind: str, known: Sequence[Authenticator]) -> Challenge:
    """Ask all authenticators of a kind that can be asked together, or, with none, whoever holds one."""
    factor = factors.together(kind)
    prompt = factor.ask_any([secret_of(one) for one in known], context(asking))
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
        handle=prompt.handle,
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
        expires_at=now + timedelta(seconds=prompt.seconds or factor.seconds),
    )
    db.session.add(challenge)
    if asking.account:
        spoken = {"by": "call"} if prompt.page.get("spoken") else {}
        audit.record("mfa.challenge.ask", subject=asking.account.uid, after=judging.what(challenge) | spoken)
    if prompt.device:
        deliveries.send(prompt.device, challenge)
    return challenge


def current(binding: str, purpose: Purpose) -> Challenge | None:
    """Return the challenge that this binding can answer now."""
    return db.session.scalar(_answerable(), {"binding": binding, "purpose": purpose, "now": clock.now()})


@cache
def _answerable() -> Select[Challenge]:
    return select(Challenge).where(
        Challenge.binding == bindparam("binding"),
        Challenge.purpose == bindparam("purpose"),
        or_(
            (Challenge.state == ChallengeState.OPEN) & (Challenge.tries_left > 0),
            Challenge.state == ChallengeState.APPROVED,
        ),
        Challenge.expires_at > bindparam("now"),
    )


def answer(challenge: Challenge, given: Mapping[str, str], then: Callable[[Challenge, Secret], R]) -> R:
    """Judge an answer and do `then` in the same act as the success; what it returns is returned.

    Raise Rejected (with `tries_left`) for a wrong answer, Expired if the challenge can no longer be answered, Conflict
    if the factor was used elsewhere at the same moment, TooMany after too many wrong answers of one day. Must not be
    called inside an act. Where the answer comes from the person's device, `given` is not looked at: raise Rejected
    until the device has approved.
    """
    if challenge.state is ChallengeState.APPROVED:
        return _collected(challenge, then)
    if not factors.named(challenge.kind).answered:
        raise Rejected("waiting", field="")
    return _passed(challenge, judging.judge(challenge, given), then)


def approve(challenge: Challenge, given: Mapping[str, str]) -> None:
    """Judge what the person's device answers; its browser then goes on with `answer`, whatever is given there.

    Raise as `answer` does.
    """
    _approved(challenge, judging.judge(challenge, given))


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
    return authenticator.secret


def seal_of(account_id: int) -> str:
    """Return what an authenticator's secret is sealed for, so that it cannot be moved to another account."""
    return models.seal_of_secret(account_id)


def context(asking: Asking) -> Context:
    """Return where this request asks, and how."""
    host = urlsplit(settings.current().server.issuer).hostname or ""
    source = origins.place(request.remote_addr) if has_request_context() else ""
    language = languages.current().code
    return Context(asking.application, language, host, asking_browser(), source, app_keys.current, asking.spoken)


def asking_browser() -> str:
    """Return what this request comes from, as people say it; empty if unknown."""
    agent = request.headers.get("User-Agent", "") if has_request_context() else ""
    return origins.browser(agent) if agent else ""


@transactional
def sweep() -> None:
    """Remove challenges that were over a day ago."""
    db.session.execute(delete(Challenge).where(Challenge.expires_at < clock.now() - timedelta(seconds=DAY)))


@transactional
def _passed(challenge: Challenge, judged: Judged, then: Callable[[Challenge, Secret], R]) -> R:
    """Use the challenge up, noting which authenticator answered; only one of several right answers gets here."""
    _accept(challenge, judged, ChallengeState.PASSED)
    return then(challenge, judged.secret)


@transactional
def _approved(challenge: Challenge, judged: Judged) -> None:
    """Note that the person's device answered right; only one of several right answers gets here."""
    new = {"secret": judged.secret} if judged.authenticator is None else {}
    sealed = vault.seal_json(models.seal_of(challenge.account_id), {**challenge.content, **new})
    until = max(challenge.expires_at, clock.now() + timedelta(seconds=COLLECT_SECONDS))
    _accept(challenge, judged, ChallengeState.APPROVED, sealed=sealed, expires_at=until)


@transactional
def _collected(challenge: Challenge, then: Callable[[Challenge, Secret], R]) -> R:
    """Let the browser go on with what the device answered, once."""
    if challenge.account_id:
        people.locked(challenge.account_id)  # a PANIC that is under way takes the answer away
    _move(challenge, ChallengeState.APPROVED, state=ChallengeState.PASSED)
    authenticator = challenge.authenticator
    if authenticator and authenticator.suspended_at:
        raise Expired("challenge_over")
    _note(challenge, "pass")
    return then(challenge, authenticator.secret if authenticator else challenge.content["secret"])


def _accept(challenge: Challenge, judged: Judged, state: ChallengeState, **values: Any) -> None:
    judging.check_there(judged)
    authenticator = judged.authenticator
    _move(
        challenge,
        ChallengeState.OPEN,
        state=state,
        authenticator_id=authenticator.id if authenticator else None,
        **values,
    )
    judging.keep(judged, challenge.kind)
    _note(challenge, "pass" if state is ChallengeState.PASSED else "approve")
    account_id, to = challenge.account_id, challenge.content["to"]
    forgive(*judging.failures(account_id))
    if to is not None and account_id:
        deliveries.answered(account_id, to)


def _move(challenge: Challenge, before: ChallengeState, **values: Any) -> None:
    """Change what is still where it was; raise Expired for what is not."""
    moved = db.session.execute(
        update(Challenge)
        .where(Challenge.id == challenge.id, Challenge.state == before)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Expired("challenge_over")
    db.session.refresh(challenge)


def _note(challenge: Challenge, what: str) -> None:
    account = challenge.authenticator.account if challenge.authenticator else challenge.account
    audit.record(f"mfa.challenge.{what}", subject=account.uid if account else None, after=judging.what(challenge))


def _replace(asking: Asking) -> None:
    db.session.execute(
        update(Challenge)
        .where(
            Challenge.binding == asking.binding,
            Challenge.purpose == asking.purpose,
            Challenge.state.in_((ChallengeState.OPEN, ChallengeState.APPROVED)),
        )
        .values(state=ChallengeState.REPLACED)
        .execution_options(synchronize_session=False)
    )
