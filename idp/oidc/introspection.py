"""What a token is worth at this moment (RFC 7662), told to its client and to whom it is for; nothing is written."""

from typing import Any

from idp.core import clock, settings
from idp.oidc import client_credentials, dpop, given, grants, protection, refresh_tokens, resources, tokens
from idp.oidc.clients import Client
from idp.oidc.given import Grant
from idp.oidc.subjects import subject_of
from idp.oidc.tokens import AccessToken, TokenRefused

JWT_TYPE = "token-introspection+jwt"
MEDIA_TYPE = f"application/{JWT_TYPE}"
INACTIVE: dict[str, Any] = {"active": False}


def told(text: str, client: Client) -> dict[str, Any]:
    """Return the answer for a client; a token that is over, foreign or none of ours is just not active (2.2)."""
    try:
        token = tokens.read_access_token(text)
    except TokenRefused:
        return _refresh_token(text, client)
    return _access_token(token, client)


def as_jwt(answer: dict[str, Any], client: Client) -> str:
    """Return the answer signed for one client, and encrypted if it registered that (RFC 9701, 5 and 6)."""
    claims = {
        "iss": settings.current().server.issuer,
        "aud": client.client_id,
        "iat": int(clock.now().timestamp()),
        "token_introspection": answer,
    }
    return protection.protected("introspection", claims, JWT_TYPE, client)


def _access_token(token: AccessToken, client: Client) -> dict[str, Any]:
    concerned = token.client_id == client.client_id or resources.protected(client, token.audience)
    about = _origin(token) if concerned else None
    if about is None:
        return INACTIVE
    times = {name: token.claims[name] for name in ("exp", "iat", "jti", "aud")}
    kind = dpop.SCHEME if token.confirmation.jkt else "Bearer"
    return {**about, **times, **token.confirmation.as_claims(), "token_type": kind, "scope": token.scope}


def _origin(token: AccessToken) -> dict[str, Any] | None:
    """Tell whose token it is, or None if it is over: a person's by a grant, or the client's own (RFC 9068, 2.2)."""
    if token.grant_id is None:
        ours = {"active": True, "iss": settings.current().server.issuer}
        own = {"client_id": token.client_id, "sub": token.client_id}
        return None if client_credentials.ended(token) else {**ours, **own}
    grant = given.find(token.grant_id)
    # Whoever protects the resource knows the person as the token tells it: as the token's client does.
    return _about(grant, token.claims["sub"]) if grant is not None and grants.alive(grant) else None


def _refresh_token(text: str, client: Client) -> dict[str, Any]:
    token = refresh_tokens.read(text)
    if token is None or not token.check_client(client) or not refresh_tokens.usable(token, client):
        return INACTIVE
    ends = token.grant.refresh_expires_at
    exp = {"exp": int(ends.timestamp())} if ends else {}
    sub = subject_of(token.grant.account.uid, client)
    return {**_about(token.grant, sub), **exp, "scope": token.grant.scope}


def _about(grant: Grant, sub: str) -> dict[str, Any]:
    """What both kinds tell: whose, for whom, and how that person was proved (RFC 9470, 6.2)."""
    return {
        "active": True,
        "iss": settings.current().server.issuer,
        "client_id": grant.client_id,
        "sub": sub,
        "acr": grant.acr,
        "auth_time": int(grant.auth_time.timestamp()),
    }
