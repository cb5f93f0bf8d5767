"""Statements of the hottest paths: written and typed by SQLAlchemy once, run by the database's driver.

For one row by its key the session takes 210 us, a connection of SQLAlchemy's 60, this 12: that was half of an
introspection and a third of the code flow. Everything else goes through the session.
"""

from collections import namedtuple
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter, methodcaller
from typing import Any, NamedTuple

from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError

from idp.core import driver
from idp.core.db import act, db
from idp.core.driver import Borrowed, Line

Convert = Callable[[Any], Any]
FETCH, COUNT = methodcaller("fetchall"), attrgetter("rowcount")
MOST_REMEMBERED = 500


class Written(NamedTuple):
    """A statement in the words of one database."""

    sql: str
    binds: list[tuple[str, Convert | None]]  # the parameters in their order, and what converts them
    constants: dict[str, Any]  # those of them that have a value
    read: Convert  # makes of a row as the driver gives it what is returned


class Prepared:
    """A statement whose parameters are named (`bindparam`; of an INSERT its columns)."""

    def __init__(self, statement: Any, value: Convert | None = None) -> None:
        """Keep the statement; its SQL is written when the database is known.

        `value` makes of a row what is returned instead. The same row gives the same value again, so nobody may
        change it or what is in it.
        """
        self.statement, self.value = statement, value
        self._written = lru_cache(4)(self._write)

    def first(self, **values: Any) -> Any | None:
        """Return the first row, with the columns as attributes (or its value), or None; see `all`."""
        found = self._found(values)
        return found[0] if found else None

    def all(self, **values: Any) -> list[Any]:
        """Return all rows.

        Inside an act it sees, and shares the fate of, what the act did; outside only a SELECT makes sense.
        """
        return self._found(values)

    def all_on(self, line: Line, **values: Any) -> list[Any]:
        """Return the same in the transaction of a connection: an act's, or one of its own (`driver.begun`)."""
        return self._rows(line, values)

    def run(self, **values: Any) -> int:
        """Change something, inside an act; return how many rows."""
        return int(self._ask(act().line, values, COUNT)[1])

    def _found(self, values: dict[str, Any]) -> list[Any]:
        held = driver.held()
        if held.act is not None:
            if held.session is not None:
                held.session.flush()
            return self._rows(held.act.line, values)
        try:
            with Borrowed() as line:
                return self._rows(line, values)
        except DBAPIError:
            # The session meets the same trouble: it mends it, or tells of it.
            rows = db.session.execute(self.statement, values).all()
            return [self.value(row) for row in rows] if self.value else list(rows)

    def _rows(self, line: Line, values: dict[str, Any]) -> list[Any]:
        written, found = self._ask(line, values, FETCH)
        return [written.read(row) for row in found]

    def _ask(self, line: Line, values: dict[str, Any], answer: Convert) -> tuple[Written, Any]:
        """Run the statement and return what a cursor tells then; raise DBAPIError."""
        dialect = line.dialect
        written = self._written(dialect, tuple(values) if self.statement.is_insert else None)
        if written.constants:
            values = {**written.constants, **values}
        given: Any = [convert(values[name]) if convert else values[name] for name, convert in written.binds]
        if not dialect.positional:
            given = {name: value for (name, _), value in zip(written.binds, given, strict=True)}
        try:
            return written, answer(line.own.execute(written.sql, given))
        except dialect.loaded_dbapi.Error as error:
            raise driver.ours(dialect, error, written.sql) from error

    def _write(self, dialect: Dialect, names: tuple[str, ...] | None) -> Written:
        columns = [name for name in names if name in self.statement.table.c] if names else None
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=columns)
        order = compiled.positiontup if dialect.positional else list(compiled.binds)
        binds = [(name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order]
        constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        return Written(str(compiled), binds, constants, self._reading(dialect))

    def _reading(self, dialect: Dialect) -> Convert:
        """Return what reads a row.

        A row comes from the database each time, but what was made of the same one before is remembered: to convert
        the 34 columns of a grant takes twice as long as to read them. Not so on PostgreSQL, whose driver gives JSON
        as dictionaries, which cannot be looked up.
        """
        told = self.statement.exported_columns
        converts = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in told]
        row: Any = namedtuple("Row", told.keys())  # type: ignore[misc]
        value = self.value

        def read(found: tuple[Any, ...]) -> Any:
            made = row._make([convert(one) if convert else one for convert, one in zip(converts, found, strict=True)])
            return value(made) if value else made

        return lru_cache(MOST_REMEMBERED)(read) if value and dialect.name == "sqlite" else read
