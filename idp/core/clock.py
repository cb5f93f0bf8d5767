"""The one source of time, so that tests and audits can trust every timestamp."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current moment as an aware datetime in UTC."""
    return datetime.now(UTC)
