"""Counters that are written before a guess is judged, in their own transaction, shared by all processes.

They live in the database: a counter in memory is one counter per process, and forgets at a restart.
"""

import ipaddress
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, Text, bindparam, case, delete
from sqlalchemy.orm import Mapped, mapped_column

from idp.core import clock
from idp.core.db import Model, db, in_transaction, transactional, upsert
from idp.core.errors import TooMany
from idp.core.prepared import Prepared

# By dialect: each is built once, since to build one takes much longer than to count.
COUNTING: dict[str, Any] = {}


class Counter(Model):
    """How often something was tried in the current window."""

    __tablename__ = "counter"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    tries: Mapped[int] = mapped_column(Integer)
    window_ends: Mapped[datetime]


FORGIVE = Prepared(delete(Counter).where(Counter.key == bindparam("key")))


@dataclass(frozen=True)
class Budget:
    """At most `tries` uses of `name` for `key` within `seconds`."""

    name: str
    key: object
    tries: int
    seconds: int


def spend(*budgets: Budget) -> None:
    """Count one use against every budget; raise TooMany with the longest wait if any is exhausted.

    Must be called before the act it guards begins, never inside it: a rolled-back act must not give tries back.
    """
    if in_transaction():
        raise RuntimeError("a counter must be spent before the act that it guards")
    now = clock.now()
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        exhausted = [_count(connection, budget, now) for budget in _in_order(budgets)]
    waits = [(wait, name) for wait, name in exhausted if wait]
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


def _counting(connection: Connection) -> Any:
    """Return the statement that counts one use, in the dialect of the connection."""
    table = Counter.__table__
    row = upsert(table, connection).values(key=bindparam("key"), tries=1, window_ends=bindparam("ends"))
    over = table.c.window_ends <= bindparam("now")
    return row.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "tries": case((over, 1), else_=table.c.tries + 1),
            "window_ends": case((over, row.excluded.window_ends), else_=table.c.window_ends),
        },
    ).returning(table.c.tries, table.c.window_ends)


def _in_order(budgets: Iterable[Budget]) -> list[Budget]:
    """Return budgets in one order for all, so that no two wait for each other."""
    return sorted(budgets, key=lambda budget: (budget.name, str(budget.key)))


def _key(budget: Budget) -> str:
    return f"{budget.name}:{budget.key}"


def _count(connection: Connection, budget: Budget, now: datetime) -> tuple[int, str]:
    dialect = connection.dialect.name
    if dialect not in COUNTING:
        COUNTING[dialect] = _counting(connection)
    ends = now + timedelta(seconds=budget.seconds)
    counted = connection.execute(COUNTING[dialect], {"key": _key(budget), "now": now, "ends": ends}).one()
    if counted.tries <= budget.tries:
        return 0, budget.name
    wait = math.ceil((counted.window_ends - now).total_seconds())
    return min(max(1, wait), budget.seconds), budget.name
