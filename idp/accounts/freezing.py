"""Freezing an account that somebody else seems to be in: nobody signs in until support has recognised the person.

A mailed link "This was not me" freezes without a sign-in. What is frozen is opened again by an operator after a check
of identity, never by the mailbox alone: whoever reads the mails of a stranger must not undo the stranger's alarm.
"""

from idp.accounts import links, people, session
from idp.accounts.links import Purpose
from idp.accounts.models import Account, AccountState
from idp.accounts.notices import tell
from idp.core import audit, clock, signals
from idp.core.db import db, transactional
from idp.core.errors import Expired


@transactional
def freeze(account_id: int, how: str) -> bool:
    """Freeze an account and end its sessions; say whether it was open before. `how` is for the audit trail."""
    account = people.locked(account_id)
    if account.state is not AccountState.ACTIVE:
        return False
    account.state, account.updated_at = AccountState.FROZEN, clock.now()
    db.session.flush()
    session.end_all(account.id, "frozen")
    signals.account_frozen.send(account.id)
    for purpose in (Purpose.PASSWORD, Purpose.EMAIL, Purpose.NOT_ME):
        links.revoke(purpose, account.id)
    audit.record("account.freeze", subject=account.uid, after={"how": how})
    tell(account, "frozen", always=True)
    return True


@transactional
def unfreeze(account_id: int, how: str) -> bool:
    """Open a frozen account again; say whether it was frozen. The caller has recognised the person."""
    account = people.locked(account_id)
    if account.state is not AccountState.FROZEN:
        return False
    account.state, account.updated_at = AccountState.ACTIVE, clock.now()
    audit.record("account.unfreeze", subject=account.uid, after={"how": how})
    tell(account, "unfrozen", always=True)
    return True


def alarmed(token: str) -> Account:
    """Return whose account a link "This was not me" freezes; raise Expired for a link that cannot be used."""
    link = links.find(Purpose.NOT_ME, token)
    account = db.session.get(Account, link.account_id)
    if account is None or account.state is not AccountState.ACTIVE:
        raise Expired("link_used")
    return account


def alarm(token: str) -> None:
    """Freeze by a link; sent twice within moments it succeeds twice. Raise Expired for a link that cannot be used."""
    try:
        account = alarmed(token)
        _alarm(links.find(Purpose.NOT_ME, token).id, account.id)
    except Expired:
        if links.just_used(Purpose.NOT_ME, token) is None:
            raise


@transactional
def _alarm(link_id: int, account_id: int) -> None:
    links.consume(link_id)
    freeze(account_id, "link")


@transactional
def remind(account: Account) -> None:
    """Tell the mailboxes of a frozen account, at most once a day, why its owner cannot sign in and what to do."""
    if account.state is AccountState.FROZEN:
        tell(account, "frozen", always=True, key=f"frozen:{account.id}:{clock.now():%Y-%m-%d}")
