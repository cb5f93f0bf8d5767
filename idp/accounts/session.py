"""The session a person is in: begun by sign-in, raised by step-up, ended by sign-out, time or anybody entitled to.

The browser holds a random token in a cookie, the database its hash; the token is renewed at every change of privilege.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from flask import Flask, Response, g, has_request_context, request
from sqlalchemy import Select, bindparam, delete, select, update

from idp.accounts import administrators, doubt, open_session, questions
from idp.accounts.models import Account, AccountState, UserSession
from idp.accounts.open_session import ALIVE, AnyAccount, AnySession
from idp.core import audit, clock, incoming, languages, settings, signals
from idp.core.audit import Actor
from idp.core.db import db, transaction, transactional
from idp.core.driver import held
from idp.core.errors import SignInRequired
from idp.core.levels import MFA, PHR, SFA, reaches
from idp.core.signed import digest, new_token
from idp.core.values import frozen

TOUCH_SECONDS = 60
KEPT_DAYS = 90


@frozen
class Proof:
    """What was proved: the level, methods (RFC 8176 `amr` values), whether the password was one; when (None: just now).

    A passkey that says by itself who it is stands in the password's place. `methods`: the names of the second factors.
    """

    acr: str
    amr: tuple[str, ...]
    with_password: bool = True
    methods: tuple[str, ...] = ()
    at: datetime | None = None


def current() -> UserSession | None:
    """Return the open session of this request's browser, or None; one query per request."""
    if not has_request_context():
        return None
    if "user_session" not in g:
        g.user_session = _find(_token())
        _notice(g.user_session)
    found: UserSession | None = g.user_session
    return found


def at_hand() -> AnySession | None:
    """Return what `current` does, as plain values: for reading, where objects were a fifth of the code flow."""
    if not has_request_context():
        return None
    kept = held()
    if "user_session" in kept:
        return current()
    if "session_at_hand" in kept:
        known: AnySession | None = kept.session_at_hand
        return known
    found = kept.session_at_hand = _at_hand(_token())
    _notice(found)
    return found


def was_asked_for() -> bool:
    """Say whether this request looked who is signed in."""
    return "user_session" in g or "session_at_hand" in g


def ended_because() -> str | None:
    """Return why the session of this browser's cookie has ended, for the second click on a button that ends it."""
    token = incoming.current().jar.get(cookie_name(), "")
    ended = select(UserSession.end_reason).where(UserSession.digest == digest(token), UserSession.ended_at.is_not(None))
    return db.session.scalar(ended)


def require(level: str = SFA, within: int | None = None, reason: str = "sign_in") -> UserSession:
    """Return the session if it reaches `level` with a proof at most `within` seconds old; raise SignInRequired."""
    session = current()
    if session is None or not reaches(session.acr, level):
        raise SignInRequired(level, within, reason)
    if within is not None and clock.now() - session.proved_at > timedelta(seconds=within):
        raise SignInRequired(level, within, reason)
    return session


def require_own() -> UserSession:
    """Return the session for pages about one's own account: with two factors if the account always asks for them.

    A person without a second factor yet comes in with the password, else nobody could add the first one. A trusted
    browser is enough where the operator allows it: each grave act asks for itself.
    """
    session = require()
    if administrators.must_resist_phishing(session.account):
        return require(PHR, reason="administrator")
    if not session.account.always_mfa or reaches(session.acr, MFA) or not questions.second_factors(session.account_id):
        return session
    if settings.current().session.trusted_browser_for_account and questions.in_trusted_browser(session.account):
        return session
    return require(MFA, reason="always_mfa")


def require_acting() -> UserSession:
    """Return the session of somebody who decides about others; raise SignInRequired.

    To a platform administrator text messages alone open nothing (SECURITY.md, 4).
    """
    person = require().account
    acting = require(administrators.acting_level(person), None, "approvals")
    if administrators.refuses_texts(person) and administrators.by_text_alone(acting.methods):
        raise SignInRequired(MFA, None, "administrator")
    return acting


def require_fresh(reason: str) -> UserSession:
    """Return the session for a grave act on one's own account, proved moments ago; raise SignInRequired.

    The proof is a second factor, or the password for a person who has none. Since PANIC takes every factor away with
    the password alone, what cannot be undone waits after it: raise NotAllowed("after_panic") (SECURITY.md, 1).
    """
    own = require_own()
    if reason in doubt.IRREVOCABLE:
        doubt.refuse(own.account_id)
    level = MFA if questions.second_factors(own.account_id) else SFA
    return require(level, settings.current().session.step_up_minutes * 60, reason)


@transactional
def start(account: AnyAccount, proof: Proof) -> None:
    """Begin a session for `account` in this browser; an open session of the same browser ends."""
    now = clock.now()
    previous = current()
    if previous is not None:
        end([previous], "replaced")
    token = new_token()
    if db.session.registry.has():  # else this would be its first use in a sign-in, and take a tenth of the password
        db.session.flush()  # the account may be new
    open_session.BEGIN.run(
        sid=new_token(),
        digest=digest(token),
        account_id=account.id,
        acr=proof.acr,
        amr=list(proof.amr),
        methods=list(proof.methods),
        auth_time=proof.at or now,
        proved_at=proof.at or now,
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(hours=settings.current().session.absolute_hours),
        user_agent=request.headers.get("User-Agent", "")[:400],
        source=request.remote_addr or "",
    )
    audit.acting(Actor(account.uid, proof.acr))
    audit.record("session.start", subject=account.uid, after={"acr": proof.acr, "amr": list(proof.amr)})
    g.session_token = token
    for kept in ("user_session", "session_at_hand"):
        g.pop(kept, None)  # who asks from now on finds the new one


@transactional
def strengthen(session: UserSession, proof: Proof, *, instead: bool = False) -> None:
    """Add a proof to the session and renew its token.

    A weaker proof than the session has renews the token alone: it must not make an older, stronger one look fresh.
    With `instead` it takes the place of the stronger one, for somebody who was asked again and chose another method.
    """
    proved = proof.at or clock.now()
    token = new_token()
    session.digest = digest(token)
    if instead or reaches(proof.acr, session.acr):
        session.acr = proof.acr
        session.amr = list(dict.fromkeys([*session.amr, *proof.amr]))
        session.methods = [one for one in session.methods if one not in proof.methods] + list(proof.methods)
        session.proved_at = max(session.proved_at, proved)
        session.auth_time = max(session.auth_time, proved) if proof.with_password else session.auth_time
    audit.acting(Actor(session.account.uid, session.acr))
    audit.record("session.strengthen", subject=session.account.uid, after={"acr": session.acr, "amr": session.amr})
    g.session_token = token


@transactional
def end(sessions: Sequence[UserSession], reason: str) -> None:
    """End open sessions and tell the areas above; an ended one is left as it is."""
    for session in sessions:
        changed = db.session.execute(
            update(UserSession)
            .where(UserSession.id == session.id, UserSession.ended_at.is_(None))
            .values(ended_at=clock.now(), end_reason=reason)
        )
        if changed.rowcount:  # type: ignore[attr-defined]
            audit.record("session.end", subject=session.account.uid, after={"reason": reason})
            signals.session_ended.send(session.id, account_id=session.account_id)
    if has_request_context() and any(session is g.get("user_session") for session in sessions):
        g.user_session, g.session_token = None, ""


def open_sessions(account_id: int, now: datetime) -> list[UserSession]:
    """Return the sessions of an account that still live, the last used first."""
    return list(
        db.session.scalars(
            select(UserSession)
            .where(UserSession.account_id == account_id, *ALIVE)
            .order_by(UserSession.last_seen_at.desc()),
            _moments(now),
        )
    )


@transactional
def end_all(account_id: int, reason: str, keep: UserSession | None = None) -> None:
    """End every session of an account, except `keep`."""
    kept = keep.id if keep else None
    end([s for s in open_sessions(account_id, clock.now()) if s.id != kept], reason)


@transactional
def sweep() -> None:
    """Remove the sessions that were over long ago, and with them what applications were given in them."""
    over = UserSession.expires_at < clock.now() - timedelta(days=KEPT_DAYS)
    db.session.execute(delete(UserSession).where(over))


def cookie_name() -> str:
    """Return the cookie's name; outside plain http it is bound to the host (RFC 6265bis, 4.1.3.2)."""
    return "__Host-ern_session" if settings.current().secure_cookies else "ern_session"


def init(app: Flask) -> None:
    """Give the browser its new token, or take it away, with the answer of the request that changed it."""
    app.extensions[languages.PERSON] = current

    @app.after_request
    def _set_cookie(response: Response) -> Response:
        token = held().get("session_token")
        if token is None:
            return response
        secure = settings.current().secure_cookies
        if token:
            response.set_cookie(cookie_name(), token, secure=secure, httponly=True, samesite="Lax", path="/")
        else:
            response.delete_cookie(cookie_name(), secure=secure, httponly=True, samesite="Lax", path="/")
        return response

    @app.context_processor
    def _current_account() -> dict[str, Account | None]:
        session = current()
        return {"current_account": session.account if session else None}


def _token() -> str:
    """Return the token that this request's browser has, or gets with its answer."""
    token: str | None = held().get("session_token")
    return incoming.current().jar.get(cookie_name(), "") if token is None else token


def _moments(now: datetime) -> dict[str, datetime]:
    """Return what ALIVE asks for."""
    return {"now": now, "idle_since": now - timedelta(minutes=settings.current().session.idle_minutes)}


def _at_hand(token: str) -> AnySession | None:
    if not token:
        return None
    found = open_session.find(digest(token), **_moments(clock.now()))
    return found if found and found.account.state is AccountState.ACTIVE else None


def _find(token: str) -> UserSession | None:
    if not token:
        return None
    found = db.session.scalar(_open(), {"digest": digest(token), **_moments(clock.now())})
    return found if found and found.account.state is AccountState.ACTIVE else None


@cache
def _open() -> Select[UserSession]:
    """Return the question for the open session of a cookie; built once, since every request asks it."""
    return select(UserSession).where(UserSession.digest == bindparam("digest"), *ALIVE)


def _notice(found: AnySession | None) -> None:
    """Let the rest of the request know who acts, and in which language."""
    if found is None:
        return
    audit.acting(Actor(found.account.uid, found.acr))
    held().account_language = found.account.language
    _touch(found)


def _touch(session: AnySession) -> None:
    """Note that the session is used, at most once a minute, so that reading pages stays reading."""
    now = clock.now()
    if (now - session.last_seen_at).total_seconds() < TOUCH_SECONDS:
        return
    with transaction():
        db.session.execute(update(UserSession).where(UserSession.id == session.id).values(last_seen_at=now))
