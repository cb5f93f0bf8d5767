"""Signing keys: made here, sealed at rest, published as a JWK Set (RFC 7517)."""

import time
from dataclasses import dataclass
from typing import Any

from flask import current_app
from joserfc.jwk import ECKey, KeyParameters, KeySet, RSAKey
from sqlalchemy import select

from idp.core import audit, clock, vault
from idp.core.db import db, transactional, upsert
from idp.oidc.models import SigningKey

SEAL = "signing key"
ALGORITHMS = ("ES256", "RS256")
RSA_BITS = 2048
FRESH_SECONDS = 60

Key = ECKey | RSAKey


@dataclass(frozen=True)
class Ring:
    """The keys of the server as one process holds them: parsed once, read again after a minute."""

    signing: dict[str, Key]
    all: KeySet
    public: dict[str, Any]
    read_at: float


def ring() -> Ring:
    """Return the keys; the first call on an empty database makes them."""
    held: Ring | None = current_app.extensions.get("ern_keys")
    if held is None or time.monotonic() - held.read_at > FRESH_SECONDS:
        held = current_app.extensions["ern_keys"] = _read()
    return held


def _read() -> Ring:
    rows = _rows()
    if {row.algorithm for row in rows if row.retired_at is None} != set(ALGORITHMS):
        ensure()
        rows = _rows()
    keys = {row.kid: _parsed(row) for row in rows}
    signing = {row.algorithm: keys[row.kid] for row in rows if row.retired_at is None}
    everything = KeySet(list(keys.values()))
    return Ring(signing, everything, dict(everything.as_dict(private=False)), time.monotonic())


def _rows() -> list[SigningKey]:
    return list(db.session.scalars(select(SigningKey).order_by(SigningKey.created_at, SigningKey.kid)))


@transactional
def ensure() -> None:
    """Make the missing keys, one per algorithm."""
    present = set(db.session.scalars(select(SigningKey.algorithm).where(SigningKey.retired_at.is_(None))))
    for algorithm in ALGORITHMS:
        if algorithm not in present:
            _make(algorithm)


def _make(algorithm: str) -> None:
    use: KeyParameters = {"use": "sig", "alg": algorithm}
    key: Key
    if algorithm == "ES256":
        key = ECKey.generate_key("P-256", use, auto_kid=True)
    else:
        key = RSAKey.generate_key(RSA_BITS, use, auto_kid=True)
    values = {
        "kid": key.kid,
        "algorithm": algorithm,
        "sealed": vault.seal_json(SEAL, key.as_dict(private=True)),
        "created_at": clock.now(),
    }
    made = db.session.execute(upsert(SigningKey.__table__, db.session()).values(values).on_conflict_do_nothing())
    if made.rowcount:  # type: ignore[attr-defined]
        audit.record("oidc.key.make", object=key.kid, after={"algorithm": algorithm})


def _parsed(row: SigningKey) -> Key:
    raw = vault.unseal_json(SEAL, row.sealed)
    return ECKey.import_key(raw) if row.algorithm == "ES256" else RSAKey.import_key(raw)
