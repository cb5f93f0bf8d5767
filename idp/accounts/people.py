"""Who has an account: making one, and finding it again by e-mail address or identifier."""

import importlib
import secrets
import string
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import lazyload

from idp.accounts import passwords
from idp.accounts.models import Account, AccountState, EmailAddress
from idp.accounts.open_session import OF_PERSON
from idp.accounts.open_session import Person as Holder
from idp.accounts.passwords import Guarded
from idp.core import audit, clock
from idp.core.db import db, transactional
from idp.core.errors import Conflict, Invalid
from idp.core.prepared import Prepared
from idp.core.values import frozen

# By name: it takes 15 ms to load, with the first address.
ADDRESSES = "email_validator"
# Statements of each sign-in, built once.
GUARDED = select(*(getattr(Account, name) for name in Guarded._fields))
BY_ADDRESS = Prepared(GUARDED.join(EmailAddress).where(EmailAddress.normalized == bindparam("normalized")))
BY_UID = Prepared(GUARDED.where(Account.uid == bindparam("uid")))
HELD = Prepared(select(*OF_PERSON).where(Account.id == bindparam("account_id")).with_for_update())
UID_CHARACTERS = string.digits + string.ascii_lowercase
LONGEST_ADDRESS = 254


@frozen
class Person:
    """What is known of somebody before there is an account; `uid` is the identifier promised to the person."""

    first_name: str
    last_name: str
    email: str
    language: str
    uid: str


def new_uid() -> str:
    """Return a fresh identifier: the letter n and seven digits or letters."""
    return "n" + "".join(secrets.choice(UID_CHARACTERS) for _ in range(7))


def normalize(address: str) -> str:
    """Return the form of an e-mail address that decides whose it is; raise Invalid if it is none."""
    return clean_address(address).lower()


def clean_address(address: str) -> str:
    """Return an e-mail address as mail is sent to it; raise Invalid("email_invalid") if it is none."""
    addresses = importlib.import_module(ADDRESSES)
    try:
        judged = addresses.validate_email(address.strip()[: LONGEST_ADDRESS + 1], check_deliverability=False)
    except addresses.EmailNotValidError:
        raise Invalid("email_invalid") from None
    clean: str = judged.normalized
    return clean


def by_address(address: str) -> Account | None:
    """Return the account that owns an e-mail address."""
    try:
        normalized = normalize(address)
    except Invalid:
        return None
    return db.session.scalar(_owner(), {"normalized": normalized})


def by_uid(uid: str) -> Account | None:
    """Return the account with an identifier."""
    return db.session.scalar(_named(), {"uid": uid.strip().lower()})


def by_identifier(identifier: str) -> Account | None:
    """Return the account that a person names at sign-in: by e-mail address or by identifier."""
    return by_address(identifier) if "@" in identifier else by_uid(identifier)


def guarded(identifier: str) -> Guarded | None:
    """Return what `by_identifier` does, as plain values."""
    try:
        by_address = {"normalized": normalize(identifier)} if "@" in identifier else None
    except Invalid:
        return None
    found = BY_ADDRESS.first(**by_address) if by_address else BY_UID.first(uid=identifier.strip().lower())
    return Guarded._make(found) if found else None


def mailbox(account: Account, identifier: str) -> str:
    """Return the account's verified address that `identifier` names, else its primary one."""
    named = identifier.strip().lower()
    return next((known.address for known in account.addresses if known.normalized == named), account.email)


def locked(account_id: int) -> Account:
    """Return an account as it is now, and let every other act that begins so wait until this one is over.

    What gives a session or takes a factor away begins so, else a sign-in under way could outlive a PANIC.
    """
    return db.session.scalars(_locked(), {"account_id": account_id}).one()


def held(account_id: int) -> Holder:
    """Do what `locked` does, with plain values: objects were half of a sign-in without its hash."""
    row: Any = HELD.first(account_id=account_id)
    return Holder._make(row)


@cache
def _locked() -> Select[Account]:
    found = _lean().where(Account.id == bindparam("account_id"))
    return found.with_for_update().execution_options(populate_existing=True)


def words(person: Person | Account) -> tuple[str, ...]:
    """Return what others know about a person, and what a password therefore must not be made of."""
    return (person.first_name, person.last_name, person.uid, person.email)


def create(first_name: str, last_name: str, email: str, password: str, language: str, **flags: bool) -> Account:
    """Make an account with a verified address, or return the one that has the address already.

    `flags` are boolean columns of the account. The password is not judged. Must not be called inside an act.
    """
    existing = by_address(email)
    if existing:
        return existing
    hashed = passwords.hash_of(password)
    try:
        return add(Person(first_name, last_name, clean_address(email), language, new_uid()), hashed, **flags)
    except Conflict:
        return db.session.scalars(_owner(), {"normalized": normalize(email)}).one()


@transactional
def add(person: Person, password_hash: str, **flags: bool) -> Account:
    """Write a new account with its verified address; raise Conflict("address_taken") if the address has one."""
    account = _insert(person, password_hash, flags)
    while account is None:
        if by_address(person.email):
            raise Conflict("address_taken")
        person = replace(person, uid=new_uid())
        account = _insert(person, password_hash, flags)
    audit.record("account.create", subject=account.uid, after=flags or None)
    return account


@transactional
def make_administrator(account: Account) -> None:
    """Make somebody a platform administrator, who is always asked for two factors; the operator's command only."""
    account.is_administrator = account.always_mfa = True
    account.updated_at = clock.now()
    audit.record("account.administrator", subject=account.uid, after={"is_administrator": True})


def _insert(person: Person, password_hash: str, flags: dict[str, bool]) -> Account | None:
    """Try to write an account; None if its address or identifier is taken."""
    account = _account(person, password_hash, flags)
    try:
        with db.session.begin_nested():
            db.session.add(account)
    except IntegrityError:
        return None
    return account


@cache
def _owner() -> Select[Account]:
    return _lean().join(EmailAddress).where(EmailAddress.normalized == bindparam("normalized"))


@cache
def _named() -> Select[Account]:
    return _lean().where(Account.uid == bindparam("uid"))


def _lean() -> Select[Account]:
    """Return the question for an account whose addresses are read when they are looked at, which is seldom."""
    return select(Account).options(lazyload(Account.addresses))


def _account(person: Person, password_hash: str, flags: dict[str, bool]) -> Account:
    now = clock.now()
    address = EmailAddress(address=person.email, normalized=normalize(person.email), is_primary=True, verified_at=now)
    always_mfa = {"always_mfa": flags.get("is_administrator", False)}
    return Account(
        uid=person.uid,
        first_name=person.first_name,
        last_name=person.last_name,
        language=person.language,
        state=AccountState.ACTIVE,
        password_hash=password_hash,
        password_changed_at=now,
        created_at=now,
        updated_at=now,
        addresses=[address],
        **{**always_mfa, **flags},
    )
