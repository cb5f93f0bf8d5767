"""Random tokens that are stored only as hashes, and small values that a browser keeps for us under our signature."""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import Any

from itsdangerous import BadData, TimedSerializer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

from idp.core.settings import current

TOKEN_BYTES = 32
LONG = 1000


class Signer(URLSafeTimedSerializer):
    """Signs values as texts for addresses and cookies; a short one is not compressed, which took half of the time."""

    def dump_payload(self, obj: Any) -> bytes:
        """Return a value as text, before it is signed."""
        plain = TimedSerializer.dump_payload(self, obj)
        return super().dump_payload(obj) if len(plain) > LONG else base64_encode(plain)


def new_token() -> str:
    """Return a fresh URL-safe token of 256 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def base64url(content: bytes) -> str:
    """Return bytes in base64url without padding (RFC 4648, 5)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def digest(token: str) -> bytes:
    """Return the SHA-256 that is stored for a token; a random token of 256 bits needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def seal_of(purpose: str, text: str) -> str:
    """Return the proof that we wrote `text` for this purpose (HMAC-SHA-256, 43 characters)."""
    sealing = _sealing(current().server.secret_key, purpose).copy()
    sealing.update(text.encode())
    return base64url(sealing.digest())


@lru_cache(32)
def _sealing(key: str, purpose: str) -> hmac.HMAC:
    """Return what begins each seal: to make it anew takes ten times as long as to go on with a copy."""
    return hmac.new(hashlib.sha256(f"ern-login.{purpose}.{key}".encode()).digest(), digestmod="sha256")


def sign(purpose: str, value: Any) -> str:
    """Return `value` (JSON) as a signed, dated text that only `unsign` with the same purpose accepts."""
    return _signer(current().server.secret_key, purpose).dumps(value)


def unsign(purpose: str, text: str, max_age: int) -> Any | None:
    """Return the value signed at most `max_age` seconds ago, or None if the text is not ours or too old."""
    try:
        return _signer(current().server.secret_key, purpose).loads(text, max_age=max_age)
    except BadData:
        return None


@lru_cache(32)
def _signer(key: str, purpose: str) -> Signer:
    return Signer(key, salt=f"ern-login.{purpose}")
