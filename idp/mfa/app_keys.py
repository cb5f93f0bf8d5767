"""The keys with which we sign the QR codes of the mobile app: made here, sealed at rest, told to each app beforehand.

A new key is told from the first day and signs from the eighth, when the apps have heard of it; the old one is told for
as long as it is kept. One more key signs pushes (RFC 8292) and stays: browsers subscribe for it.
"""

import hashlib
import time
from datetime import datetime, timedelta
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from flask import current_app
from sqlalchemy import select

from idp.core import audit, clock, vault
from idp.core.db import db, transactional
from idp.core.signed import base64url
from idp.core.values import frozen
from idp.mfa import signatures
from idp.mfa.models import AppKey, AppKeyUse

SEAL = "app key"
HELD = "ern_app_keys"
TOLD_BEFORE = timedelta(days=7)
FRESH_SECONDS = 60
KID_LENGTH = 8


@frozen
class ServerKey:
    """One key: its name, since when it exists, and the key."""

    kid: str
    made_at: datetime
    key: ec.EllipticCurvePrivateKey

    def sign(self, message: bytes) -> str:
        """Return the signature over a message."""
        return signatures.signed(self.key, message)


def vapid() -> ec.EllipticCurvePrivateKey:
    """Return the key that signs pushes."""
    return _ring(AppKeyUse.PUSH)[0].key


def told() -> list[dict[str, str]]:
    """Return the public keys that an app keeps, as JWKs with their `kid`."""
    return [{"kid": one.kid, **signatures.public(one.key)} for one in _ring(AppKeyUse.QUESTION)]


def current() -> ServerKey:
    """Return the key that signs now: the newest that the apps have heard of, else the first."""
    held = _ring(AppKeyUse.QUESTION)
    known = [one for one in held if one.made_at <= clock.now() - TOLD_BEFORE]
    return known[-1] if known else held[0]


Ring = dict[AppKeyUse, list[ServerKey]]


@transactional
def make(use: AppKeyUse = AppKeyUse.QUESTION) -> str:
    """Add a key and return its name; for questions it signs from the eighth day on, the first one at once."""
    key = ec.generate_private_key(ec.SECP256R1())
    raw = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    kid = _thumbprint(signatures.public(key))
    db.session.add(AppKey(kid=kid, use=use, sealed=vault.seal(SEAL, raw), created_at=clock.now()))
    audit.record("mfa.app_key.make", object=kid, after={"use": use.value})
    current_app.extensions.pop(HELD, None)
    return kid


@transactional
def ensure() -> None:
    """Make the first key of each use, if there is none."""
    present = set(db.session.scalars(select(AppKey.use)))
    for use in AppKeyUse:
        if use not in present:
            make(use)


def _ring(use: AppKeyUse) -> list[ServerKey]:
    """Return the keys as this process holds them, the oldest first: parsed once, read again after a minute."""
    held: tuple[float, Ring] | None = current_app.extensions.get(HELD)
    if held is None or time.monotonic() - held[0] > FRESH_SECONDS:
        held = current_app.extensions[HELD] = (time.monotonic(), _read())
    return held[1][use]


def _read() -> Ring:
    rows = _rows()
    if {row.use for row in rows} != set(AppKeyUse):
        ensure()
        rows = _rows()
    return {
        use: [ServerKey(row.kid, row.created_at, _parsed(row)) for row in rows if row.use is use] for use in AppKeyUse
    }


def _rows() -> list[AppKey]:
    return list(db.session.scalars(select(AppKey).order_by(AppKey.created_at, AppKey.kid)))


def _parsed(row: AppKey) -> ec.EllipticCurvePrivateKey:
    key: Any = load_der_private_key(vault.unseal(SEAL, row.sealed), None)
    return key  # type: ignore[no-any-return]


def _thumbprint(key: dict[str, str]) -> str:
    """Return the start of the key's thumbprint (RFC 7638)."""
    named = orjson.dumps({name: key[name] for name in ("crv", "kty", "x", "y")})
    return base64url(hashlib.sha256(named).digest())[:KID_LENGTH]
