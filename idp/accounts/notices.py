"""Notices about a change to an account, mailed to every verified address of it."""

from typing import Any

from idp.accounts import links
from idp.accounts.models import Account
from idp.core import settings
from idp.core.outbox import post_mail

PLACES = {
    "sign_in": "signin.login",
    "register": "accounts.register",
    "forgot": "accounts.forgot",
    "account": "accounts.account",
}


def tell(account: Account, template: str, *, always: bool = False, **values: Any) -> None:
    """Queue a mail to each address in the person's language; `always` also where notifications are off."""
    if not (always or account.notify_by_mail):
        return
    for address in account.addresses:
        mail(address.address, template, account.language, name=account.name, uid=account.uid, **values)


def mail(to: str, template: str, language: str, **values: Any) -> None:
    """Queue one mail of this area; the addresses that mails lead to come from the settings, never from the request."""
    places = {name: links.address(endpoint) for name, endpoint in PLACES.items()}
    hours = settings.current().passwords.link_hours
    post_mail(to, f"accounts/mail/{template}", language, **places, hours=hours, **values)
