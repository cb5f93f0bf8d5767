"""Signing in with ERN Login: authorization code, PKCE, state, nonce (OpenID Connect Core 3.1, RFC 9700)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update

from ecp_client import clock, id_token, sealed, sessions
from ecp_client.db import db, transactional
from ecp_client.errors import IssuerSilent, NoMembership, Refusal, SignInRefused
from ecp_client.issuer import Issuer, TokenRefused
from ecp_client.models import SignInAttempt
from ecp_client.settings import Settings

# What ERN Login may answer instead of a code, and the page that explains it.
ERRORS: dict[str, type[Refusal] | str] = {
    "access_denied": NoMembership,
    "server_error": IssuerSilent,
    "temporarily_unavailable": IssuerSilent,
    "login_required": "sign_in_failed",
    "interaction_required": "sign_in_failed",
    "consent_required": "sign_in_failed",
    "unmet_authentication_requirements": "too_weak",
}


@transactional
def begin(browser: str, next_path: str, language: str, issuer: Issuer, settings: Settings) -> str:
    """Remember a new attempt of this browser and say where it has to go."""
    state, nonce, verifier = sealed.fresh(), sealed.fresh(), sealed.fresh()
    address = issuer.authorize_url(state, nonce, verifier, language)
    _forget_old(settings)
    attempt = SignInAttempt(state_hash=sealed.digest(state), browser_hash=sealed.digest(browser), nonce=nonce)
    attempt.verifier, attempt.next_path, attempt.created_at = verifier, next_path, clock.now()
    db.session.add(attempt)
    return address


def finish(browser: str, answer: Mapping[str, str], issuer: Issuer, settings: Settings) -> tuple[str, str]:
    """From the answer of ERN Login to a session token and the page to go to; raises a Refusal."""
    attempt = _redeem(answer.get("state", ""), browser, settings)
    _judge_issuer(answer, issuer)
    if "error" in answer:
        raise _refusal(answer["error"])
    if not answer.get("code"):
        raise SignInRefused("answer_refused", detail="neither code nor error")
    tokens = issuer.tokens(answer["code"], attempt.verifier)
    claims = id_token.verified(tokens, attempt.nonce, settings.client_id, issuer)
    person = _person(tokens["access_token"], claims["sub"], issuer)
    return sessions.open_for(person, claims, tokens, settings), attempt.next_path


@transactional
def _redeem(state: str, browser: str, settings: Settings) -> SignInAttempt:
    """The attempt behind a `state`, used up by one conditional update: a second answer finds nothing."""
    attempt = db.session.get(SignInAttempt, sealed.digest(state))
    if attempt is None:
        raise SignInRefused("attempt_unknown")
    if attempt.browser_hash != sealed.digest(browser):
        raise SignInRefused("attempt_foreign")
    if attempt.created_at < clock.now() - timedelta(minutes=settings.sign_in_minutes):
        raise SignInRefused("attempt_expired")
    unused = SignInAttempt.state_hash == attempt.state_hash, SignInAttempt.used_at.is_(None)
    done = db.session.execute(update(SignInAttempt).where(*unused).values(used_at=clock.now()))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise SignInRefused("attempt_used")
    db.session.refresh(attempt)
    db.session.expunge(attempt)
    return attempt


def _judge_issuer(answer: Mapping[str, str], issuer: Issuer) -> None:
    """The answer comes from the server that we asked (RFC 9207, 2.4)."""
    announced = issuer.metadata().get("authorization_response_iss_parameter_supported") is True
    if answer.get("iss", None if announced else issuer.name) != issuer.name:
        raise SignInRefused("answer_refused", detail=f"iss parameter {answer.get('iss')!r}")


def _refusal(error: str) -> Refusal:
    kind = ERRORS.get(error, "not_set_up")
    return SignInRefused(kind, detail=f"authorize: {error}") if isinstance(kind, str) else kind(detail=error)


def _person(access_token: str, subject: str, issuer: Issuer) -> dict[str, Any]:
    """The claims at userinfo, of the same person as the ID token (OpenID Connect Core 5.3.2)."""
    try:
        person = issuer.userinfo(access_token)
    except TokenRefused:
        raise SignInRefused("answer_refused", detail="userinfo refuses a new token") from None
    if person.get("sub") != subject:
        raise SignInRefused("answer_refused", detail="userinfo is about somebody else")
    return person


def _forget_old(settings: Settings) -> None:
    # Used and expired attempts stay a while, so that the back button gets the right words.
    before = clock.now() - timedelta(minutes=settings.sign_in_minutes * 4)
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.created_at < before))
