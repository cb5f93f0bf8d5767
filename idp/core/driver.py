"""Connections and transactions as the database's driver makes them: SQLAlchemy's session takes five times as long.

A request keeps the first connection that it takes until it ends, for its reads and its acts: to take one and to give it
back costs more than to read a row. Between acts each statement on it counts by itself. So a read sees
what anybody committed before it, and nothing is left open on PostgreSQL while we hash or wait for somebody else.
On SQLite the next request takes it as it is, past the pool: a fifth of UserInfo, a twentieth of a code flow.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, TypeVar

from flask import Flask, g, has_request_context
from flask.ctx import _AppCtxGlobals
from sqlalchemy import Dialect, Engine, PoolProxiedConnection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from idp.core.settings import application
from idp.core.turns import Turns

T = TypeVar("T")
ENGINE = "ern_engine"
FREE = "ern_free_lines"
TURNS = "ern_turns"


class Line:
    """A connection of the pool, and how its driver begins and commits."""

    def __init__(self, engine: Engine) -> None:
        """Take a connection; raise DBAPIError if the database cannot be reached."""
        self.dialect = engine.dialect
        self.sqlite = engine.dialect.name == "sqlite"
        self.connection: PoolProxiedConnection = translated(self.dialect, engine.raw_connection)
        self.own: Any = self.connection.dbapi_connection
        self._each_alone(True)

    def begin(self) -> None:
        """Begin a transaction that may write."""
        if self.sqlite:
            # A deferred transaction that turns into a writer fails on a newer snapshot, so writers take the lock first.
            translated(self.dialect, self.own.execute, "BEGIN IMMEDIATE")
        self._each_alone(False)

    def commit(self) -> None:
        """Commit, and let each statement count by itself again."""
        translated(self.dialect, self.own.commit)
        self._each_alone(True)

    def roll_back(self) -> None:
        """Roll back; whatever goes wrong with that, the pool finds it when the connection comes back."""
        with suppress(self.dialect.loaded_dbapi.Error):
            self.own.rollback()

    def close(self) -> None:
        """Give it back to the pool, which rolls back what is left open."""
        self.connection.close()

    def _each_alone(self, alone: bool) -> None:
        if not self.sqlite:  # there it is so until we say BEGIN
            self.own.autocommit = alone


class Held(_AppCtxGlobals):
    """What `g` leads to, with what a request or a command holds of the database."""

    line: Line | None = None
    act: Any = None
    session: Session | None = None


# What is held now, without the detours of `g`: three calls and not eight, forty times in a code flow.
held: Callable[[], Held] = g._get_current_object  # noqa: SLF001


def init(app: Flask, engine: Engine) -> None:
    """Let requests and commands hold connections, which come back to the pool as it knows them."""
    free: list[Line] = []
    app.extensions[ENGINE], app.extensions[FREE] = engine, free
    app.teardown_appcontext(give_back)
    if engine.dialect.name == "sqlite":
        app.extensions[TURNS] = Turns(engine.url.database)
        event.listen(engine, "engine_disposed", lambda _engine: _close(free))
    else:
        event.listen(engine, "checkin", _with_transactions)


def _close(free: list[Line]) -> None:
    while free:
        free.pop().connection.invalidate()


def _with_transactions(connection: Any, _record: object) -> None:
    if connection is not None and connection.autocommit:
        connection.autocommit = False


class Borrowed:
    """`with` it, the connection of this request, or one for this moment where there is no request.

    After an exception it goes back, and the pool rolls back, as it does with everything that comes back to it.
    """

    def __enter__(self) -> Line:
        """Return it; raise DBAPIError if the database cannot be reached."""
        self._held = held()
        self._line = self._held.line or _taken(self._held)
        self._for_now = self._held.line is None
        return self._line

    def __exit__(self, kind: object, *_error: object) -> None:
        """Give it back unless the request keeps it, or gave it back meanwhile: nobody else's connection is touched."""
        if not self._for_now and self._held.line is not self._line:
            return
        if kind is not None:
            self._held.line = None
            self._line.close()
        elif self._for_now:
            _give_back(self._line)


def _taken(held: Held) -> Line:
    extensions = application().extensions
    try:
        taken: Line = extensions[FREE].pop()
    except IndexError:
        taken = Line(extensions[ENGINE])
    if has_request_context():  # a program that runs for days has a fresh one checked each time instead
        held.line = taken
    return taken


def give_back(_error: BaseException | None = None) -> None:
    """Give the connection of this request back, if it holds one: at its end, or before it has to wait for another."""
    holder = held()
    kept, holder.line = holder.line, None
    if kept is not None:
        _give_back(kept)


def _give_back(line: Line) -> None:
    if line.sqlite:
        application().extensions[FREE].append(line)
    else:
        line.close()


@contextmanager
def begun() -> Iterator[Line]:
    """Give a connection with a transaction that may write, and commit it at the end.

    Raises DBAPIError if the database cannot be reached, or refuses to begin or to commit.
    """
    turns: Turns | None = application().extensions.get(TURNS)
    with Borrowed() as taken, turns.mine() if turns else nullcontext():
        taken.begin()
        try:
            yield taken
        except BaseException:
            taken.roll_back()  # before the turn goes on to the next one
            raise
        taken.commit()


def ours(dialect: Dialect, error: Exception, sql: str | None = None) -> Exception:
    """Return an error of the driver as SQLAlchemy's, which the rest of the program knows."""
    return DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)


def translated(dialect: Dialect, call: Callable[..., T], *given: object) -> T:
    """Return what a call of the driver returns, with its errors as SQLAlchemy's."""
    try:
        return call(*given)
    except dialect.loaded_dbapi.Error as error:
        raise ours(dialect, error) from error
