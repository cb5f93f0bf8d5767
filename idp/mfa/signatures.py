"""Signatures and public keys as browsers make them: ECDSA on P-256 with SHA-256, in raw form (RFC 7518, 3.4)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from idp.core.signed import base64url

SIZE = 32
ALGORITHM = ec.ECDSA(hashes.SHA256())
ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


def decoded(text: str, size: int) -> bytes:
    """Return `size` bytes from base64url without padding; raise ValueError for anything else."""
    if not ALPHABET.fullmatch(text):
        raise ValueError("not base64url")
    try:
        value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError("not base64url") from None
    if len(value) != size or base64url(value) != text:
        raise ValueError("not the right number of bytes")
    return value


def lines(*parts: str) -> bytes:
    """Return the bytes of lines, which is what is signed."""
    return "\n".join(parts).encode()


def hashed(value: bytes) -> str:
    """Return the SHA-256 in base64url."""
    return base64url(hashlib.sha256(value).digest())


def checked(key: Any) -> dict[str, str]:
    """Return the four members of a public key in a JWK (RFC 7518, 6.2); raise ValueError if it is none on P-256."""
    if not isinstance(key, Mapping) or key.get("kty") != "EC" or key.get("crv") != "P-256" or "d" in key:
        raise ValueError("not a public key on P-256")
    if not isinstance(key.get("x"), str) or not isinstance(key.get("y"), str):
        raise ValueError("no point")
    plain = {"kty": "EC", "crv": "P-256", "x": key["x"], "y": key["y"]}
    _key(plain)
    return plain


def point(raw: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key of an uncompressed point (SEC 1, 2.3.3); raise ValueError if it is not on P-256."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)


def verified(key: Mapping[str, str], signature: str, message: bytes) -> bool:
    """Say whether a signature (64 bytes in base64url) over a message is that of a checked key."""
    try:
        raw = decoded(signature, 2 * SIZE)
        r, s = int.from_bytes(raw[:SIZE], "big"), int.from_bytes(raw[SIZE:], "big")
        _key(key).verify(encode_dss_signature(r, s), message, ALGORITHM)
    except (ValueError, InvalidSignature):
        return False
    return True


def signed(key: ec.EllipticCurvePrivateKey, message: bytes) -> str:
    """Return a signature in the form that `verified` takes."""
    r, s = decode_dss_signature(key.sign(message, ALGORITHM))
    return base64url(r.to_bytes(SIZE, "big") + s.to_bytes(SIZE, "big"))


def public(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Return the public half of a key as a JWK."""
    point = key.public_key().public_numbers()
    x, y = (base64url(number.to_bytes(SIZE, "big")) for number in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def _key(key: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(decoded(key[name], SIZE), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
