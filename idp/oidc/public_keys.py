"""Public keys that others show us, and what they signed with them (RFC 7515, RFC 7517, RFC 8725)."""

import base64
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from idp.core.values import frozen

# FAPI 2.0 Security Profile, 5.4.1: these and no others; RS256 for clients that keep to OpenID Connect Core.
FAPI_ALGORITHMS = ("PS256", "ES256", "EdDSA")
ALGORITHMS = (*FAPI_ALGORITHMS, "RS256")
TYPES: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
TYPE_OF = {"PS256": "RSA", "RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
MOST_KEYS = 20
LARGEST_RSA_BITS = 8192
# Half a KiB is too little for a header that carries an RSA key.
LONGEST_HEADER = 4096

Key = RSAKey | ECKey | OKPKey | OctKey

# RFC 9864 prefers the name Ed25519; FAPI 2.0 and its clients say EdDSA, and only the curve Ed25519 is taken here.
JWSRegistry.algorithms["EdDSA"].security_warning = None


# What a JWT brings along to be verified with, or demands that nobody asked for, is never looked at: such a one is
# refused (RFC 7515, 4.1.2 to 4.1.6 and 4.1.11; RFC 8725, 3.10).
UNASKED = {"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"}


class Unverified(Exception):
    """The text is not a JWT that this client signed; the message tells the client's developer why."""


@frozen
class Signed:
    """A JWT whose signature is right: nothing is said about its claims yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def kind(self) -> str | None:
        """The media type that `typ` names, in small letters and without "application/", which goes without saying.

        RFC 7515, 4.1.9; RFC 2045, 5.1: case does not matter in media types. None where it is not said.
        """
        kind = self.header.get("typ")
        return None if kind is None else str(kind).lower().removeprefix("application/")


def peek(text: str) -> Signed:
    """Read a JWT without verifying it, to learn whose it is; raise Unverified if it is none."""
    try:
        head, body, _ = text.encode("ascii").split(b".")
        header, claims = (orjson.loads(_decoded(part)) for part in (head, body))
    except (ValueError, UnicodeEncodeError):
        raise Unverified("it is not a JWT") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Unverified("it is not a JWT")
    return Signed(header, claims)


def verify_with(text: str, key: Key, algorithm: str, asked: Collection[str] = ()) -> Signed:
    """Return what was signed with this key and algorithm; raise Unverified if it was not.

    `asked` are members that may stand in the header although a JWT must not bring them along.
    """
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = LONGEST_HEADER
    try:
        token = jwt.decode(text, key, algorithms=[algorithm], registry=registry)
    except (JoseError, ValueError, TypeError):
        raise Unverified("the signature is not right") from None
    if UNASKED.difference(asked) & set(token.header):
        raise Unverified("its header brings along what nobody asked for")
    return Signed(token.header, token.claims)


def parsed(key_set: object) -> tuple[Key, ...]:
    """Return the public keys of a JWK Set that can verify signatures; raise ValueError if it is no key set."""
    usable = (key for key in _listed(key_set) if key.get("kty") in TYPES and key.get("use", "sig") == "sig")
    return tuple(public_key(key) for key in usable)


def for_encryption(key_set: object) -> tuple[Key, ...]:
    """Return the public keys of a JWK Set that something can be encrypted with; raise ValueError if it is none.

    Keys of other curves and kinds are left out: a set may serve several servers.
    """
    meant = [raw for raw in _listed(key_set) if raw.get("use", "enc") == "enc" and raw.get("crv") != "Ed25519"]
    found = []
    for raw in meant:
        with suppress(ValueError):
            found.append(public_key(raw))
    return tuple(found)


def public_key(raw: dict[str, Any]) -> Key:
    """Return a public key; raise ValueError for one that is private, symmetric, weak or malformed (RFC 7517, 4)."""
    kind = TYPES.get(str(raw.get("kty")))
    if kind is None or "d" in raw or "k" in raw:
        raise ValueError("it is not a public key")
    try:
        key = kind.import_key(raw)
    except (JoseError, ValueError, TypeError, KeyError):
        raise ValueError("the key is malformed") from None
    if isinstance(key, RSAKey) and not 2048 <= key.raw_value.key_size <= LARGEST_RSA_BITS:
        raise ValueError("the key has an unfit size")
    if raw.get("crv") not in (None, "P-256", "Ed25519"):
        raise ValueError("the curve must be P-256 or Ed25519")
    return key


def _listed(key_set: object) -> list[dict[str, Any]]:
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS or not all(isinstance(key, dict) for key in keys):
        raise ValueError("it is not a JWK Set")
    return keys


def _decoded(part: bytes) -> bytes:
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
