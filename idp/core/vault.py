"""Secrets at rest: factor secrets, signing keys and unsent messages are sealed with AES-256-GCM (NIST SP 800-38D)."""

import base64
import binascii
import hashlib
import os
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idp.core.settings import SettingsError, current

KEY_ID_BYTES = 4
NONCE_BYTES = 12


class Tampered(Exception):
    """The sealed value was changed, or was sealed for another purpose or with an unknown key."""


def seal(purpose: str, value: bytes) -> bytes:
    """Encrypt `value` with the first key, bound to `purpose` (the place it is stored in)."""
    key = _keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    return _key_id(key) + nonce + AESGCM(key).encrypt(nonce, value, purpose.encode())


def unseal(purpose: str, sealed: bytes) -> bytes:
    """Decrypt what `seal` gave for the same purpose; raise Tampered otherwise."""
    key_id, nonce = sealed[:KEY_ID_BYTES], sealed[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES]
    key = next((key for key in _keys() if _key_id(key) == key_id), None)
    if key is None:
        raise Tampered(purpose)
    try:
        return AESGCM(key).decrypt(nonce, sealed[KEY_ID_BYTES + NONCE_BYTES :], purpose.encode())
    except (InvalidTag, ValueError):
        raise Tampered(purpose) from None


def seal_json(purpose: str, value: Any) -> bytes:
    """Seal a JSON value."""
    return seal(purpose, orjson.dumps(value))


def unseal_json(purpose: str, sealed: bytes) -> Any:
    """Give a JSON value back; raise Tampered as `unseal` does."""
    return orjson.loads(unseal(purpose, sealed))


def check(keys: tuple[str, ...]) -> None:
    """Raise SettingsError unless there is a key and every key is the base64 of 32 bytes."""
    if not keys:
        raise SettingsError("[vault] keys is missing (encrypts factor secrets and signing keys).")
    for key in keys:
        try:
            right = len(base64.b64decode(key, validate=True)) == 32
        except binascii.Error:
            right = False
        if not right:
            raise SettingsError("[vault] keys must each be the base64 of exactly 32 bytes.")


def _keys() -> list[bytes]:
    return [base64.b64decode(key) for key in current().vault.keys]


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:KEY_ID_BYTES]
