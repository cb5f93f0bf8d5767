"""Tokens as JWTs: the ID token for the client, the access token for the resources behind it."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws, jwt
from joserfc.errors import JoseError

from idp.core import clock, settings
from idp.core.signed import base64url, digest, new_token
from idp.core.values import frozen
from idp.oidc import clients, confirmation, keys
from idp.oidc.clients import Client
from idp.oidc.confirmation import Confirmation
from idp.oidc.given import Grant
from idp.oidc.keys import Key
from idp.oidc.subjects import subject_of
from idp.signin.steps import EID_AMR

ACCESS_TOKEN_ALGORITHM = "ES256"  # noqa: S105 - the name of an algorithm
ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type
ID_TOKEN_TYPE = "JWT"  # noqa: S105
# Clocks may differ by this much: 8 seconds must pass, 60 must not (FAPI 2.0 Security Profile, 5.3.2.1-13).
SKEW_SECONDS = 10
MOST_REMEMBERED = 1000
ECDSA_WITH_SHA256 = ECDSA(SHA256())


class TokenRefused(Exception):
    """The token is not ours, not of this kind, or over; nothing more is told to whoever sent it."""


@frozen
class Terms:
    """What an access token opens (its scope), where (its audience), and what it counts with."""

    scope: str
    audience: tuple[str, ...]
    bound: Confirmation


@frozen
class AccessToken:
    """A verified access token: the grant it comes from (None: the client acts for itself), its scope and its client."""

    grant_id: int | None
    scope: str
    client_id: str
    claims: Mapping[str, Any]

    @cached_property
    def audience(self) -> tuple[str, ...]:
        """The resources that it is for."""
        told = self.claims.get("aud", ())
        return (told,) if isinstance(told, str) else tuple(told)

    @cached_property
    def confirmation(self) -> Confirmation:
        """What it counts with."""
        return confirmation.read(self.claims)


def access_token(client: Client, grant: Grant | None, terms: Terms) -> str:
    """Return a JWT access token (RFC 9068, 2); it names the grant, so that one read tells whether it still lives.

    Without a grant it is about the client itself.
    """
    configuration = settings.current()
    now = int(clock.now().timestamp())
    claims = {
        "iss": configuration.server.issuer,
        "aud": terms.audience[0] if len(terms.audience) == 1 else list(terms.audience),
        "sub": subject_of(grant.account.uid, client) if grant else client.client_id,
        "client_id": client.client_id,
        "scope": terms.scope,
        "iat": now,
        "exp": now + configuration.oidc.access_token_seconds,
        "jti": new_token()[:22],
    }
    if grant is not None:
        claims |= {"sid": grant.session.sid, "grant": grant.id}
    return sign(claims | terms.bound.as_claims(), ACCESS_TOKEN_ALGORITHM, ACCESS_TOKEN_TYPE)


def id_token(client: Client, grant: Grant, hashed: Mapping[str, str | None], more: Mapping[str, Any]) -> str:
    """Return the ID token (OpenID Connect Core, 2), signed as the client registered.

    `hashed`: what it comes with, under `at_hash` and `c_hash` (3.3.2.11); `more`: the nonce and the claims that were
    asked for by name.
    """
    configuration = settings.current()
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        **more,
        "iss": configuration.server.issuer,
        "sub": subject_of(grant.account.uid, client),
        "aud": client.client_id,
        "iat": now,
        "exp": now + configuration.oidc.id_token_seconds,
        "auth_time": int(grant.auth_time.timestamp()),
        "acr": grant.acr,
        "amr": [method for method in grant.amr if method != EID_AMR],
        "sid": grant.session.sid,
        **{name: _half_hash(text) for name, text in hashed.items() if text is not None},
    }
    return sign(claims, client.id_token_signed_response_alg, ID_TOKEN_TYPE)


def read_access_token(text: str) -> AccessToken:
    """Verify an access token; raise TokenRefused for anything else than a living one of ours (RFC 9068, 4).

    Where it opens something, its `audience` is to be judged too.
    """
    token = _verified_before(text)
    over = clock.now().timestamp() - SKEW_SECONDS >= token.claims.get("exp", 0)
    if over or token.claims.get("iss") != settings.current().server.issuer:
        raise TokenRefused
    return token


def read_id_token_hint(text: str) -> dict[str, Any]:
    """Verify an ID token that a client gives back; it may be over (RP-Initiated Logout 1.0, 2)."""
    claims = _verified(text, ID_TOKEN_TYPE, list(keys.ALGORITHMS))
    if claims.get("iss") != settings.current().server.issuer:
        raise TokenRefused
    return claims


def hints_at(hint: str, uid: str) -> bool:
    """Say whether an ID token hint is one of ours about this person, as the client that got it knows the person."""
    try:
        claims = read_id_token_hint(hint)
    except TokenRefused:
        return False
    client = clients.find(claims["aud"])
    return client is not None and claims["sub"] == subject_of(uid, client)


def sign(claims: dict[str, Any], algorithm: str, kind: str) -> str:
    """Return a JWT of ours; `kind` is its explicit type, so that none is taken for another (RFC 8725, 3.11).

    Put together here (RFC 7515, 3.1 and 7.1): the library encodes and checks our own header each
    time, 20 of its 40 us.
    """
    key = keys.ring().signing[algorithm]
    signed = f"{_header(algorithm, kind, key.kid)}.{base64url(orjson.dumps(claims))}"
    return f"{signed}.{base64url(SIGNATURES[algorithm](signed.encode(), key))}"


def _es256(signed: bytes, key: Key) -> bytes:
    """ECDSA with P-256 and SHA-256: two numbers, one after the other (RFC 7518, 3.4).

    The library asks the key each time what it may be used for, 9 us of the 30.
    """
    private: Any = key.private_key
    r, s = decode_dss_signature(private.sign(signed, ECDSA_WITH_SHA256))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


# How each of our algorithms signs, and no other one.
SIGNATURES = {"ES256": _es256, "RS256": jws.JWSRegistry(algorithms=["RS256"]).get_alg("RS256").sign}


@lru_cache(64)
def _header(algorithm: str, kind: str, kid: str | None) -> str:
    return base64url(orjson.dumps({"alg": algorithm, "typ": kind, "kid": kid}))


def _verified(text: str, kind: str, algorithms: list[str]) -> dict[str, Any]:
    try:
        token = jwt.decode(text, lambda signed: keys.ring(signed.headers().get("kid")).all, algorithms=algorithms)
    except (JoseError, ValueError, TypeError):  # TypeError: the library takes crit for a list unseen
        raise TokenRefused from None
    if token.header.get("typ") != kind:
        raise TokenRefused
    claims: dict[str, Any] = token.claims
    return claims


def _verified_before(text: str) -> AccessToken:
    """Return what an access token says, verified once: a third of UserInfo and of introspection."""
    known = keys.ring().verified
    token: AccessToken | None = known.get(text)
    if token is None:
        claims = _verified(text, ACCESS_TOKEN_TYPE, [ACCESS_TOKEN_ALGORITHM])
        token = AccessToken(claims.get("grant"), claims["scope"], claims["client_id"], claims)
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        known[text] = token
    return token


def _half_hash(token: str) -> str:
    """The left half of the SHA-256 of an access token or a code (OpenID Connect Core, 3.1.3.6 and 3.3.2.11)."""
    return base64url(digest(token)[:16])
