"""Who is visiting: the signed-in person of this request, with rights that the identity server has just confirmed."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

from flask import current_app, g, request

from cpms_client import clock, colleagues, entry, sessions
from cpms_client.claims import Visitor, read_text
from cpms_client.errors import EntryRefused, SignInNeeded, TokenRefused
from cpms_client.identity_server import IdentityServer
from cpms_client.sessions import OpenSession
from cpms_client.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

JUST_NOW = timedelta(seconds=2)


def current_visitor() -> Visitor:
    """Give the signed-in person; raises SignInNeeded, or IdentityUnreachable when rights cannot be confirmed."""
    return _visitor(current_session())


def members_only(view: Callable[P, R]) -> Callable[P, R]:
    """Let in only who fulfils the three entry conditions; raises SignInNeeded, EntryRefused, IdentityUnreachable."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        session = current_session()
        if _missing(session) and clock.now() - session.checked_at >= JUST_NOW:
            # The person may just have been granted what was missing: a minute-old answer would be a wrong one.
            session = current_session(older_than=JUST_NOW)
        if _missing(session):
            raise EntryRefused
        return view(*args, **kwargs)

    return guarded


def freshly_proved(minutes: int = 10) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Ask for a sign-in not older than `minutes` before a grave act (RFC 9470, 3); raises SignInNeeded."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            session = current_session()
            if session.tokens and clock.now() - session.auth_time > timedelta(minutes=minutes):
                raise SignInNeeded(session.sub, max_age=minutes * 60)
            return view(*args, **kwargs)

        return guarded

    return decorate


def current_session(older_than: timedelta | None = None) -> OpenSession:
    """Give this request's session; asks the identity server again when its answer is `older_than` (or the setting)."""
    checked: OpenSession | None = g.get("checked_session")
    if checked and older_than is None:
        return checked
    session = glance_session()
    if session is None or session.expired:
        raise SignInNeeded(session.sub if session else None)
    limit = older_than or timedelta(seconds=_settings().recheck_seconds)
    if session.tokens and clock.now() - session.checked_at >= limit:
        session = _recheck(session)
    elif not session.tokens and clock.now() - session.seen_at >= limit:
        sessions.note_visit(session)
    g.checked_session = session
    g.visitor = _visitor(session)
    return session


def glance() -> Visitor | None:
    """Tell who seems to be here, for the header of public pages; asks nobody and opens nothing."""
    session = glance_session()
    g.visitor = _visitor(session) if session and not session.expired else None
    visitor: Visitor | None = g.visitor
    return visitor


def glance_session() -> OpenSession | None:
    """Find this browser's session as it stands, expired or not; for signing out and for knowing whose form it was."""
    token = session_cookie()
    session = sessions.find(token) if token else None
    if session is None or session.tokens or _settings().training:
        return session
    # A session without tokens is a training account's: outside training nobody has one.
    return None


def session_cookie() -> str | None:
    """Read this browser's session token."""
    return request.cookies.get(_settings().cookie("session"))


def _recheck(session: OpenSession) -> OpenSession:
    issuer: IdentityServer = current_app.extensions["cpms_identity_server"]
    try:
        claims = issuer.person(session.tokens["access_token"], session.sub)
    except TokenRefused:
        sessions.end(session)
        raise SignInNeeded(session.sub) from None
    sessions.note_check(session, claims)
    if claims != session.claims:
        remember(session.sub, session.acr, claims)
    fresh = glance_session()
    if fresh is None:
        raise SignInNeeded(session.sub)
    return fresh


def visitor_of(sub: str, acr: str, claims: dict[str, Any]) -> Visitor:
    """Make a visitor of a sign-in and the identity server's claims; only accesses that open CPMS count."""
    opening = entry.judge(acr, claims).opening
    return Visitor(sub, read_text(claims, "name") or sub, read_text(claims, "email"), opening)


def remember(sub: str, acr: str, claims: dict[str, Any]) -> None:
    """Let colleagues find this person by name, once CPMS is open to this person."""
    if not entry.judge(acr, claims).missing:
        colleagues.remember(visitor_of(sub, acr, claims))


def _visitor(session: OpenSession) -> Visitor:
    return visitor_of(session.sub, session.acr, session.claims)


def _missing(session: OpenSession) -> bool:
    return bool(entry.judge(session.acr, session.claims).missing)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["cpms_settings"]
    return settings
