"""How strongly platform administrators prove who they are before they act (SECURITY.md, 2)."""

from idp.accounts import questions
from idp.accounts.models import Account
from idp.core import settings
from idp.core.levels import MFA, PHR


def must_resist_phishing(account: Account) -> bool:
    """Say whether nothing less than a security key will do: where the operator wants it, and for whoever has one."""
    if not account.is_administrator:
        return False
    wanted = settings.current().security.administrators_need == PHR
    return wanted or has_key(account)


def has_key(account: Account) -> bool:
    """Say whether the person can resist phishing: without a key there is only adding one."""
    return questions.strongest_level(account.id) == PHR


def acting_level(account: Account) -> str:
    """Return the least level at which this person decides about others."""
    return PHR if must_resist_phishing(account) else MFA
