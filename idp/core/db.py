"""The database: one engine, one session a request, and one transaction for each act.

SQLite (WAL) and PostgreSQL run from the same code; where they differ, the difference is in this file.
"""

import importlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, MetaData, event, text
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from idp.core.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

ROOT = Path(__file__).parents[2]
SQLITE_FILE = "sqlite:///"
# How long SQLite lets a writer wait for the one before, and the lock in the process that it waits at first.
BUSY_SECONDS = 30
WRITER = "ern_writer"

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

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes; SQLite stores no zone, so everything is UTC."""
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


class Model(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012


db = SQLAlchemy(metadata=Model.metadata)


def init(app: Flask, settings: Settings) -> None:
    """Connect the application to its database."""
    app.config["SQLALCHEMY_DATABASE_URI"] = placed(settings.database.url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings.database.url)
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            Path(db.engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
            _prepare_sqlite(db.engine, settings.database.sqlite_synchronous)
            app.extensions[WRITER] = threading.RLock()
        _narrow_indexes(db.engine.dialect.name)


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
    if url.startswith("sqlite"):
        return {"hide_parameters": True, "connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}
    return {"hide_parameters": True, "pool_pre_ping": True, "pool_size": 8}


def _prepare_sqlite(engine: Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, else SQLite cannot begin a write at once
        patience = f"busy_timeout={BUSY_SECONDS * 1000}"
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", patience):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")


@dataclass
class Act:
    """The act under way: its connection as the driver knows it, and what it still has to do at its end."""

    driver: Any
    at_commit: dict[str, Callable[[], None]] = field(default_factory=dict)
    memory: dict[str, list[Any]] = field(default_factory=dict)


def in_transaction() -> bool:
    """Say whether an act is under way on this session."""
    return db.session.registry.has() and "act" in db.session().info


def act() -> Act:
    """Return the act under way; raise RuntimeError if there is none."""
    if not in_transaction():
        raise RuntimeError("this belongs into an act (see `transactional`)")
    under_way: Act = db.session().info["act"]
    return under_way


@contextmanager
def transaction() -> Iterator[Session]:
    """Make what happens inside one act: all of it is committed, or nothing; an inner act joins the outer one.

    What was read before belongs to an older snapshot and is read again when it is used.
    """
    session = db.session()
    if in_transaction():
        yield session
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed outside an act")
    session.rollback()
    with _turn(), _begun(session):
        yield session


@contextmanager
def _begun(session: Session) -> Iterator[None]:
    # A deferred transaction that turns into a writer fails on a newer snapshot, so writers take the lock first.
    connection = session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
    begun = session.info["act"] = Act(connection.connection)
    try:
        yield
        for write in begun.at_commit.values():
            write()
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.info["act"]


@contextmanager
def _turn() -> Iterator[None]:
    """Let the writers of this process queue before SQLite's one writer, where they would sleep ever longer.

    Four threads that refresh tokens do a fifth more of them, and the slowest of a hundred waits a third less.
    """
    lock: Any = current_app.extensions.get(WRITER)
    mine = lock is not None and lock.acquire(timeout=BUSY_SECONDS)  # in vain, SQLite itself refuses
    try:
        yield
    finally:
        if mine:
            lock.release()


def transactional(verb: Callable[P, R]) -> Callable[P, R]:
    """Make a public verb one act (see `transaction`)."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction():
            return verb(*args, **kwargs)

    return run


def upsert(table: Any, connection: Connection | Session) -> Any:
    """Return an INSERT for `table` that knows ON CONFLICT, in the dialect of the connection."""
    bind = connection.get_bind() if isinstance(connection, Session) else connection
    return importlib.import_module(f"sqlalchemy.dialects.{bind.dialect.name}").insert(table)
