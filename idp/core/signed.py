"""Random tokens that are stored only as hashes, and small values that a browser keeps for us under our signature."""

import base64
import hashlib
import hmac
import secrets
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from idp.core.settings import current

TOKEN_BYTES = 32


def new_token() -> str:
    """Return a fresh URL-safe token of 256 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """Return the SHA-256 that is stored for a token; a random token of 256 bits needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def seal_of(purpose: str, text: str) -> str:
    """Return the proof that we wrote `text` for this purpose (HMAC-SHA-256, 43 characters)."""
    key = hashlib.sha256(f"ern-login.{purpose}.{current().server.secret_key}".encode()).digest()
    return base64.urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")).rstrip(b"=").decode()


def sign(purpose: str, value: Any) -> str:
    """Return `value` (JSON) as a signed, dated text that only `unsign` with the same purpose accepts."""
    return _serializer(purpose).dumps(value)


def unsign(purpose: str, text: str, max_age: int) -> Any | None:
    """Return the value signed at most `max_age` seconds ago, or None if the text is not ours or too old."""
    try:
        return _serializer(purpose).loads(text, max_age=max_age)
    except BadData:
        return None


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current().server.secret_key, salt=f"ern-login.{purpose}")
