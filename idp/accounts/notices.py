"""Notices about a change to an account, mailed to every verified address of it."""

from typing import Any

from idp.accounts import links
from idp.accounts.links import Purpose
from idp.accounts.models import Account
from idp.core import settings
from idp.core.outbox import post_mail

PLACES = {
    "sign_in": "signin.login",
    "register": "accounts.register",
    "forgot": "accounts.forgot",
    "account": "accounts.account",
    "support": "core.support",
}


def tell(account: Account, template: str, *, always: bool = False, key: str | None = None, **values: Any) -> None:
    """Queue a mail to each address in the person's language; `always` also where notifications are off.

    `key` makes it one mail for each address, however often it is told.
    """
    if not (always or account.notify_by_mail):
        return
    values |= {"name": account.name, "uid": account.uid, "not_me": lambda: not_me(account)}
    for address in account.addresses:
        mail(address.address, template, account.language, key=f"{key}:{address.id}" if key else None, **values)


def not_me(account: Account) -> str:
    """Return the address of a fresh link "This was not me", which freezes the account; call it once for each message.

    Belongs into the act that the message tells of.
    """
    return links.address("accounts.not_me", token=links.issue(Purpose.NOT_ME, {}, account.id))


def mail(to: str, template: str, language: str, **values: Any) -> None:
    """Queue one mail of this area; the addresses that mails lead to come from the settings, never from the request."""
    places = {name: links.address(endpoint) for name, endpoint in PLACES.items()}
    hours = settings.current().passwords.link_hours
    post_mail(to, f"accounts/mail/{template}", language, **places, hours=hours, **values)
