"""The database: one engine, one session a request, and one transaction for each act.

SQLite (WAL) and PostgreSQL run from the same code; where they differ, the difference is in this file.
"""

import importlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import orjson
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as RequestSession
from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, MetaData, event, make_url, text
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session
from sqlalchemy.types import TypeDecorator

from idp.core import driver
from idp.core.driver import Line
from idp.core.settings import Settings
from idp.core.turns import BUSY_SECONDS

P = ParamSpec("P")
R = TypeVar("R")

ROOT = Path(__file__).parents[2]
SQLITE_FILE = "sqlite:///"
# SQLite's log before its pages go into the file, each once: 16 MiB instead of 4 spare a commit 7 us and 17 of waiting.
LOG_PAGES = 4000

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware datetimes in, aware UTC datetimes out, on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return what makes a parameter of a moment; what SQLAlchemy does for SQLite takes five times as long."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        """Return what makes a moment of a column, likewise."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _as_text(value: datetime | None) -> str | None:
    """Return a moment as SQLite stores it, without its zone."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a naive datetime reached the database")
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return moment.isoformat(" ", "microseconds").removesuffix("+00:00")


def _from_text(value: str | None) -> datetime | None:
    """Return a moment that SQLite stores."""
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _as_json(value: Any) -> str:
    """Return a value as JSON; six times as fast as the standard library, which knows longer numbers and odder names."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value)


class Model(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012


class ActSession(RequestSession):
    """A request's session; inside an act it works on the connection of the act."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Tell whoever asks that there is one: most requests of programs do without."""
        super().__init__(*args, **kwargs)
        driver.held().session = self

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Return what the next statement runs on."""
        if in_transaction():
            return act().connection
        driver.give_back()  # who holds a connection must not wait for another
        return super().get_bind(*args, **kwargs)


db = SQLAlchemy(metadata=Model.metadata, session_options={"class_": ActSession})


def init(app: Flask, settings: Settings) -> None:
    """Connect the application to its database."""
    app.config["SQLALCHEMY_DATABASE_URI"] = placed(settings.database.url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings.database.url)
    db.init_app(app)
    app.app_ctx_globals_class = driver.Held
    with app.app_context():
        engine = db.engine
        driver.init(app, engine)
        if engine.dialect.name == "sqlite":
            Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
            _prepare_sqlite(engine, settings.database.sqlite_synchronous)
        _narrow_indexes(engine.dialect.name)


def where(condition: str, *databases: str) -> dict[str, Any]:
    """Return what makes an index one over the rows that meet a condition; on these databases, or on both.

    SQLAlchemy's own `postgresql_where` loads the dialect, even where SQLite serves: 20 ms and 2 MiB of each start.
    """
    return {"info": {f"{name}_where": condition for name in databases or ("sqlite", "postgresql")}}


def _narrow_indexes(database: str) -> None:
    option = f"{database}_where"
    for index in (index for table in Model.metadata.tables.values() for index in table.indexes):
        if option in index.info:
            index.dialect_kwargs[option] = text(index.info[option])


def placed(url: str) -> str:
    """Return the URL with a relative SQLite path counted from the project's folder, wherever a command is called."""
    path = url.removeprefix(SQLITE_FILE)
    if path == url or not path or path.startswith(("/", ":memory:", "file:")):
        return url
    return f"{SQLITE_FILE}{ROOT / path}"


def _engine_options(url: str) -> dict[str, Any]:
    common = {"hide_parameters": True, "json_deserializer": orjson.loads, "json_serializer": _as_json}
    if url.startswith("sqlite"):
        options = common | {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}
        if make_url(url).database not in (None, "", ":memory:"):  # in memory there is but one connection
            # The one used last still holds pages of the file: a tenth of UserInfo with four threads.
            # No upper limit: who waits at the pool would not hear of those that are lent on past it (`driver`).
            options |= {"pool_use_lifo": True, "max_overflow": -1}
        return options
    return common | {"pool_pre_ping": True, "pool_size": 8}


def _prepare_sqlite(engine: Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, else SQLite cannot begin a write at once
        patience = f"busy_timeout={BUSY_SECONDS * 1000}"
        log = ("journal_mode=WAL", f"wal_autocheckpoint={LOG_PAGES}")
        for pragma in (*log, f"synchronous={synchronous}", "foreign_keys=ON", patience):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        if kind:  # an act has begun by itself
            connection.exec_driver_sql(f"BEGIN {kind}")


@dataclass
class Act:
    """The act under way: its connection as the driver knows it, and what it still has to do at its end.

    The session joins at its first statement; an act of prepared statements alone does without, and costs half.
    """

    line: Line
    held: driver.Held
    at_commit: dict[str, Callable[[], None]] = field(default_factory=dict)
    memory: dict[str, list[Any]] = field(default_factory=dict)

    @cached_property
    def connection(self) -> Connection:
        """The same connection as the session knows it."""
        return Connection(db.engine, self.line.connection).execution_options(sqlite_begin="")

    def __enter__(self) -> None:
        """Begin: whoever writes in this context belongs to the act."""
        self.held.act = self

    def __exit__(self, kind: object, *_error: object) -> None:
        """Do what is still to be done, or have the session forget it all; the driver commits or rolls back."""
        done = False
        try:
            if kind is None:
                self._complete()
                done = True
        finally:
            self.held.act = None
            if self.held.session is not None and not done:
                self.held.session.rollback()

    def _complete(self) -> None:
        for write in self.at_commit.values():
            write()
        if self.held.session is not None:
            self.held.session.commit()


def in_transaction() -> bool:
    """Say whether an act is under way in this context."""
    return driver.held().act is not None


def act() -> Act:
    """Return the act under way; raise RuntimeError if there is none."""
    under_way: Act | None = driver.held().act
    if under_way is None:
        raise RuntimeError("this belongs into an act (see `transactional`)")
    return under_way


@contextmanager
def transaction() -> Iterator[scoped_session[Any]]:
    """Make what happens inside one act: all of it is committed, or nothing; an inner act joins the outer one.

    What was read before belongs to an older snapshot and is read again when it is used.
    """
    held = driver.held()
    if held.act is not None:
        yield db.session
        return
    _leave_the_past(held.session)
    with driver.begun() as line, Act(line, held):
        yield db.session


def _leave_the_past(session: Session | None) -> None:
    if session is None:
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed outside an act")
    session.rollback()


def transactional(verb: Callable[P, R]) -> Callable[P, R]:
    """Make a public verb one act (see `transaction`)."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction():
            return verb(*args, **kwargs)

    return run


def upsert(table: Any, connection: Connection | Engine | Session) -> Any:
    """Return an INSERT for `table` that knows ON CONFLICT, in the dialect of the connection."""
    bind = connection.get_bind() if isinstance(connection, Session) else connection
    return importlib.import_module(f"sqlalchemy.dialects.{bind.dialect.name}").insert(table)
