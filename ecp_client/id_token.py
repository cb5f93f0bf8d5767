"""The ID token: who signed in, for us, just now, how surely (OpenID Connect Core 3.1.3.7)."""

import hashlib
from base64 import urlsafe_b64encode
from hmac import compare_digest
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from ecp_client import clock
from ecp_client.errors import SignInRefused
from ecp_client.issuer import Issuer

# Only signatures with 256-bit hashes: `at_hash` below is then always SHA-256.
ALGORITHMS = ("ES256", "RS256", "PS256")
LEEWAY_SECONDS = 10
# From weakest to strongest; this platform holds no clinical data, so one factor is enough.
LEVELS = ("https://refeds.org/profile/sfa", "https://refeds.org/profile/mfa", "phr")


def verified(tokens: dict[str, Any], nonce: str, client_id: str, issuer: Issuer) -> dict[str, Any]:
    """The claims of a genuine ID token; raises SignInRefused."""
    claims = dict(signed(tokens["id_token"], issuer).claims)
    rules = jwt.JWTClaimsRegistry(
        now=lambda: int(clock.now().timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer.name},
        sub={"essential": True},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        rules.validate(claims)
    except JoseError as error:
        raise SignInRefused("answer_refused", detail=f"ID token: {error}") from error
    _judge_party(claims, client_id)
    _judge_access_token(claims, tokens["access_token"])
    if claims.get("acr") not in LEVELS:
        raise SignInRefused("too_weak", detail=f"ID token: acr {claims.get('acr')!r}")
    return claims


def signed(token: str, issuer: Issuer) -> jwt.Token:
    """A JWT that ERN Login signed; raises SignInRefused, IssuerSilent."""
    try:
        try:
            return _signed(token, issuer.keys())
        except InvalidKeyIdError:
            return _signed(token, issuer.keys(again=True))
    except (JoseError, ValueError, TypeError) as error:  # TypeError: the library takes crit for a list unseen
        raise SignInRefused("answer_refused", detail=f"JWT: {error}") from error


def _signed(token: str, keys: KeySet) -> jwt.Token:
    return jwt.decode(token, keys, algorithms=ALGORITHMS)


def _judge_party(claims: dict[str, Any], client_id: str) -> None:
    """Several audiences need `azp`, and `azp` is always us (3.1.3.7, 4 and 5)."""
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    party = claims.get("azp", None if several else client_id)
    if party != client_id:
        raise SignInRefused("answer_refused", detail=f"ID token: azp {party!r}")


def _judge_access_token(claims: dict[str, Any], access_token: str) -> None:
    """`at_hash`, where present, binds the access token to this ID token (3.1.3.8)."""
    if "at_hash" not in claims:
        return
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    wanted = urlsafe_b64encode(half).rstrip(b"=")
    if not compare_digest(str(claims["at_hash"]).encode(), wanted):
        raise SignInRefused("answer_refused", detail="ID token: at_hash")
