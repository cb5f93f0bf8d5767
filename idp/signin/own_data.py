"""What signing in keeps of a person, for the export of one's own data."""

from typing import Any

from idp.accounts.models import Account
from idp.accounts.own_data import listed, of, part
from idp.signin.models import EidLink, TrustedBrowser


@part("trusted_browsers", TrustedBrowser)
def _browsers(account: Account) -> list[dict[str, Any]]:
    columns = ("user_agent", "created_at", "last_used_at", "expires_at")
    return listed(of(account, TrustedBrowser.account_id), *columns)


@part("eids", EidLink)
def _eids(account: Account) -> list[dict[str, Any]]:
    return listed(of(account, EidLink.account_id), "provider", "issuer", "subject", "linked_at", "last_used_at")
