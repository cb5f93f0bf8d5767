"""Handing a challenge to the person's device, within what a person, a number and a day may cost.

A text message to a phone, or a word to the mobile apps that a request waits there.
"""

from flask import has_request_context, request

from idp.accounts.models import Account
from idp.core import clock, settings
from idp.core.errors import TooMany
from idp.core.limits import Budget, forgive, source_of, spend
from idp.core.outbox import post_sms, post_spoken, undelivered
from idp.core.signed import digest
from idp.mfa import denials, push
from idp.mfa.factor import Call, Text
from idp.mfa.models import Challenge

BUDGETS = frozenset(
    {f"sms.{span}.{whose}" for span in ("minute", "ten_minutes", "day") for whose in ("account", "number")}
    | {"sms.source", "sms.total", "app.requests", "app.paused"}
)
REQUESTS = 3
REQUESTS_SECONDS = 600
MINUTE = 60
DAY = 24 * 3600


def count(account: Account, device: Text | Call) -> None:
    """Count what goes to a device before it is made; raise TooMany if there is no more of it."""
    if isinstance(device, Text):
        _count_text(account, device)
        return
    paused = denials.paused_until(account.id)
    if paused:
        raise TooMany("app.paused", retry_after=max(1, round((paused - clock.now()).total_seconds())))
    spend(_requests(account.id))


def _count_text(account: Account, text: Text) -> None:
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


def send(device: Text | Call, challenge: Challenge) -> None:
    """Put a text or a call into the outbox, once for each challenge."""
    if isinstance(device, Text) and device.spoken:
        post_spoken(device.to, device.body, device.spoken, code=device.code, key=_key(challenge.handle))
    elif isinstance(device, Text):
        post_sms(device.to, device.body, code=device.code, key=_key(challenge.handle))
    elif challenge.account_id:
        push.call(challenge.account_id, challenge.handle)


def failed(handle: str) -> bool:
    """Say whether the text of a challenge could not be delivered by any sender."""
    return undelivered(_key(handle))


def answered(account_id: int, to: str) -> None:
    """Give the short waits back: a right answer shows that the question was wanted; the caps of the day stay.

    `to` is the number of a text, or empty for a call.
    """
    if not to:
        forgive(_requests(account_id))
        return
    forgive(*(budget for wait in _short(account_id, to) for budget in wait))


def _requests(account_id: int) -> Budget:
    return Budget("app.requests", account_id, REQUESTS, REQUESTS_SECONDS)


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
