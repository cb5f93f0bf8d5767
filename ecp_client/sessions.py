"""Who is signed in: a row per browser, limits in time, and claims that are read again every minute."""

from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from ecp_client import clock, membership, sealed
from ecp_client.db import db, transactional
from ecp_client.errors import SignInNeeded
from ecp_client.issuer import Issuer, TokenRefused
from ecp_client.models import BrowserSession, Person
from ecp_client.settings import Settings

DEFAULT_TOKEN_SECONDS = 300


@transactional
def open_for(person_claims: dict[str, Any], claims: dict[str, Any], tokens: dict[str, Any], settings: Settings) -> str:
    """Sign a person in and return the new token for the cookie."""
    now, token = clock.now(), sealed.fresh()
    forget = now - timedelta(hours=settings.session_hours)
    db.session.execute(delete(BrowserSession).where(BrowserSession.created_at < forget))
    person = _known(claims["sub"], now)
    membership.record(person, person_claims, now)
    session = BrowserSession(token_hash=sealed.digest(token), created_at=now, seen_at=now, checked_at=now)
    session.person_id = person.id
    session.sid, session.acr = str(claims.get("sid", ""))[:255], claims["acr"]
    session.access_token = sealed.seal(settings.secret_key, tokens["access_token"])
    session.id_token = sealed.seal(settings.secret_key, tokens["id_token"])
    session.token_ends_at = now + timedelta(seconds=_lifetime(tokens))
    db.session.add(session)
    return token


def present(token: str, settings: Settings) -> BrowserSession | None:
    """The session behind a cookie while its limits last, its person loaded; nothing is asked at ERN Login."""
    wanted = select(BrowserSession).where(BrowserSession.token_hash == sealed.digest(token))
    found = db.session.scalar(wanted.options(joinedload(BrowserSession.person)))
    return found if found and not _over(found, settings) else None


def confirmed(token: str, issuer: Issuer, settings: Settings) -> BrowserSession:
    """The session of a person who is still who and where ERN Login says; raises SignInNeeded, IssuerSilent."""
    wanted = select(BrowserSession).where(BrowserSession.token_hash == sealed.digest(token))
    session = db.session.scalar(wanted.options(joinedload(BrowserSession.person)))
    if session is None:
        raise SignInNeeded
    if _over(session, settings):
        raise SignInNeeded(session.person_id)
    if clock.now() - session.checked_at >= timedelta(seconds=settings.recheck_seconds):
        _check(session, issuer, settings)
    return session


@transactional
def close(token: str, settings: Settings) -> str | None:
    """End a session here; returns its ID token, the hint for signing out at ERN Login."""
    session = db.session.scalar(select(BrowserSession).where(BrowserSession.token_hash == sealed.digest(token)))
    if session is None:
        return None
    db.session.delete(session)
    try:
        return sealed.unseal(settings.secret_key, session.id_token)
    except InvalidToken:
        return None


@transactional
def close_named(sid: str, subject: str) -> None:
    """End the sessions here that came from one session of ERN Login."""
    owner = select(Person.id).where(Person.subject == subject).scalar_subquery()
    db.session.execute(delete(BrowserSession).where(BrowserSession.sid == sid, BrowserSession.person_id == owner))


def _check(session: BrowserSession, issuer: Issuer, settings: Settings) -> None:
    """Ask ERN Login again, without holding a transaction open meanwhile."""
    session_id, person_id, subject = session.id, session.person_id, session.person.subject
    sealed_token, ended = session.access_token, session.token_ends_at <= clock.now()
    db.session.rollback()
    if ended:
        raise SignInNeeded(person_id)
    try:
        claims = issuer.userinfo(sealed.unseal(settings.secret_key, sealed_token))
    except (TokenRefused, InvalidToken):
        _drop(session_id)
        raise SignInNeeded(person_id) from None
    if claims.get("sub") != subject:
        _drop(session_id)
        raise SignInNeeded
    _confirm(session_id, claims)


@transactional
def _confirm(session_id: int, claims: dict[str, Any]) -> None:
    now = clock.now()
    mine = update(BrowserSession).where(BrowserSession.id == session_id)
    if db.session.execute(mine.values(seen_at=now, checked_at=now)).rowcount != 1:  # type: ignore[attr-defined]
        raise SignInNeeded
    owner = select(Person).join(BrowserSession).where(BrowserSession.id == session_id)
    membership.record(db.session.scalars(owner).one(), claims, now)


@transactional
def _drop(session_id: int) -> None:
    db.session.execute(delete(BrowserSession).where(BrowserSession.id == session_id))


def _known(subject: str, now: datetime) -> Person:
    """The person of a `sub`; of two first sign-ins at the same moment, the second finds the first one's row."""
    wanted = select(Person).where(Person.subject == subject)
    known = db.session.scalar(wanted)
    if known is not None:
        return known
    person = Person(subject=subject, identifier=subject, name=subject, first_seen_at=now)
    try:
        with db.session.begin_nested():
            db.session.add(person)
    except IntegrityError:
        return db.session.scalars(wanted).one()
    return person


def _over(session: BrowserSession, settings: Settings) -> bool:
    idle = clock.now() - session.seen_at > timedelta(minutes=settings.idle_minutes)
    return idle or clock.now() - session.created_at > timedelta(hours=settings.session_hours)


def _lifetime(tokens: dict[str, Any]) -> int:
    seconds = tokens.get("expires_in")
    return seconds if isinstance(seconds, int) and seconds > 0 else DEFAULT_TOKEN_SECONDS
