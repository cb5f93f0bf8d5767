"""Encryption for clients (RFC 7516): with which algorithms, and what they may register of it.

No RSA1_5 (its padding answers questions), no PBES2 (its cost is chosen by others), no compression (CVE-2025-62706).
"""

from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jwe

from idp.core.errors import Invalid
from idp.core.values import frozen
from idp.oidc import public_keys
from idp.oidc.public_keys import Key

# Algorithm -> the kind of key it takes.
ALGORITHMS = {
    "RSA-OAEP-256": "RSA",
    "RSA-OAEP": "RSA",
    "ECDH-ES": "EC",
    "ECDH-ES+A128KW": "EC",
    "ECDH-ES+A256KW": "EC",
}
CONTENT = ("A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM")
# OpenID Connect Registration, 2: what `enc` is for a client that names `alg` alone.
DEFAULT_CONTENT = "A128CBC-HS256"
# What can be encrypted: OpenID Connect Core, 10.2 (twice), RFC 9701, 6, JARM, 3.
ANSWERS = ("id_token", "userinfo", "introspection", "authorization")

RULES: dict[str, Callable[[Any], bool]] = {
    **{f"{answer}_encrypted_response_alg": lambda value: value in tuple(ALGORITHMS) for answer in ANSWERS},
    **{f"{answer}_encrypted_response_enc": lambda value: value in CONTENT for answer in ANSWERS},
}


@frozen
class Encryption:
    """How one kind of answer is encrypted for a client."""

    alg: str
    enc: str

    @property
    def key_type(self) -> str:
        """The kind of key that is needed."""
        return ALGORITHMS[self.alg]


def registered(answer: str, further: Mapping[str, Any]) -> Encryption | None:
    """Return how a client wants an answer encrypted, or None if it does not."""
    alg = further.get(f"{answer}_encrypted_response_alg")
    return Encryption(alg, further.get(f"{answer}_encrypted_response_enc", DEFAULT_CONTENT)) if alg else None


def check(further: Mapping[str, Any]) -> None:
    """Raise Invalid for a client that names `enc` without `alg`, or registers no key that we could encrypt with."""
    for answer in ANSWERS:
        how = registered(answer, further)
        if how is None and f"{answer}_encrypted_response_enc" in further:
            raise Invalid("client_metadata_wrong", name=f"{answer}_encrypted_response_enc")
        if how is not None and "jwks_uri" not in further and not fitting(further.get("jwks", {"keys": []}), how):
            raise Invalid("client_metadata_wrong", name=f"{answer}_encrypted_response_alg")


def fitting(key_set: object, how: Encryption) -> list[Key]:
    """Return the keys of a JWK Set that fit, in its order (OpenID Connect Core, 10.2)."""
    fit = [key for key in public_keys.for_encryption(key_set) if key.key_type == how.key_type]
    return [key for key in fit if key.get("alg", how.alg) == how.alg]


def encrypted(text: bytes, key: Key, how: Encryption, **header: str) -> str:
    """Return a JWE in compact form; `header` is what it says beside the algorithms and the name of the key."""
    named = {"kid": key.kid} if key.get("kid") else {}
    whole = {"alg": how.alg, "enc": how.enc, **named, **header}
    return jwe.encrypt_compact(whole, text, key, algorithms=[how.alg, how.enc])
