"""Judging an ID token (OpenID Connect Core, 3.1.3.7): the only statement about the sign-in that CPMS believes."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, KeySet
from joserfc.jwt import ClaimsOption

from cpms_client import clock
from cpms_client.errors import IdentityNotTrusted
from cpms_client.identity_server import IdentityServer

ALGORITHMS = ["RS256", "ES256"]
PRESENT: dict[str, ClaimsOption] = {name: {"essential": True} for name in ("sub", "exp", "iat", "auth_time", "nonce")}


@dataclass(frozen=True)
class SignIn:
    """What the ID token says: who, how strongly (`acr`, "" when it does not say), since when."""

    sub: str
    acr: str
    auth_time: datetime
    sid: str


def judge(issuer: IdentityServer, token: str, nonce: str, max_age: int | None = None) -> SignIn:
    """Believe an ID token or raise IdentityNotTrusted; `max_age` is the oldest sign-in accepted, in seconds."""
    claims = signed_token(issuer, token).claims
    settings = issuer.settings
    registry = jwt.JWTClaimsRegistry(
        now=_seconds,
        leeway=settings.clock_skew_seconds,
        iss={"essential": True, "value": settings.issuer},
        aud={"essential": True, "value": settings.client_id},
        **PRESENT,
    )
    try:
        registry.validate(claims)
    except JoseError as mistake:
        raise IdentityNotTrusted(f"ID token: {mistake}") from mistake
    for claim, sentence in _own_rules(claims, settings.client_id, nonce).items():
        if not sentence:
            raise IdentityNotTrusted(f"ID token: {claim}")
    _check_age(claims["auth_time"], max_age, settings.clock_skew_seconds)
    since = datetime.fromtimestamp(claims["auth_time"], UTC)
    return SignIn(claims["sub"], _text(claims.get("acr")), since, _text(claims.get("sid")))


def signed_token(issuer: IdentityServer, token: str) -> jwt.Token:
    """Return a JWT that the issuer signed; raise IdentityNotTrusted for any other."""

    def named_key(message: GuestProtocol) -> KeySet:
        kid = message.headers().get("kid")
        if not isinstance(kid, str):
            raise IdentityNotTrusted("ID token: no key is named")
        return issuer.keys(kid)

    try:
        return jwt.decode(token, named_key, algorithms=ALGORITHMS)
    except (JoseError, ValueError, TypeError) as mistake:  # TypeError: the library takes crit for a list unseen
        raise IdentityNotTrusted(f"ID token: {type(mistake).__name__}") from mistake


def _own_rules(claims: dict[str, Any], client_id: str, nonce: str) -> dict[str, bool]:
    several = isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1
    azp = claims.get("azp", None if several else client_id)
    return {
        "iss": isinstance(claims.get("iss"), str),
        "aud": bool(claims.get("aud")),
        "azp": azp == client_id,
        "nonce": secrets.compare_digest(_text(claims.get("nonce")).encode(), nonce.encode()),
        "sub": 0 < len(claims["sub"]) <= 255,
        "auth_time": type(claims["auth_time"]) is int and 0 < claims["auth_time"] < 2**40,
    }


def _check_age(auth_time: int, max_age: int | None, skew: int) -> None:
    age = _seconds() - auth_time
    if age < -skew:
        raise IdentityNotTrusted("ID token: auth_time lies in the future")
    if max_age is not None and age > max_age + skew:
        raise IdentityNotTrusted("ID token: the sign-in is older than asked for")


def _seconds() -> int:
    return int(clock.now().timestamp())


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 255 else ""
