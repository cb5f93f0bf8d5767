"""Signing keys: made here, sealed at rest, published as a JWK Set (RFC 7517), replaced before they are old.

Of each algorithm one key waits, one signs, and those before still verify what they signed. The one that waits is
published long before it signs, so that no client meets a key that it cannot know (OpenID Connect Core, 10.1.1).
"""

import time
from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

import orjson
from flask import current_app
from joserfc.jwk import ECKey, KeyParameters, KeySet, RSAKey
from sqlalchemy import delete, select, update

from idp.core import audit, clock, settings, vault
from idp.core.db import db, transactional, upsert
from idp.core.values import frozen
from idp.oidc.models import SigningKey

SEAL = "signing key"
HELD = "ern_keys"
ALGORITHMS = ("ES256", "RS256")
RSA_BITS = 2048
FRESH_SECONDS = 60
# A token of a key that we do not know makes us read again, but not more often than this.
ANEW_SECONDS = 1
OVERLAP = timedelta(hours=24)

Key = ECKey | RSAKey


@frozen
class Ring:
    """The keys of the server as one process holds them: read again after a minute, and each parsed once.

    OpenSSL proves the primes of an RSA key before it takes it, for 30 ms; `kid` is the thumbprint of a key (RFC 7638),
    so what has the same one is the same key.

    `verified`: what was signed with them and shown lately, so that the same signature is not verified again and again.
    """

    signing: dict[str, Key]
    all: KeySet
    public: bytes
    read_at: float
    verified: dict[str, Any] = field(default_factory=dict)


def ring(kid: str | None = None, *, anew: bool = False) -> Ring:
    """Return the keys, read again if `kid` is not among them or `anew` asks; on an empty database they are made."""
    extensions = settings.application().extensions
    held: Ring | None = extensions.get(HELD)
    known = held is not None and not anew and (kid is None or any(key.kid == kid for key in held.all))
    if held is None or time.monotonic() - held.read_at > (FRESH_SECONDS if known else ANEW_SECONDS):
        held = extensions[HELD] = _read(held)
    return held


def still(held: Ring) -> Callable[[], bool]:
    """Return what says, outside of a request too, whether these are the keys of now."""
    extensions = current_app.extensions
    return lambda: held is extensions.get(HELD) and time.monotonic() - held.read_at <= ANEW_SECONDS


def _read(before: Ring | None) -> Ring:
    rows = _rows()
    signs = {row.algorithm: row.kid for row in rows if row.activated_at is not None and row.retired_at is None}
    if set(signs) != set(ALGORITHMS):
        ensure()
        return _read(before)
    parsed: dict[Any, Any] = {key.kid: key for key in before.all} if before is not None else {}
    keys: dict[str, Key] = {row.kid: parsed.get(row.kid) or _parsed(row) for row in rows}
    everything = KeySet(list(keys.values()))
    signing = {algorithm: keys[kid] for algorithm, kid in signs.items()}
    public = orjson.dumps(everything.as_dict(private=False))
    verified = before.verified if before is not None and before.public == public else {}
    return Ring(signing, everything, public, time.monotonic(), verified)


def _rows() -> list[SigningKey]:
    return list(db.session.scalars(select(SigningKey).order_by(SigningKey.created_at, SigningKey.kid)))


@transactional
def ensure() -> None:
    """Make the missing keys: of each algorithm one that signs and one that waits."""
    for algorithm in ALGORITHMS:
        of_kind = [row for row in _rows() if row.algorithm == algorithm and row.retired_at is None]
        if not any(row.activated_at for row in of_kind) and not _activate(algorithm):
            _make(algorithm, clock.now())
        if all(row.activated_at for row in of_kind):
            _make(algorithm, None)


@transactional
def rotate() -> None:
    """Let the keys that wait sign from now on; what the others signed is verified for as long as it lives."""
    ensure()
    # One rotation after the other: the second waits here and then sees what the first one made.
    db.session.execute(select(SigningKey.kid).order_by(SigningKey.kid).with_for_update())
    for algorithm in ALGORITHMS:
        current = (SigningKey.algorithm == algorithm) & SigningKey.activated_at.is_not(None)
        signs = current & SigningKey.retired_at.is_(None)
        db.session.execute(update(SigningKey).where(signs).values(retired_at=clock.now()))
        _activate(algorithm)
    ensure()
    audit.record("oidc.key.rotate")
    current_app.extensions.pop(HELD, None)


@transactional
def sweep() -> None:
    """Rotate when the keys that sign are old, and forget those whose last tokens are over."""
    configuration = settings.current().oidc
    now = clock.now()
    ensure()
    since = [row.activated_at for row in _rows() if row.activated_at is not None and row.retired_at is None]
    if min(since) <= now - timedelta(days=configuration.key_days):
        rotate()
    longest = max(configuration.access_token_seconds, configuration.id_token_seconds)
    over = SigningKey.retired_at < now - timedelta(seconds=longest) - OVERLAP
    db.session.execute(delete(SigningKey).where(over))


def described() -> list[tuple[str, str, str, datetime]]:
    """Return every key: its identifier, its algorithm, what it does (waits, signs, verifies), and since when."""
    told = []
    for row in _rows():
        if row.retired_at is not None:
            told.append((row.kid, row.algorithm, "verifies", row.retired_at))
        elif row.activated_at is not None:
            told.append((row.kid, row.algorithm, "signs", row.activated_at))
        else:
            told.append((row.kid, row.algorithm, "waits", row.created_at))
    return told


def _activate(algorithm: str) -> bool:
    waits = (SigningKey.algorithm == algorithm) & SigningKey.activated_at.is_(None)
    done = db.session.execute(update(SigningKey).where(waits).values(activated_at=clock.now()))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def _make(algorithm: str, activated_at: datetime | None) -> None:
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
        "activated_at": activated_at,
    }
    row = upsert(SigningKey.__table__, db.session()).values(values).on_conflict_do_nothing()
    if db.session.scalar(row.returning(SigningKey.kid)) is not None:
        audit.record("oidc.key.make", object=key.kid, after={"algorithm": algorithm})


def _parsed(row: SigningKey) -> Key:
    raw = vault.unseal_json(SEAL, row.sealed)
    return ECKey.import_key(raw) if row.algorithm == "ES256" else RSAKey.import_key(raw)
