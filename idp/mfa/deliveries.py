"""Handing a challenge to the person's device: a text message, within what a person, a number and a day may cost."""

from flask import has_request_context, request

from idp.accounts.models import Account
from idp.core import settings
from idp.core.limits import Budget, forgive, source_of, spend
from idp.core.outbox import post_sms, undelivered
from idp.core.signed import digest
from idp.mfa.factor import Text

BUDGETS = frozenset(
    {f"sms.{span}.{whose}" for span in ("minute", "ten_minutes", "day") for whose in ("account", "number")}
    | {"sms.source", "sms.total"}
)
MINUTE = 60
DAY = 24 * 3600


def count(account: Account, text: Text) -> None:
    """Count a text before it is made; raise TooMany if the person, the number, the source or the day has no more.

    The short waits come first, so that an impatient click does not use up the longer ones.
    """
    caps = settings.current().sms
    source = source_of(request.remote_addr if has_request_context() else None)
    for wait in _short(account.id, text.to):
        spend(*wait)
    spend(
        *_both("sms.day", account.id, text.to, caps.per_day, DAY),
        Budget("sms.source", source, caps.per_source_per_day, DAY),
        Budget("sms.total", "all", caps.total_per_day, DAY),
    )


def send(text: Text, handle: str) -> None:
    """Put a text into the outbox, once for each challenge."""
    post_sms(text.to, text.body, code=text.code, key=_key(handle))


def failed(handle: str) -> bool:
    """Say whether the text of a challenge could not be delivered by any sender."""
    return undelivered(_key(handle))


def answered(account_id: int, number: str) -> None:
    """Give the short waits back: a code that was typed shows that the texts are wanted; the caps of the day stay."""
    forgive(*(budget for wait in _short(account_id, number) for budget in wait))


def _key(handle: str) -> str:
    return f"challenge.{handle}"


def _short(account_id: int, number: str) -> tuple[tuple[Budget, Budget], ...]:
    caps = settings.current().sms
    return (
        _both("sms.minute", account_id, number, caps.per_minute, MINUTE),
        _both("sms.ten_minutes", account_id, number, caps.per_ten_minutes, 10 * MINUTE),
    )


def _both(name: str, account_id: int, number: str, tries: int, seconds: int) -> tuple[Budget, Budget]:
    """Bound what one account sends and what one number gets, so that neither many numbers nor many accounts help."""
    hidden = digest(number).hex()
    return Budget(f"{name}.account", account_id, tries, seconds), Budget(f"{name}.number", hidden, tries, seconds)
