"""Closing an account for ever: what is personal goes at once, what must be kept stays under the identifier alone."""

from sqlalchemy import Column, delete, func, select, update

from idp.accounts import people, questions, session
from idp.accounts.models import Account, AccountState, UserSession
from idp.accounts.notices import tell
from idp.core import audit, clock, signals
from idp.core.db import Model, db, transactional
from idp.core.errors import Conflict, NotAllowed

# Of what hangs on an account, what outlives it for a while: applications are still being told of the end of their
# sessions. `session.sweep` removes both.
OUTLIVE = frozenset({"user_session", "authorization_grant"})


def warnings(account: Account) -> list[str]:
    """Return what others will miss once the account is gone, in the language of the page."""
    return questions.leaving(account.id)


def is_needed(account: Account) -> bool:
    """Say whether nobody else could look after the platform."""
    others = select(func.count(Account.id)).where(
        Account.is_administrator, Account.state == AccountState.ACTIVE, Account.id != account.id
    )
    return account.is_administrator and not db.session.scalar(others)


@transactional
def close(account_id: int) -> None:
    """Close an account; its address can be registered again and gets another identifier.

    Whether the person may is the caller's to ask (`session.require_fresh`). Raise NotAllowed("last_administrator"),
    Conflict("account_closed") if it is closed already.
    """
    account = people.locked(account_id)
    if account.state is AccountState.CLOSED:
        raise Conflict("account_closed")
    if is_needed(account):
        raise NotAllowed("last_administrator")
    audit.record("account.close", subject=account.uid)
    tell(account, "closed", always=True)
    signals.account_closed.send(account_id)
    session.end_all(account_id, "closed")
    _erase(account)


def _erase(account: Account) -> None:
    """Remove what is personal: the rows that hang on the account, and what the account's own row says."""
    blank = {"user_agent": "", "source": ""}
    db.session.execute(update(UserSession).where(UserSession.account_id == account.id).values(**blank))
    for column in _hanging():
        db.session.execute(delete(column.table).where(column == account.id))
    account.first_name, account.last_name, account.password_hash = "", account.uid, ""
    account.is_administrator = account.always_mfa = account.notify_by_mail = False
    account.state, account.updated_at = AccountState.CLOSED, clock.now()
    db.session.flush()
    db.session.expire(account, ["addresses"])


def _hanging() -> list[Column[int]]:
    """Return the columns that name an account whose row their own row goes with, those that others refer to last."""
    tables = [table for table in reversed(Model.metadata.sorted_tables) if table.name not in OUTLIVE]
    keys = [key for table in tables for key in table.foreign_keys]
    return [key.parent for key in keys if key.target_fullname == "account.id" and key.ondelete == "CASCADE"]
