"""A transaction as the database's driver makes it: SQLAlchemy's session takes five times as long for the same."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

from sqlalchemy import Dialect, Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")


@contextmanager
def begun(engine: Engine) -> Iterator[PoolProxiedConnection]:
    """Give a connection with a transaction that may write, and commit it at the end.

    After an exception the pool rolls back, as it does with everything that comes back to it.
    Raises DBAPIError if the database cannot be reached, or refuses to begin or to commit.
    """
    with _connected(engine) as connection:
        yield connection
        translated(engine.dialect, connection.commit)


@contextmanager
def _connected(engine: Engine) -> Iterator[PoolProxiedConnection]:
    connection: PoolProxiedConnection = translated(engine.dialect, engine.raw_connection)
    with closing(connection):
        if engine.dialect.name == "sqlite":
            # A deferred transaction that turns into a writer fails on a newer snapshot, so writers take the lock first.
            translated(engine.dialect, lambda: connection.cursor().execute("BEGIN IMMEDIATE"))
        yield connection


def ours(dialect: Dialect, error: Exception, sql: str | None = None) -> Exception:
    """Return an error of the driver as SQLAlchemy's, which the rest of the program knows."""
    return DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)


def translated(dialect: Dialect, call: Callable[[], T]) -> T:
    """Return what a call of the driver returns, with its errors as SQLAlchemy's."""
    try:
        return call()
    except dialect.loaded_dbapi.Error as error:
        raise ours(dialect, error) from error
