"""Notices about a change to an account, mailed to every verified address of it."""

from typing import Any

from idp.accounts.models import Account
from idp.core.outbox import post_mail


def tell(account: Account, template: str, *, always: bool = False, **values: Any) -> None:
    """Queue a mail to each address in the person's language; `always` also where notifications are off."""
    if not (always or account.notify_by_mail):
        return
    for address in account.addresses:
        values |= {"name": account.name, "uid": account.uid}
        post_mail(address.address, f"accounts/mail/{template}", account.language, **values)
