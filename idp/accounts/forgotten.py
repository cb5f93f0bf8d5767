"""A new password for somebody who forgot it: by a mailed link, without touching factors and without signing in."""

from idp.accounts import links, password_rules, passwords, people, profile
from idp.accounts.links import Purpose
from idp.accounts.models import Account, AccountState
from idp.accounts.notices import mail
from idp.core import audit
from idp.core.db import db, transactional
from idp.core.errors import Expired, Invalid
from idp.core.limits import Budget, spend

AGAIN_TRIES = 5


def begin(identifier: str, language: str, source: str | None) -> None:
    """Mail a link to the account's mailbox, or tell a mailbox without an account; the caller cannot tell which.

    `language` is used for a mailbox that we do not know. Raise TooMany for too many wishes.
    """
    links.ask(_mailbox_of(identifier), source)
    _mail(identifier, language)


def _mailbox_of(identifier: str) -> str:
    """Return what wishes are counted against: one mailbox, in whatever way its address can be written."""
    try:
        return people.normalize(identifier)
    except Invalid:
        return identifier.strip().lower()


@transactional
def _mail(identifier: str, language: str) -> None:
    account = people.by_identifier(identifier)
    if account is None:
        _tell_stranger(identifier, language)
        return
    if account.state is not AccountState.ACTIVE:
        return
    link = links.address("accounts.new_password", token=links.issue(Purpose.PASSWORD, {}, account.id))
    to = people.mailbox(account, identifier)
    audit.record("account.password.forgot", subject=account.uid)
    mail(to, "forgotten", account.language, name=account.name, uid=account.uid, link=link)


def _tell_stranger(identifier: str, language: str) -> None:
    """Tell a mailbox without an account so; what is no e-mail address has no mailbox."""
    try:
        to = people.clean_address(identifier)
    except Invalid:
        return
    mail(to, "unknown", language)


def asking(token: str) -> Account:
    """Return whose password a link changes; raise Expired for a link that cannot be used."""
    link = links.find(Purpose.PASSWORD, token)
    account = db.session.get(Account, link.account_id)
    if account is None or account.state is not AccountState.ACTIVE:
        raise Expired("link_used")
    return account


def complete(token: str, password: str) -> None:
    """Set the new password and end every session; the same form sent twice within moments succeeds twice.

    Raise Invalid for the password, Busy, and as `asking` does.
    """
    try:
        account = asking(token)
        password_rules.check(people.words(account), password)
        link = links.find(Purpose.PASSWORD, token)
        _finish(link.id, account.id, passwords.hash_of(password))
    except Expired:
        if not _done_before(token, password):
            raise


@transactional
def _finish(link_id: int, account_id: int, password_hash: str) -> None:
    links.consume(link_id)
    profile.set_password(db.session.get_one(Account, account_id), password_hash, how="reset")


def _done_before(token: str, password: str) -> bool:
    link = links.just_used(Purpose.PASSWORD, token)
    if link is None:
        return False
    spend(Budget("link_again", link.id, AGAIN_TRIES, links.AGAIN_SECONDS))
    return passwords.matches(db.session.get(Account, link.account_id), password)
