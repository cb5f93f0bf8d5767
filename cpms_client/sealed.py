"""Sealing: what must not lie readable in the database (tokens, kept forms) is encrypted with the secret key."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


def seal(value: Any) -> str:
    """Encrypt a JSON value (RFC 5869 key derivation, Fernet encryption)."""
    return _fernet().encrypt(json.dumps(value).encode()).decode()


def unseal(text: str) -> Any:
    """Decrypt what `seal` made; None when the key has changed since."""
    try:
        return json.loads(_fernet().decrypt(text.encode()))
    except InvalidToken:
        return None


def new_token() -> str:
    """Make an unguessable text of 256 bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Give what the database keeps of a token: enough to recognise it, useless to a thief."""
    return hashlib.sha256(token.encode()).hexdigest()


def _fernet() -> Fernet:
    secret = current_app.extensions["cpms_settings"].secret_key
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"cpms sealed values").derive(secret.encode())
    return Fernet(urlsafe_b64encode(key))
