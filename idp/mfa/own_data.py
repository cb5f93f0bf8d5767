"""What is kept of a person's second factors, for the export of one's own data: never what proves anything."""

from typing import Any

from idp.accounts.models import Account
from idp.accounts.own_data import listed, of, part
from idp.mfa import challenges
from idp.mfa.models import Authenticator, Panic


@part("factors", Authenticator)
def _factors(account: Account) -> list[dict[str, Any]]:
    return [_factor(found) for found in of(account, Authenticator.account_id)]


def _factor(found: Authenticator) -> dict[str, Any]:
    told = listed([found], "kind", "label", "hint", "created_at", "last_used_at")[0]
    # A telephone number is the person's own; it proves nothing by itself.
    return told | ({"phone_number": challenges.secret_of(found)["number"]} if found.kind == "sms" else {})


@part("panics", Panic)
def _panics(account: Account) -> list[dict[str, Any]]:
    return listed(of(account, Panic.account_id), "begun_at", "pressed_at", "recognised_at")
