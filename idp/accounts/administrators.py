"""How strongly platform administrators prove who they are before they act (SECURITY.md, 2)."""

from collections.abc import Sequence

from idp.accounts import questions
from idp.accounts.open_session import AnyAccount
from idp.core import settings
from idp.core.levels import MFA, PHR

# The setting under which any second factor will do; production refuses it.
ANY = "any"
TEXTS = "sms"


def must_resist_phishing(account: AnyAccount) -> bool:
    """Say whether nothing less than a security key will do: where the operator wants it, and for whoever has one."""
    if not account.is_administrator:
        return False
    wanted = settings.current().security.administrators_need == PHR
    return wanted or has_key(account)


def refuses_texts(account: AnyAccount) -> bool:
    """Say whether text messages do not count for this person: numbers are lent and taken over."""
    return account.is_administrator and settings.current().security.administrators_need != ANY


def by_text_alone(methods: Sequence[str]) -> bool:
    """Say whether nothing but text messages was shown (names of factors)."""
    return set(methods) == {TEXTS}


def has_key(account: AnyAccount) -> bool:
    """Say whether the person can resist phishing: without a key there is only adding one."""
    return questions.strongest_level(account.id) == PHR


def acting_level(account: AnyAccount) -> str:
    """Return the least level at which this person decides about others."""
    return PHR if must_resist_phishing(account) else MFA
