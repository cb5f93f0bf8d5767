"""The logout token: ERN Login says that a session is over (OpenID Connect Back-Channel Logout 1.0, 2.6)."""

from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from ecp_client import clock
from ecp_client.errors import SignInRefused
from ecp_client.id_token import LEEWAY_SECONDS, signed
from ecp_client.issuer import Issuer

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPE = "logout+jwt"
LONGEST_LIFE = 600


def verified(text: str, client_id: str, issuer: Issuer) -> tuple[str, str]:
    """The `sid` and `sub` of a genuine logout token; raises SignInRefused, IssuerSilent."""
    token = signed(text, issuer)
    rules = jwt.JWTClaimsRegistry(
        now=lambda: int(clock.now().timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer.name},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        rules.validate(token.claims)
    except JoseError as error:
        raise SignInRefused("answer_refused", detail=f"logout token: {error}") from error
    if not _is_logout(token):
        raise SignInRefused("answer_refused", detail="it is not a logout token")
    return token.claims["sid"], token.claims["sub"]


def _is_logout(token: jwt.Token) -> bool:
    claims: dict[str, Any] = token.claims
    events = claims.get("events")
    named = all(isinstance(claims.get(name), str) and 0 < len(claims[name]) <= 255 for name in ("sid", "sub"))
    happened = isinstance(events, dict) and isinstance(events.get(EVENT), dict)
    brief = claims["exp"] - claims["iat"] <= LONGEST_LIFE
    return token.header.get("typ") == TYPE and happened and "nonce" not in claims and named and brief
