"""Sessions: one row per signed-in browser; the cookie holds a random token, the database only its digest."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import JSON, String, Text, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from cpms_client import clock
from cpms_client.db import Model, UtcDateTime, db, transactional
from cpms_client.id_token import SignIn
from cpms_client.sealed import digest, new_token, seal, unseal
from cpms_client.settings import Settings


class Session(Model):
    """A signed-in browser: who, what the identity server said, and when it was asked last."""

    __tablename__ = "session"

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    sub: Mapped[str] = mapped_column(String(255), index=True)
    sid: Mapped[str] = mapped_column(String(255), index=True)
    acr: Mapped[str] = mapped_column(String(255))
    auth_time: Mapped[datetime] = mapped_column(UtcDateTime)
    claims: Mapped[dict[str, Any]] = mapped_column(JSON)
    sealed_tokens: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class OpenSession:
    """A session as the rest of the program sees it; `tokens` is empty for a training account."""

    token_digest: str
    sub: str
    acr: str
    auth_time: datetime
    claims: dict[str, Any]
    tokens: dict[str, str]
    seen_at: datetime
    checked_at: datetime
    expired: bool


@transactional
def start(sign_in: SignIn, claims: dict[str, Any], tokens: dict[str, str], replaced: str | None) -> str:
    """Open a session and give its cookie's token; the browser's earlier session, if any, ends."""
    if replaced:
        _delete(digest(replaced))
    now = clock.now()
    db.session.execute(delete(Session).where(Session.started_at < now - _limits()[1]))
    token = new_token()
    row = Session(token_digest=digest(token), sub=sign_in.sub, sid=sign_in.sid, acr=sign_in.acr, claims=claims)
    row.auth_time = sign_in.auth_time
    row.sealed_tokens = seal(tokens) if tokens else None
    row.started_at = row.seen_at = row.checked_at = now
    db.session.add(row)
    return token


def find(token: str) -> OpenSession | None:
    """Look a cookie's token up; an idle or too old session comes back marked `expired`."""
    row = db.session.execute(select(Session).where(Session.token_digest == digest(token))).scalar_one_or_none()
    if row is None:
        return None
    tokens = unseal(row.sealed_tokens) if row.sealed_tokens else {}
    idle, absolute = _limits()
    now = clock.now()
    return OpenSession(
        token_digest=row.token_digest,
        sub=row.sub,
        acr=row.acr,
        auth_time=row.auth_time,
        claims=row.claims,
        tokens=tokens or {},
        seen_at=row.seen_at,
        checked_at=row.checked_at,
        expired=tokens is None or now - row.seen_at >= idle or now - row.started_at >= absolute,
    )


@transactional
def note_check(session: OpenSession, claims: dict[str, Any]) -> None:
    """Keep fresh claims: the identity server has just confirmed this person's rights."""
    now = clock.now()
    mine = update(Session).where(Session.token_digest == session.token_digest)
    db.session.execute(mine.values(claims=claims, checked_at=now, seen_at=now))


@transactional
def note_visit(session: OpenSession) -> None:
    """Keep a session from going idle."""
    mine = update(Session).where(Session.token_digest == session.token_digest)
    db.session.execute(mine.values(seen_at=clock.now()))


@transactional
def end(session: OpenSession) -> None:
    """Close a session; its cookie is worthless from now on."""
    _delete(session.token_digest)


@transactional
def end_named(sid: str, sub: str) -> None:
    """Close the sessions that came from one session of the identity server."""
    db.session.execute(delete(Session).where(Session.sid == sid, Session.sub == sub))


def _delete(token_digest: str) -> None:
    db.session.execute(delete(Session).where(Session.token_digest == token_digest))


def _limits() -> tuple[timedelta, timedelta]:
    settings: Settings = current_app.extensions["cpms_settings"]
    return timedelta(minutes=settings.idle_minutes), timedelta(hours=settings.absolute_hours)
