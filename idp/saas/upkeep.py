"""What has to be tidied now and then; every rule holds without it, the worker only makes it visible and small."""

from idp.core import clock
from idp.saas import accesses, drafts


def sweep() -> None:
    """End the accesses whose time is over, and remove forms that nobody went on with."""
    now = clock.now()
    accesses.expire_due(now)
    drafts.sweep(now)
