"""The way to a provider and what it says on the way back (OpenID Connect Core 1.0, 3.1, as a relying party).

Authorization code with PKCE (RFC 7636), state and nonce; the sender is checked against mix-up (RFC 9207).
"""

import base64
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import url_for
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, KeySet
from joserfc.jwt import ClaimsOption

from idp.core import clock, fetch, settings
from idp.core.fetch import FetchRefused
from idp.core.settings import Eid
from idp.core.signed import base64url, digest
from idp.core.values import frozen
from idp.signin import eid_providers
from idp.signin.eid_providers import EidRefused

# Signatures only, by the provider's own key (RFC 8725, 3.1 and 3.2): neither "none" nor a shared secret.
ALGORITHMS = ["ES256", "ES384", "PS256", "RS256", "EdDSA"]
SKEW_SECONDS = 60
LONGEST_SUBJECT = 255
PRESENT: dict[str, ClaimsOption] = {name: {"essential": True} for name in ("sub", "exp", "iat", "nonce")}


@frozen
class Secrets:
    """What only we and the provider know of one visit."""

    nonce: str
    verifier: str


@frozen
class Identity:
    """Whom a provider names: `issuer` and `subject` together are one person for ever; `acr` may be empty."""

    issuer: str
    subject: str
    acr: str


def callback(provider: Eid) -> str:
    """Return where a provider sends people back to; each has its own address (RFC 9700, 4.4.2.2)."""
    return settings.current().server.issuer.rstrip("/") + url_for("eids.callback", provider_id=provider.id)


def way_to(provider: Eid, state: str, known: Secrets, *, anew: bool) -> str:
    """Return the address where the provider asks the person; `anew` asks it to trust no open session of its own."""
    wishes = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": callback(provider),
        "scope": " ".join(provider.scopes),
        "state": state,
        "nonce": known.nonce,
        "code_challenge": base64url(digest(known.verifier)),
        "code_challenge_method": "S256",
    }
    wishes |= {"acr_values": " ".join(provider.mfa_acr)} if provider.mfa_acr else {}
    wishes |= {"prompt": "login"} if anew else {}
    endpoint: str = eid_providers.metadata(provider)["authorization_endpoint"]
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(wishes)}"


def identify(provider: Eid, answer: Mapping[str, str], known: Secrets) -> Identity:
    """Return whom the provider names in its answer; raise EidRefused for whatever cannot be believed."""
    _check_sender(provider, answer)
    if "error" in answer or not answer.get("code"):
        raise EidRefused(provider, f"the provider said {answer.get('error', 'nothing')[:60]!r}")
    claims = _signed(provider, _redeemed(provider, answer["code"], known.verifier))
    _check(provider, claims, known.nonce)
    acr = claims.get("acr")
    return Identity(provider.issuer, claims["sub"], acr if isinstance(acr, str) else "")


def _check_sender(provider: Eid, answer: Mapping[str, str]) -> None:
    says_so = eid_providers.metadata(provider).get("authorization_response_iss_parameter_supported") is True
    if answer.get("iss", None if says_so else provider.issuer) != provider.issuer:
        raise EidRefused(provider, "the answer comes from another issuer")


def _redeemed(provider: Eid, code: str, verifier: str) -> str:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback(provider),
        "code_verifier": verifier,
        "client_id": provider.client_id,
    }
    try:
        told = fetch.post(eid_providers.metadata(provider)["token_endpoint"], form, _credentials(provider))
    except FetchRefused as refused:
        raise EidRefused(provider, f"the token endpoint: {refused}") from None
    token = eid_providers.as_object(provider, told.body).get("id_token")
    if not isinstance(token, str):
        raise EidRefused(provider, "no ID token")
    return token


def _credentials(provider: Eid) -> dict[str, str]:
    """Return the header with the client's secret (RFC 6749, 2.3.1)."""
    if not provider.client_secret:
        return {}
    pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _signed(provider: Eid, token: str) -> dict[str, Any]:
    def named_key(message: GuestProtocol) -> KeySet:
        kid = message.headers().get("kid")
        if not isinstance(kid, str):
            raise EidRefused(provider, "the ID token names no key")
        return eid_providers.keys(provider, kid)

    try:
        return jwt.decode(token, named_key, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError) as mistake:  # TypeError: the library takes crit for a list unseen
        raise EidRefused(provider, f"the ID token: {type(mistake).__name__}") from None


def _check(provider: Eid, claims: dict[str, Any], nonce: str) -> None:
    """Judge the claims (OpenID Connect Core, 3.1.3.7)."""
    registry = jwt.JWTClaimsRegistry(
        now=lambda: int(clock.now().timestamp()),
        leeway=SKEW_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        **PRESENT,
    )
    try:
        registry.validate(claims)
    except JoseError as mistake:
        raise EidRefused(provider, f"the ID token: {mistake}") from None
    wrong = [name for name, right in _own_rules(provider, claims, nonce).items() if not right]
    if wrong:
        raise EidRefused(provider, f"the ID token: {wrong[0]}")


def _own_rules(provider: Eid, claims: dict[str, Any], nonce: str) -> dict[str, bool]:
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    given = claims["nonce"] if isinstance(claims["nonce"], str) else ""
    return {
        "azp": claims.get("azp", None if several else provider.client_id) == provider.client_id,
        "nonce": secrets.compare_digest(given.encode(), nonce.encode()),
        "sub": isinstance(claims["sub"], str) and 0 < len(claims["sub"]) <= LONGEST_SUBJECT,
    }
