"""Notices about a change to an account, mailed to every verified address of it."""

from typing import Any

from flask import has_request_context, request

from idp.accounts import links, origins
from idp.accounts.links import Purpose
from idp.accounts.models import Account
from idp.core import clock, settings
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
    values |= _origin() | {"name": account.name, "uid": account.uid, "not_me": lambda: not_me(account)}
    for address in account.addresses:
        mail(address.address, template, account.language, key=f"{key}:{address.id}" if key else None, **values)


def not_me(account: Account) -> str:
    """Return the address of a fresh link "This was not me", which freezes the account; call it once for each message.

    Belongs into the act that the message tells of.
    """
    return links.address("accounts.not_me", token=links.issue(Purpose.NOT_ME, {}, account.id))


def mail(to: str, template: str, language: str, **values: Any) -> None:
    """Queue one mail; the addresses that it leads to come from the settings, never from the request.

    `template` is a name of this area, or the whole path of one of the areas above.
    """
    places = {name: links.address(endpoint) for name, endpoint in PLACES.items()}
    hours = settings.current().passwords.link_hours
    path = template if "/" in template else f"accounts/mail/{template}"
    post_mail(to, path, language, **places, hours=hours, **values)


def _origin() -> dict[str, Any]:
    """Return when and from where it was done, for the end of a mail (`accounts/mail/origin.txt`)."""
    here = has_request_context()
    return {
        "at": clock.now(),
        "agent": request.headers.get("User-Agent", "") if here else "",
        "place": origins.place(request.remote_addr) if here else "",
        "browser": origins.browser,  # called in the language of the mail
    }
