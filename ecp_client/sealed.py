"""Random values, their hashes for the database, and encryption of the tokens that we have to keep."""

import hashlib
import secrets
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet


def fresh() -> str:
    """A new unguessable value (256 bits) for a cookie, a `state` or a `nonce`."""
    return secrets.token_urlsafe(32)


def digest(value: str) -> str:
    """What the database holds instead of a random value: useless to whoever reads it."""
    return hashlib.sha256(value.encode()).hexdigest()


def seal(secret_key: str, text: str) -> bytes:
    """The text, encrypted and authenticated under the secret of this program."""
    return _box(secret_key).encrypt(text.encode())


def unseal(secret_key: str, sealed: bytes) -> str:
    """The text again; raises cryptography.fernet.InvalidToken after a change of the secret."""
    return _box(secret_key).decrypt(sealed).decode()


def _box(secret_key: str) -> Fernet:
    return Fernet(urlsafe_b64encode(hashlib.sha256(b"ecp tokens:" + secret_key.encode()).digest()))
