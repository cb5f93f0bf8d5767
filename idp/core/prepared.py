"""Statements of the hottest paths: written and typed by SQLAlchemy once, run by the database's driver.

For one row by its key the session takes 210 us, a connection of SQLAlchemy's 60, this 12: that was half of an
introspection and a third of the code flow. Everything else goes through the session.
"""

from collections import namedtuple
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, PoolProxiedConnection

from idp.core import driver
from idp.core.db import act, db, in_transaction

Convert = Callable[[Any], Any]


class Prepared:
    """A statement whose parameters are named (`bindparam`; of an INSERT its columns)."""

    def __init__(self, statement: Any) -> None:
        """Keep the statement; its SQL is written when the database is known."""
        self.statement = statement
        self._written = lru_cache(4)(self._write)

    def first(self, **values: Any) -> Any | None:
        """Return the first row, with the columns as attributes, or None.

        Inside an act it sees, and shares the fate of, what the act did; outside only a SELECT makes sense.
        """
        if in_transaction():
            if db.session.registry.has():
                db.session.flush()
            return self._first(act().driver.cursor(), values)
        try:
            with closing(db.engine.raw_connection()) as connection:
                return self._first(connection.cursor(), values)
        except db.engine.dialect.loaded_dbapi.Error:
            # The session meets the same trouble: it mends it, or tells of it.
            return db.session.execute(self.statement, values).first()

    def first_on(self, connection: PoolProxiedConnection, **values: Any) -> Any | None:
        """Return the first row, in a transaction of its own (`driver.begun`) that shares nothing with any act."""
        return driver.translated(db.engine.dialect, lambda: self._first(connection.cursor(), values))

    def run(self, **values: Any) -> int:
        """Change something, inside an act; return how many rows."""
        with closing(act().driver.cursor()) as cursor:
            self._execute(cursor, values)
            return int(cursor.rowcount)

    def _first(self, cursor: Any, values: dict[str, Any]) -> Any | None:
        with closing(cursor):
            converts, row = self._execute(cursor, values)
            found = cursor.fetchone()
        if found is None:
            return None
        return row([convert(one) if convert else one for convert, one in zip(converts, found, strict=True)])

    def _execute(self, cursor: Any, values: dict[str, Any]) -> tuple[Sequence[Convert | None], Convert]:
        dialect = db.engine.dialect
        sql, binds, constants, converts, row = self._written(
            dialect, tuple(values) if self.statement.is_insert else None
        )
        values = {**constants, **values}
        given: Any = [convert(values[name]) if convert else values[name] for name, convert in binds]
        if not dialect.positional:
            given = {name: value for (name, _), value in zip(binds, given, strict=True)}
        try:
            cursor.execute(sql, given)
        except dialect.loaded_dbapi.Error as error:
            if not in_transaction():
                raise
            raise driver.ours(dialect, error, sql) from error
        return converts, row

    def _write(
        self, dialect: Dialect, names: tuple[str, ...] | None
    ) -> tuple[str, list[tuple[str, Any]], dict[str, Any], list[Any], Convert]:
        """Return the SQL; the parameters and what converts them; those with a value; the same of columns; the row."""
        columns = [name for name in names if name in self.statement.table.c] if names else None
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=columns)
        order = compiled.positiontup if dialect.positional else list(compiled.binds)
        binds = [(name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order]
        constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        told = self.statement.exported_columns
        converts = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in told]
        row: Any = namedtuple("Row", told.keys())  # type: ignore[misc]
        return str(compiled), binds, constants, converts, row._make
