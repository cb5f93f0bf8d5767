"""Judging a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6): the issuer says that a session is over."""

from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from cpms_client import clock
from cpms_client.errors import IdentityNotTrusted
from cpms_client.id_token import signed_token
from cpms_client.identity_server import IdentityServer

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPE = "logout+jwt"
LONGEST_LIFE = 600


@dataclass(frozen=True)
class Ended:
    """The session that is over."""

    sid: str
    sub: str


def judge(issuer: IdentityServer, text: str) -> Ended:
    """Believe a logout token or raise IdentityNotTrusted."""
    token = signed_token(issuer, text)
    settings = issuer.settings
    registry = jwt.JWTClaimsRegistry(
        now=lambda: int(clock.now().timestamp()),
        leeway=settings.clock_skew_seconds,
        iss={"essential": True, "value": settings.issuer},
        aud={"essential": True, "value": settings.client_id},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        registry.validate(token.claims)
    except JoseError as mistake:
        raise IdentityNotTrusted(f"logout token: {mistake}") from mistake
    for rule, kept in _own_rules(token).items():
        if not kept:
            raise IdentityNotTrusted(f"logout token: {rule}")
    return Ended(token.claims["sid"], token.claims["sub"])


def _own_rules(token: jwt.Token) -> dict[str, bool]:
    claims: dict[str, Any] = token.claims
    events = claims.get("events")
    return {
        "typ": token.header.get("typ") == TYPE,
        "events": isinstance(events, dict) and isinstance(events.get(EVENT), dict),
        "nonce": "nonce" not in claims,
        "sid": isinstance(claims.get("sid"), str) and 0 < len(claims["sid"]) <= 255,
        "sub": isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255,
        "exp": claims["exp"] - claims["iat"] <= LONGEST_LIFE,
    }
