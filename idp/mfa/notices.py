"""Mails about a change of what an account proves itself with."""

from idp.accounts import notices
from idp.accounts.models import Account
from idp.mfa import factors
from idp.mfa.models import Authenticator


def tell(account: Account, template: str, changed: Authenticator, **values: str) -> None:
    """Mail all verified addresses, whatever the person's wish for notices: this is about who can sign in."""
    title = factors.title_of(changed.kind)
    notices.tell(account, f"mfa/mail/{template}", always=True, title=title, hint=changed.name, **values)
