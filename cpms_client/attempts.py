"""Begun sign-ins: one row per attempt, bound to one browser, good for one callback."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import String, Text, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from cpms_client import clock
from cpms_client.db import Model, UtcDateTime, db, transactional
from cpms_client.errors import Refusal
from cpms_client.sealed import digest, new_token, seal, unseal


class SignInAttempt(Model):
    """What CPMS must remember between sending a person away and getting the person back."""

    __tablename__ = "sign_in_attempt"

    state_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_digest: Mapped[str] = mapped_column(String(64))
    sealed_secrets: Mapped[str] = mapped_column(Text)
    return_to: Mapped[str] = mapped_column(String(1000))
    max_age: Mapped[int | None]
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class Attempt:
    """The secrets of one attempt and where the person wanted to go."""

    state: str
    nonce: str
    verifier: str
    return_to: str
    max_age: int | None


@transactional
def begin(browser: str, return_to: str, max_age: int | None) -> Attempt:
    """Begin a sign-in in this browser; forgets attempts of yesterday."""
    now = clock.now()
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.begun_at < now - timedelta(days=1)))
    attempt = Attempt(new_token(), new_token(), new_token(), return_to, max_age)
    row = SignInAttempt(state_digest=digest(attempt.state), browser_digest=digest(browser), begun_at=now)
    row.sealed_secrets = seal([attempt.nonce, attempt.verifier])
    row.return_to, row.max_age = return_to, max_age
    db.session.add(row)
    return attempt


@transactional
def take(state: str, browser: str) -> Attempt:
    """Use an attempt up, once; raises Refusal `state_unknown`, `state_used` or `state_expired`."""
    row = db.session.execute(
        select(SignInAttempt).where(
            SignInAttempt.state_digest == digest(state), SignInAttempt.browser_digest == digest(browser)
        )
    ).scalar_one_or_none()
    if row is None:
        raise Refusal("state_unknown")
    now = clock.now()
    fresh = update(SignInAttempt).where(SignInAttempt.state_digest == row.state_digest, SignInAttempt.used_at.is_(None))
    if db.session.execute(fresh.values(used_at=now)).rowcount != 1:  # type: ignore[attr-defined]
        raise Refusal("state_used")
    life = timedelta(minutes=current_app.extensions["cpms_settings"].attempt_minutes)
    opened = unseal(row.sealed_secrets)
    if opened is None or now - row.begun_at > life:
        raise Refusal("state_expired")
    return Attempt(state, opened[0], opened[1], row.return_to, row.max_age)
