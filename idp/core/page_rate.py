"""A coarse limit on pages per source, counted in Redis for all hosts together.

Only where [limits] redis_url is set: the module and its libraries are not even loaded otherwise. What guards passwords
and codes is in `limits`; this only keeps one source from taking a server's whole time, so without Redis all may pass.
"""

import time
from dataclasses import dataclass
from functools import partial

from flask import Flask, request
from limits import RateLimitItem, parse
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from idp.core import clock, limits, logs
from idp.core.errors import TooMany
from idp.core.settings import Limits, SettingsError

PATIENCE_SECONDS = 0.2
PAUSE_SECONDS = 10.0
UNCOUNTED = frozenset({"monitoring", "assets"})

log = logs.get(__name__)


@dataclass
class Counting:
    """The limiter, its rate, and until when Redis is left alone because it did not answer."""

    limiter: FixedWindowRateLimiter
    rate: RateLimitItem
    paused_until: float = 0.0


def init(app: Flask, wanted: Limits) -> None:
    """Count the pages of each source; raise SettingsError if the rate or the address of Redis cannot be read."""
    try:
        rate = parse(wanted.page_rate)
        patience = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
        storage = storage_from_string(wanted.redis_url, **patience)
    except (ValueError, ConfigurationError) as error:
        raise SettingsError(f"The settings [limits] page_rate and redis_url cannot be used: {error}.") from None
    app.before_request(partial(_check, Counting(FixedWindowRateLimiter(storage), rate)))


def _check(counting: Counting) -> None:
    """Count this request if it is for a page; raise TooMany above the rate."""
    if request.blueprint in UNCOUNTED or time.monotonic() < counting.paused_until:
        return
    source = limits.source_of(request.remote_addr)
    try:
        if counting.limiter.hit(counting.rate, "page", source):
            return
        ends = counting.limiter.get_window_stats(counting.rate, "page", source).reset_time
    except RedisError as error:
        _pause(counting, error)
        return
    raise TooMany("page_rate", retry_after=max(1, round(ends - clock.now().timestamp())))


def _pause(counting: Counting, error: RedisError) -> None:
    first = not counting.paused_until
    counting.paused_until = time.monotonic() + PAUSE_SECONDS
    if first:
        log.warning("redis_unavailable", kind=type(error).__name__, consequence="pages are not counted")
