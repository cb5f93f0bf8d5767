"""Authorization requests as signed JWTs, by value and by reference (RFC 9101; OpenID Connect Core, 6)."""

from collections.abc import Mapping
from typing import Any

import orjson

from idp.core import clock, fetch, fields, settings
from idp.core.fetch import FetchRefused
from idp.core.fields import Fields
from idp.oidc import client_assertions, client_keys, public_keys, resources
from idp.oidc.clients import Client
from idp.oidc.public_keys import Signed, Unverified
from idp.oidc.tokens import SKEW_SECONDS

# Explicit types of other JWTs must not pass (RFC 9101, 10.8); many clients set none, or the general one.
TYPES = (None, "jwt", "oauth-authz-req+jwt")
LONGEST_SECONDS = 3600
PARAMETERS = ("request", "request_uri")


class ObjectRefused(Exception):
    """The request object cannot be used: an error code of RFC 9101, 8 and a description for the developer."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def unpacked(client: Client, given: Fields) -> Fields:
    """Return the parameters that count: those of the request object alone if there is one (RFC 9101, 6.3).

    Raises ObjectRefused if it cannot be used.
    """
    text = _text(client, given)
    if text is None:
        return given
    signed = _verified(client, text)
    _check(client, signed, given)
    return fields.unpacked(
        {name: _given(name, value) for name, value in signed.claims.items() if name not in JWT_CLAIMS}
    )


JWT_CLAIMS = ("iss", "aud", "exp", "nbf", "iat", "jti", "sub")


def _text(client: Client, given: Fields) -> str | None:
    inline, address = given.get("request"), given.get("request_uri")
    both = inline is not None and address is not None
    if both or "request" in given.repeated or "request_uri" in given.repeated:
        raise ObjectRefused("invalid_request", "only one of request and request_uri may be given, once")
    return _fetched(client, address) if address is not None else inline


def _fetched(client: Client, address: str) -> str:
    """Fetch an object from an address that the client registered (RFC 9101, 5.2 and 10.4.1)."""
    registered = {uri.partition("#")[0] for uri in client.further.get("request_uris", ())}
    bare = address.partition("#")[0]
    if bare not in registered:
        raise ObjectRefused("invalid_request_uri", "the request_uri is not registered")
    try:
        return fetch.get(bare).body.decode("ascii").strip()
    except (FetchRefused, UnicodeDecodeError):
        raise ObjectRefused("invalid_request_uri", "the request_uri cannot be read") from None


def _verified(client: Client, text: str) -> Signed:
    registered = client.further.get("request_object_signing_alg")
    algorithms = [name for name in client_keys.allowed_algorithms(client) if registered in (None, name)]
    try:
        if public_keys.peek(text).header.get("alg") == "none" and not client.fapi:
            raise ObjectRefused("request_not_supported", "unsigned request objects are not supported")
        return client_keys.verify(text, client, algorithms)
    except Unverified as unverified:
        raise ObjectRefused("invalid_request_object", str(unverified)) from None


def _check(client: Client, signed: Signed, given: Fields) -> None:
    """RFC 9101, 4 and 10; FAPI 2.0 Message Signing, 5.3.1: whose it is, for whom, and when."""
    claims = signed.claims
    wrong = {
        "the type is not that of a request object": signed.kind not in TYPES,
        "a client assertion is no request object": claims.get("sub") == client.client_id,
        "client_id must be the same inside and outside": claims.get("client_id") != client.client_id,
        "iss must be the client": claims.get("iss", None if client.fapi else client.client_id) != client.client_id,
        "aud must be the issuer": not _for_us(claims.get("aud"), needed=client.fapi),
        "it is not valid at this time": not _in_time(claims, needed=client.fapi),
        "it must not hold another request object": any(name in claims for name in PARAMETERS),
        "response_type must be the same inside and outside": _differs("response_type", claims, given),
    }
    for description, found in wrong.items():
        if found:
            raise ObjectRefused("invalid_request_object", description)


def _for_us(audience: object, *, needed: bool) -> bool:
    if audience is None:
        return not needed
    return settings.current().server.issuer in (audience if isinstance(audience, list) else [audience])


def _in_time(claims: Mapping[str, Any], *, needed: bool) -> bool:
    if "exp" not in claims:
        return not needed
    if not client_assertions.in_time(claims, LONGEST_SECONDS):
        return False
    oldest = clock.now().timestamp() - LONGEST_SECONDS - SKEW_SECONDS
    return claims["nbf"] >= oldest if "nbf" in claims else not needed


def _differs(name: str, claims: Mapping[str, Any], given: Fields) -> bool:
    return name in given and claims.get(name) != given[name]


def _given(name: str, value: object) -> str | list[str]:
    """Only resources may be several (RFC 8707, 2)."""
    if name == resources.PARAMETER and isinstance(value, list):
        return [_parameter(one) for one in value]
    return _parameter(value)


def _parameter(value: object) -> str:
    """A parameter as it would stand in an address; JSON can hide text that is none, which the edge would refuse."""
    if isinstance(value, dict):
        text = orjson.dumps(value).decode()
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        text = str(value)
    else:
        raise ObjectRefused("invalid_request_object", "a parameter is neither a text nor a number nor an object")
    if "\x00" in text or "\\u0000" in text or (not text.isprintable() and any("\ud800" <= c <= "\udfff" for c in text)):
        raise ObjectRefused("invalid_request_object", "a parameter is no text")
    return text
