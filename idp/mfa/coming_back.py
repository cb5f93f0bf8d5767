"""Coming back after PANIC without anybody's help: a saved recovery code and a code from the mailbox (SECURITY.md, 1).

Both have to be from before: the sheet was made before the PANIC, the address was verified a week before it or with the
account. A password that was replaced through the mailbox within the week before, or at any time since, closes this way:
else the mailbox would stand for the password too, and two of three things that we ask for were one.
"""

import secrets
from collections.abc import Callable, Collection
from datetime import timedelta

from sqlalchemy import update

from idp.accounts import notices, people, session
from idp.accounts.models import Account
from idp.core import audit, clock, vault
from idp.core.db import db, transactional
from idp.core.errors import Expired, Invalid, NotAllowed
from idp.core.limits import Budget, spend
from idp.core.values import frozen
from idp.mfa import enrolment, factors, panic, recovery_codes
from idp.mfa.factor import Rejected, Secret
from idp.mfa.models import Authenticator, Panic

DIGITS = 8
MINUTES = 10
TRIES = 3
MAILS_PER_HOUR = 3
ANSWERS_PER_DAY = 10
WEEK = timedelta(days=7)


@frozen
class Codes:
    """Both codes as they were typed, and which of the devices (ids) that were registered since are the person's own."""

    saved: str
    mailed: str
    mine: Collection[int]


def obstacle(account: Account) -> str | None:
    """Return why this way is closed ("no_codes", "reset", "no_address"), or None if it is open."""
    record = panic.opened(account.id)
    if record is None or not record.sealed:
        return "no_codes"
    if account.password_reset_at and account.password_reset_at > record.begun_at - WEEK:
        return "reset"
    return None if _mailbox(account, record) else "no_address"


def address(account: Account) -> str:
    """Return the mailbox that the code goes to; raise NotAllowed where this way is closed."""
    record = panic.opened(account.id)
    why = obstacle(account)
    if why or record is None:
        raise NotAllowed(f"come_back.{why or 'no_codes'}")
    return _mailbox(account, record)


def send(account: Account) -> None:
    """Mail a fresh code; raise NotAllowed where this way is closed, TooMany after a few mails."""
    to = address(account)
    spend(Budget("come_back.mails", account.id, MAILS_PER_HOUR, 3600))
    _send(account.id, to)


@transactional
def _send(account_id: int, to: str) -> None:
    account, record = people.locked(account_id), panic.opened(account_id)
    if record is None:
        raise Expired("come_back.over")
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    record.code_digest = vault.seal_json(_seal(account_id), code)
    record.code_expires_at, record.code_tries = clock.now() + timedelta(minutes=MINUTES), TRIES
    audit.record("mfa.come_back.ask", subject=account.uid)
    names = {"name": account.name, "uid": account.uid, "code": code, "minutes": MINUTES}
    notices.mail(to, "mfa/mail/come_back", account.language, **names)


def registered(account: Account) -> list[Authenticator]:
    """Return the devices that were registered since; anybody with the password could do it."""
    return [one for one in enrolment.authenticators(account.id) if one.kind not in factors.SPARE]


def prove(account: Account, given: Codes, then: Callable[[], None]) -> None:
    """Do `then`, and close the record, in one act, if both codes are right; a code of the sheet works once.

    What else was added since goes in the same act, with every other session: devices that are not among `given.mine`.

    Raise Invalid("come_back.wrong") if one of them is wrong, without telling which; NotAllowed where this way is
    closed; Expired if the mailed code can no longer be answered; TooMany after too many answers of a day.
    """
    address(account)
    spend(Budget("come_back.answers", account.id, ANSWERS_PER_DAY, 24 * 3600))
    mailed, saved = _take_a_try(account.id)
    try:
        recovery_codes.without(saved, given.saved)
        right = secrets.compare_digest(mailed, "".join(filter(str.isdigit, given.mailed)))
    except Rejected:
        right = False
    if not right:
        _failed(account)
        raise Invalid("come_back.wrong")
    _passed(account.id, given.mine, then)


@transactional
def _take_a_try(account_id: int) -> tuple[str, Secret]:
    """Count before judging; return the mailed code and the saved set."""
    this = (Panic.account_id == account_id, Panic.recognised_at.is_(None))
    open_one = (*this, Panic.code_tries > 0, Panic.code_expires_at > clock.now())
    taken = db.session.execute(update(Panic).where(*open_one).values(code_tries=Panic.code_tries - 1))
    record = panic.opened(account_id)
    if taken.rowcount != 1 or record is None or not (record.code_digest and record.sealed):  # type: ignore[attr-defined]
        raise Expired("come_back.over")
    db.session.refresh(record)
    return vault.unseal_json(_seal(account_id), record.code_digest), vault.unseal_json(
        panic.seal_of(account_id), record.sealed
    )


@transactional
def _failed(account: Account) -> None:
    audit.record("mfa.come_back.fail", subject=account.uid)


@transactional
def _passed(account_id: int, mine: Collection[int], then: Callable[[], None]) -> None:
    account = people.locked(account_id)
    if panic.opened(account_id) is None or obstacle(account):
        raise Expired("come_back.over")
    audit.record("mfa.come_back.pass", subject=account.uid)
    for one in enrolment.authenticators(account_id):
        if one.id not in mine:
            enrolment.drop(account, one)
    session.end_all(account_id, "recognised", keep=session.current())
    then()
    panic.recognise(account_id)


def _mailbox(account: Account, record: Panic) -> str:
    """Return a mailbox from well before, the primary one first; empty if there is none."""
    old = [
        one
        for one in account.addresses
        if one.verified_at <= record.begun_at - WEEK or one.verified_at <= account.created_at
    ]
    return next((one.address for one in sorted(old, key=lambda one: not one.is_primary)), "")


def _seal(account_id: int) -> str:
    return f"panic.code.{account_id}"
