"""Tokens that count only with the key they were given for (RFC 9449, DPoP)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error
from flask import Request

from idp.core import clock, settings
from idp.core.signed import base64url, digest
from idp.oidc import public_keys, single_use
from idp.oidc.public_keys import FAPI_ALGORITHMS, Signed, Unverified
from idp.oidc.tokens import SKEW_SECONDS

ALGORITHMS = FAPI_ALGORITHMS
TYPE = "dpop+jwt"
SCHEME = "DPoP"
OLDEST_SECONDS = 60
LONGEST_NAME = 200
PORTS = {"https": 443, "http": 80}


class ProofRefused(OAuth2Error):
    """The proof is missing or wrong (5 and 7.1)."""

    error = "invalid_dpop_proof"


def proved(request: Request, access_token: str | None = None) -> str | None:
    """Return the thumbprint of the key that this request proves, or None for a request without a proof.

    `access_token` is the one presented with it, at a resource. Raises ProofRefused. Each proof counts once, which is
    written down at once: must be called outside an act.
    """
    text = request.headers.get("DPoP")
    if text is None:
        return None
    signed = _signed(text)
    name = signed.claims.get("jti")
    wrong = {
        "typ": signed.kind != TYPE,
        "jti": not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME,
        "htm": signed.claims.get("htm") != request.method,
        "htu": not _same_address(signed.claims.get("htu"), request.path),
        "iat": not _in_time(signed.claims),
        "ath": access_token is not None and signed.claims.get("ath") != _hash(access_token),
    }
    for claim, found in wrong.items():
        if found:
            raise ProofRefused(f"the proof says something wrong in {claim}")
    thumbprint = public_keys.public_key(signed.header["jwk"]).thumbprint()
    over = clock.now() + timedelta(seconds=OLDEST_SECONDS + 2 * SKEW_SECONDS)
    if not single_use.spend("dpop proof", thumbprint, str(name), over):
        raise ProofRefused("the proof was used before")
    return thumbprint


def _signed(text: str) -> Signed:
    """Verify the proof with the key that it carries (4.3)."""
    try:
        header = public_keys.peek(text).header
        algorithm, raw = header.get("alg"), header.get("jwk")
        if algorithm not in ALGORITHMS or not isinstance(raw, dict):
            raise Unverified("the algorithm or the key is missing or not accepted")
        key = public_keys.public_key(raw)
        if key.key_type != public_keys.TYPE_OF[algorithm]:
            raise Unverified("the key does not fit the algorithm")
        return public_keys.verify_with(text, key, algorithm, asked=("jwk",))
    except (Unverified, ValueError):
        raise ProofRefused("the proof is not a JWT signed with a public key that it carries") from None


def _same_address(told: object, path: str) -> bool:
    """Query and fragment do not count, nor does the case of scheme and host (4.3, 9)."""
    try:
        one = urlsplit(told if isinstance(told, str) else "")
        ours = urlsplit(settings.current().server.issuer)
        ports = [parts.port or PORTS.get(parts.scheme) for parts in (one, ours)]
    except ValueError:
        return False
    same_host = (one.scheme, one.hostname, ports[0]) == (ours.scheme, ours.hostname, ports[1])
    return same_host and one.username is None and one.path == ours.path + path


def _in_time(claims: Mapping[str, Any]) -> bool:
    now = clock.now().timestamp()
    times = [claims.get("iat"), claims.get("exp", now), claims.get("nbf", now)]
    if any(isinstance(time, bool) or not isinstance(time, int | float) for time in times):
        return False
    issued, ends, begins = times
    fresh: bool = now - OLDEST_SECONDS - SKEW_SECONDS <= issued <= now + SKEW_SECONDS
    return fresh and bool(begins - SKEW_SECONDS <= now < ends + SKEW_SECONDS)


def _hash(token: str) -> str:
    return base64url(digest(token))
