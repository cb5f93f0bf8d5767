"""Passwords as Argon2id hashes; hashing costs memory and time on purpose, so that few run at the same time.

None of this may happen inside an act: the database's write lock would wait for the hash.
"""

import base64
import hashlib
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type, hash_secret_raw
from flask import current_app
from sqlalchemy import update

from idp.accounts.models import Account, AccountState
from idp.core import settings
from idp.core.db import db, in_transaction, transactional
from idp.core.errors import Busy

WAIT_SECONDS = 2.0
RETRY_AFTER_SECONDS = 5
# For texts that we chose at random ourselves: fixed, for a changed setting would void what people have on paper.
STRETCH_PASSES = 2
STRETCH_KIB = 8192


class Guarded(NamedTuple):
    """Whose password it is (see `Account`), for who only tries it."""

    id: int
    uid: str
    state: AccountState
    password_hash: str


def normalize(password: str) -> str:
    """Return the password in the form that every keyboard and system agrees on (NIST SP 800-63B-4, 3.1.1.2: NFC)."""
    return unicodedata.normalize("NFC", password)


def hash_of(password: str) -> str:
    """Return the hash that is stored for a password; raise Busy if the server has no room at this moment."""
    with _permit():
        return _hasher().hash(normalize(password))


def stretched(text: str, salt: str) -> str:
    """Return what is stored of a short random text, hashed as slowly as a password; `salt` is 16 bytes in hex.

    One salt may serve a set of texts, so that finding one among them costs one hash. Raise Busy.
    """
    with _permit():
        hashed = hash_secret_raw(
            text.encode(),
            bytes.fromhex(salt),
            time_cost=STRETCH_PASSES,
            memory_cost=STRETCH_KIB,
            parallelism=1,
            hash_len=32,
            type=Type.ID,
        )
    return hashed.hex()


def matches(account: Account | Guarded | None, password: str) -> bool:
    """Say whether this is the account's password; for nobody it is False and costs the same time.

    A hash made with other parameters than today's is renewed. Raise Busy if the server has no room at this moment.
    """
    if len(normalize(password)) > settings.current().passwords.max_length:
        return False
    hasher = _hasher()
    stored = account.password_hash if account else _nobodys(hasher)
    if not _verified(hasher, stored, password) or account is None:
        return False
    if hasher.check_needs_rehash(stored):
        _renew(account.id, stored, hash_of(password))
    return True


@transactional
def _renew(account_id: int, stored: str, renewed: str) -> None:
    """Replace a hash unless the password was changed meanwhile."""
    same = (Account.id == account_id, Account.password_hash == stored)
    db.session.execute(update(Account).where(*same).values(password_hash=renewed))


def _verified(hasher: PasswordHasher, stored: str, password: str) -> bool:
    with _permit():
        try:
            return hasher.verify(stored, normalize(password))
        except VerifyMismatchError:
            return False


@contextmanager
def _permit() -> Iterator[None]:
    if in_transaction():
        raise RuntimeError("a password must be hashed before the act that needs it")
    permits = settings.current().passwords.permits
    semaphore = current_app.extensions.setdefault("ern_password_permits", BoundedSemaphore(permits))
    if not semaphore.acquire(timeout=WAIT_SECONDS):
        raise Busy("busy", retry_after=RETRY_AFTER_SECONDS)
    try:
        yield
    finally:
        semaphore.release()


def _hasher() -> PasswordHasher:
    chosen = settings.current().passwords
    return _hasher_for(chosen.time_cost, chosen.memory_kib, chosen.parallelism)


@cache
def _hasher_for(time_cost: int, memory_kib: int, parallelism: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)


@cache
def _nobodys(hasher: PasswordHasher) -> str:
    """Return a well-formed hash with today's parameters that no password was ever hashed to."""
    salt, value = (_base64(hashlib.sha256(part).digest()[:size]) for part, size in ((b"salt", 16), (b"value", 32)))
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${value}"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).rstrip(b"=").decode()
