"""What has to be tidied now and then; every rule holds without it, the worker only makes it visible and small."""

from idp.core import clock
from idp.saas import accesses, drafts, reminders


def sweep() -> None:
    """End the accesses whose time is over, tell guests whose time is nearly over, and remove forgotten forms."""
    now = clock.now()
    accesses.expire_due(now)
    reminders.tell_guests(now)
    drafts.sweep(now)
