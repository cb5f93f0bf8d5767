"""Creating an account: a form, a mailed link, a password. Until the link is used there is no account, only the link."""

from dataclasses import asdict

from idp.accounts import links, password_rules, passwords, people, session
from idp.accounts.links import Purpose
from idp.accounts.models import Account, AccountState, MailedLink
from idp.accounts.notices import mail, tell
from idp.accounts.people import Person
from idp.accounts.session import Proof
from idp.core.db import db, transactional
from idp.core.errors import Conflict, Expired
from idp.core.levels import SFA
from idp.core.limits import Budget, spend

PASSWORD_PROOF = Proof(SFA, ("pwd",))
AGAIN_TRIES = 5


def begin(person: Person, return_to: str, source: str | None) -> None:
    """Mail a link to the address, or, if it has an account, mail that; the caller cannot tell which.

    Raise Invalid for an address that is none, TooMany for too many wishes.
    """
    links.ask(people.normalize(person.email), source)
    _mail(person, return_to)


@transactional
def _mail(person: Person, return_to: str) -> None:
    account = people.by_address(person.email)
    if account:
        to = people.mailbox(account, person.email)
        mail(to, "known", account.language, name=account.name, uid=account.uid)
        return
    token = links.issue(Purpose.REGISTRATION, {**asdict(person), "return_to": return_to})
    link = links.address("accounts.confirm", token=token)
    mail(person.email, "register", person.language, person=person, uid=person.uid, link=link)


def invited(token: str) -> Person:
    """Return who is invited by a link.

    Raise Expired for a link that cannot be used, Conflict("address_taken") if the address has an account by now.
    """
    link = links.find(Purpose.REGISTRATION, token)
    person, _ = _invitation(link)
    if people.by_address(person.email):
        raise Conflict("address_taken")
    return person


def going_on(token: str) -> str:
    """Return the local path that the person was on the way to; empty if there is none."""
    link = links.named(Purpose.REGISTRATION, token)
    return _invitation(link)[1] if link else ""


def complete(token: str, password: str) -> None:
    """Make the account and begin its session in this browser.

    The same form sent twice within moments signs in twice. Raise Invalid for the password, Busy, and as `invited` does.
    """
    try:
        link = links.find(Purpose.REGISTRATION, token)
        person, _ = _invitation(link)
        password_rules.check(people.words(person), password)
        _finish(link.id, person, passwords.hash_of(password))
    except Expired:
        if not _again(token, password):
            raise


@transactional
def _finish(link_id: int, person: Person, password_hash: str) -> None:
    links.consume(link_id)
    account = people.add(person, password_hash)
    db.session.get_one(MailedLink, link_id, populate_existing=True).account_id = account.id
    tell(account, "welcome", always=True)
    session.start(account, PASSWORD_PROOF)


def _again(token: str, password: str) -> bool:
    """Sign in the person who sent the form twice; say whether it was that."""
    link = links.just_used(Purpose.REGISTRATION, token)
    account = db.session.get(Account, link.account_id) if link else None
    if link is None or account is None or account.state is not AccountState.ACTIVE:
        return False
    spend(Budget("link_again", link.id, AGAIN_TRIES, links.AGAIN_SECONDS))
    if not passwords.matches(account, password):
        return False
    open_one = session.current()
    if open_one is None or open_one.account_id != account.id:
        session.start(account, PASSWORD_PROOF)
    return True


def _invitation(link: MailedLink) -> tuple[Person, str]:
    data = dict(link.data)
    return_to: str = data.pop("return_to")
    return Person(**data), return_to
