"""Counters that are written before a guess is judged, in their own transaction, shared by all processes.

They live in the database: a counter in memory is one counter per process, and forgets at a restart.
"""

import ipaddress
import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Integer, Text, bindparam, case, delete
from sqlalchemy.orm import Mapped, mapped_column

from idp.core import clock, driver
from idp.core.db import Model, db, in_transaction, transactional, upsert
from idp.core.driver import Line
from idp.core.errors import TooMany
from idp.core.prepared import Prepared
from idp.core.values import frozen


class Counter(Model):
    """How often something was tried in the current window."""

    __tablename__ = "counter"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    tries: Mapped[int] = mapped_column(Integer)
    window_ends: Mapped[datetime]


FORGIVE = Prepared(delete(Counter).where(Counter.key == bindparam("key")))


@frozen
class Budget:
    """At most `tries` uses of `name` for `key` within `seconds`."""

    name: str
    key: object
    tries: int
    seconds: int


def spend(*budgets: Budget, then: Budget | None = None) -> None:
    """Count one use against every budget; raise TooMany with the longest wait if any is exhausted.

    Against `then` it is counted only where all others have room. Must be called before the act that it guards begins,
    never inside it: a rolled-back act must not give tries back.
    """
    if in_transaction():
        raise RuntimeError("a counter must be spent before the act that it guards")
    now = clock.now()
    with driver.begun() as line:
        counted = [_count(line, budget, now) for budget in _in_order(budgets)]
        if then and not any(wait for wait, _ in counted):
            counted.append(_count(line, then, now))
    waits = [(wait, name) for wait, name in counted if wait]
    if waits:
        wait, name = max(waits)
        raise TooMany(name, retry_after=wait)


@transactional
def forgive(*budgets: Budget) -> None:
    """Give all uses back, after a success: with the act of the success, and not if that is rolled back."""
    for budget in _in_order(budgets):
        FORGIVE.run(key=_key(budget))


def sweep() -> None:
    """Remove the counters whose window is over."""
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(delete(Counter).where(Counter.window_ends <= clock.now()))


def source_of(address: str | None) -> str:
    """Return what counts as one source: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if ip.version == 4:
        return str(ip)
    return str(ipaddress.ip_network((ip, 64), strict=False))


@cache
def _counting(_dialect: str) -> Prepared:
    """Return the statement that counts one use; built once for a dialect, since that takes longer than to count."""
    table = Counter.__table__
    row = upsert(table, db.engine)
    over = table.c.window_ends <= bindparam("now")
    counted = row.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "tries": case((over, 1), else_=table.c.tries + 1),
            "window_ends": case((over, row.excluded.window_ends), else_=table.c.window_ends),
        },
    )
    return Prepared(counted.returning(table.c.tries, table.c.window_ends))


def _in_order(budgets: Iterable[Budget]) -> list[Budget]:
    """Return budgets in one order for all, so that no two wait for each other."""
    return sorted(budgets, key=lambda budget: (budget.name, str(budget.key)))


def _key(budget: Budget) -> str:
    return f"{budget.name}:{budget.key}"


def _count(line: Line, budget: Budget, now: datetime) -> tuple[int, str]:
    ends = now + timedelta(seconds=budget.seconds)
    counting = _counting(line.dialect.name)
    [counted] = counting.all_on(line, key=_key(budget), tries=1, window_ends=ends, now=now)
    if counted.tries <= budget.tries:
        return 0, budget.name
    wait = math.ceil((counted.window_ends - now).total_seconds())
    return min(max(1, wait), budget.seconds), budget.name
