"""Clients that prove themselves with a signed JWT (RFC 7523, 2.2 and 3; OpenID Connect Core, 9)."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc.jwk import OctKey

from idp.core import clock, settings, vault
from idp.oidc import client_keys, public_keys, single_use
from idp.oidc.clients import SECRET_SEAL, Client
from idp.oidc.public_keys import Unverified
from idp.oidc.tokens import SKEW_SECONDS

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECRET_ALGORITHMS = ("HS256",)
# Nobody needs an assertion for longer, and each one's name is kept until it is over.
LONGEST_SECONDS = 3600
LONGEST_NAME = 200


def client_id_in(assertion: str) -> str | None:
    """Return who an assertion says it is from, or None if it is no assertion."""
    try:
        subject = public_keys.peek(assertion).claims.get("sub")
    except Unverified:
        return None
    return subject if isinstance(subject, str) else None


def proved_by_key(client: Client, assertion: str) -> bool:
    """Judge `private_key_jwt`."""
    registered = client.further.get("token_endpoint_auth_signing_alg")
    algorithms = client_keys.allowed_algorithms(client)
    try:
        signed = client_keys.verify(assertion, client, [name for name in algorithms if registered in {None, name}])
    except Unverified:
        return False
    return _acceptable(client, signed.claims)


def proved_by_secret(client: Client, assertion: str) -> bool:
    """Judge `client_secret_jwt`."""
    sealed = client.further.get("sealed_secret")
    if sealed is None:
        return False
    secret = vault.unseal(SECRET_SEAL, base64.b64decode(sealed))
    try:
        if public_keys.peek(assertion).header.get("alg") not in SECRET_ALGORITHMS:
            return False
        signed = public_keys.verify_with(assertion, OctKey.import_key(secret), SECRET_ALGORITHMS[0])
    except Unverified:
        return False
    return _acceptable(client, signed.claims)


def _acceptable(client: Client, claims: Mapping[str, Any]) -> bool:
    """RFC 7523, 3: whose it is, for whom, when, and not a second time."""
    name = claims.get("jti")
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
        return False
    if not _meant_for_us(client, claims.get("aud")) or not in_time(claims, LONGEST_SECONDS):
        return False
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        return False
    over = datetime.fromtimestamp(claims["exp"], UTC) + timedelta(seconds=SKEW_SECONDS)
    return single_use.spend("client assertion", client.client_id, name, over)


def _meant_for_us(client: Client, audience: object) -> bool:
    """The issuer, as a text (FAPI 2.0 Security Profile, 5.3.2.1-8); Core allows the token endpoint and lists."""
    issuer = settings.current().server.issuer
    if client.fapi:
        return audience == issuer
    named = audience if isinstance(audience, list) else [audience]
    return len(named) == 1 and named[0] in (issuer, f"{issuer}/oauth2/token")


def in_time(claims: Mapping[str, Any], longest: int) -> bool:
    """Say whether a JWT counts now and for at most `longest` seconds; clocks may differ by a few seconds."""
    now = clock.now().timestamp()
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if any(isinstance(time, bool) or not isinstance(time, int | float) for time in times.values()):
        return False
    if "exp" not in times or not now - SKEW_SECONDS < times["exp"] <= now + longest + SKEW_SECONDS:
        return False
    return all(times[name] <= now + SKEW_SECONDS for name in ("nbf", "iat") if name in times)
