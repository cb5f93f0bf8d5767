"""The keys of clients, registered or published by them, and what clients sign with them (RFC 7517, 7523, 9101)."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson
from flask import current_app

from idp.core import clock, fetch
from idp.core.fetch import FetchRefused
from idp.core.values import frozen
from idp.oidc import encryption, public_keys
from idp.oidc.clients import Client
from idp.oidc.encryption import Encryption
from idp.oidc.public_keys import ALGORITHMS, FAPI_ALGORITHMS, TYPE_OF, Key, Signed, Unverified

# A set that is published is read again after this time; at once, but not more often than each few seconds, when a
# signature names a key that we do not know yet (OpenID Connect Core, 10.1.1).
FRESH = timedelta(minutes=5)
AT_MOST_EACH = timedelta(seconds=5)


@frozen
class _Published:
    key_set: object
    keys: tuple[Key, ...]
    read_at: datetime


def allowed_algorithms(client: Client) -> tuple[str, ...]:
    """Return what a client may sign with."""
    return FAPI_ALGORITHMS if client.fapi else ALGORITHMS


def verify(text: str, client: Client, algorithms: Sequence[str]) -> Signed:
    """Return what a client signed with one of its keys; raise Unverified for anything else (RFC 8725, 3.1)."""
    header = public_keys.peek(text).header
    algorithm, kid = str(header.get("alg")), header.get("kid")
    if algorithm not in algorithms:
        raise Unverified(f"it must be signed with one of {' '.join(algorithms)}")
    for anew in (False, True):
        signed = _verified(text, _matching(_keys(client, anew=anew), algorithm, kid), algorithm)
        if signed is not None:
            return signed
    raise Unverified("no key of the client verifies it")


def for_encryption(client: Client, how: Encryption, *, anew: bool) -> list[Key]:
    """Return the keys of a client that an answer can be encrypted with, registered or published."""
    inline, address = client.further.get("jwks"), client.further.get("jwks_uri")
    return encryption.fitting(_published(address, anew=anew).key_set if address else inline, how)


def come_with(client: Client, certificate: bytes) -> bool:
    """Say whether one of a client's keys comes with this certificate (DER), as its `x5c` (RFC 7517, 4.7)."""
    told = base64.b64encode(certificate).decode()
    return any(told in (key.get("x5c") or ())[:1] for anew in (False, True) for key in _keys(client, anew=anew))


def _verified(text: str, keys: Sequence[Key], algorithm: str) -> Signed | None:
    for key in keys:
        try:
            return public_keys.verify_with(text, key, algorithm)
        except Unverified:
            continue
    return None


def _matching(keys: Sequence[Key], algorithm: str, kid: object) -> list[Key]:
    fit = [key for key in keys if key.key_type == TYPE_OF[algorithm] and key.get("alg", algorithm) == algorithm]
    return [key for key in fit if kid is None or key.get("kid") in (None, kid)]


def _keys(client: Client, *, anew: bool) -> tuple[Key, ...]:
    inline, address = client.further.get("jwks"), client.further.get("jwks_uri")
    if inline is not None:
        return () if anew else public_keys.parsed(inline)
    return _published(str(address), anew=anew).keys if address else ()


def _published(address: str, *, anew: bool) -> _Published:
    """Return the keys behind an address; none of them if it cannot be read."""
    held: dict[str, _Published] = current_app.extensions.setdefault("ern_client_keys", {})
    known, now = held.get(address), clock.now()
    if known is not None and now - known.read_at < (AT_MOST_EACH if anew else FRESH):
        return known
    try:
        key_set = orjson.loads(fetch.get(address).body)
        found = _Published(key_set, public_keys.parsed(key_set), now)
    except (FetchRefused, ValueError):
        found = _Published({"keys": []}, (), now)
    held[address] = found
    return found
