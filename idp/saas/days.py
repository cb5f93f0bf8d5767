"""Days and moments: until when something lasts that ends "on" a day."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# A day ends when it has ended everywhere in the networks' countries; their latest clock is the western one.
LAST_ZONE = ZoneInfo("Atlantic/Azores")


def end_of(day: date) -> datetime:
    """Return the moment at which a day is over everywhere."""
    return datetime.combine(day + timedelta(days=1), time(), LAST_ZONE)


def last_day(until: datetime) -> date:
    """Return the last day of what lasts until a moment; the opposite of `end_of`."""
    return (until - timedelta(microseconds=1)).astimezone(LAST_ZONE).date()
