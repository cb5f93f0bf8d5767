"""Another e-mail address: confirmed in the new mailbox by somebody who is signed in, and told to the old one.

The link alone changes nothing: in a mistyped mailbox it would give the account to a stranger.
"""

from idp.accounts import links, people
from idp.accounts.links import Purpose
from idp.accounts.models import Account, EmailAddress
from idp.accounts.notices import mail, tell
from idp.core import audit, clock, signals
from idp.core.db import db, transactional
from idp.core.errors import Conflict, Expired, Invalid, NotFound


def begin(account: Account, address: str, source: str | None) -> None:
    """Mail a link to the new address, or, if it has an account, mail that; the caller cannot tell which.

    Whether the person may is the caller's to ask (`session.require_fresh`). Raise Invalid for an address that is none
    or the present one, TooMany for too many wishes.
    """
    normalized = people.normalize(address)
    if normalized in {known.normalized for known in account.addresses}:
        raise Invalid("email_same")
    links.ask(normalized, source)
    _mail(account, people.clean_address(address))


@transactional
def _mail(account: Account, address: str) -> None:
    audit.record("account.email.ask", subject=account.uid)
    links.revoke(Purpose.EMAIL, account.id)
    owner = people.by_address(address)
    if owner:
        mail(people.mailbox(owner, address), "known", owner.language, name=owner.name, uid=owner.uid)
        return
    link = links.address("accounts.confirm_email", token=links.issue(Purpose.EMAIL, {"address": address}, account.id))
    mail(address, "email_confirm", account.language, name=account.name, uid=account.uid, link=link)


def wanted(account: Account, token: str) -> str:
    """Return the address behind a link; raise Expired for a link that cannot be used, NotFound for another person's."""
    link = links.find(Purpose.EMAIL, token)
    if link.account_id != account.id:
        raise NotFound("link_unknown")
    address: str = link.data["address"]
    return address


def complete(account: Account, token: str) -> None:
    """Take the new address; the same form sent twice within moments succeeds twice.

    Raise Expired and NotFound as `wanted` does, Conflict("address_taken") if the address has an account by now.
    """
    try:
        address = wanted(account, token)
        _complete(account.id, links.find(Purpose.EMAIL, token).id, address)
    except Expired:
        done = links.just_used(Purpose.EMAIL, token)
        if done is None or done.account_id != account.id:
            raise


@signals.factors_wiped.connect
def _forget(account_id: int) -> None:
    """An address that was asked for before PANIC is not taken after it, when a new one would have to wait."""
    links.revoke(Purpose.EMAIL, account_id)


@transactional
def _complete(account_id: int, link_id: int, address: str) -> None:
    links.consume(link_id)
    if people.by_address(address):
        raise Conflict("address_taken")
    account = people.locked(account_id)
    tell(account, "email_changed", always=True, address=address)
    for old in list(account.addresses):
        db.session.delete(old)
    now = clock.now()
    fresh = EmailAddress(address=address, normalized=people.normalize(address), is_primary=True, verified_at=now)
    account.addresses, account.updated_at = [fresh], now
    # A link to choose a new password that lies in the old mailbox must not open the account any more.
    links.revoke(Purpose.PASSWORD, account.id)
    db.session.flush()
    audit.record("account.email.change", subject=account.uid)
    mail(address, "email_welcome", account.language, name=account.name, uid=account.uid)
