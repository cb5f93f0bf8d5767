"""The identity server in a test's own process: `app` on SQLite, `each_app` once on SQLite and once on PostgreSQL.

The tests of a process use one application after the other (`tests/support/lending.py`), each on a fresh database that
lies where the last one lay. No application context is open around a test's client: Flask would share it, and with it
`g`, between requests.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from idp.accounts import passwords, questions
from idp.app import create_app
from idp.core import configuration, signals
from idp.core.audit import AuditEvent, AuditHead
from idp.core.db import Model, db, transaction
from idp.mfa import app_keys
from idp.oidc import keys
from tests.support.lending import TEMPLATES, Lent, State, hurry, listeners, renew

# Lend the identity server on a copy of the database behind a URL.
Lender = Callable[[str], AbstractContextManager[Flask]]


def configured(url: str, **environ: str) -> Flask:
    """Build the application on a database, with further settings given as environment variables."""
    app = create_app(configuration.load({"ERN_CONFIG": "test", "DATABASE_URL": url, **environ}))
    app.jinja_env.bytecode_cache = TEMPLATES
    return app


def reconfigured(app: Flask, **environ: str) -> Flask:
    """Give a lent application further settings until the test is over; not of its server and its database.

    Those are read when it is built; everything else is read at each use.
    """
    known = app.extensions["ern_settings"]
    told = configuration.load({"ERN_CONFIG": "test", "DATABASE_URL": known.database.url, **environ})
    assert (told.server, told.database) == (known.server, known.database), "build an application of its own"
    app.extensions["ern_settings"] = told
    return app


def prepared(url: str) -> str:
    """Make the tables and the signing keys (an RSA key takes a while) of an empty database and return its URL."""
    app = configured(url)
    with app.app_context():
        Model.metadata.create_all(db.engine)
        keys.ensure()
        app_keys.ensure()
        with transaction() as session:  # the story of a test begins with an empty trail
            session.execute(delete(AuditEvent))
            session.execute(delete(AuditHead))
        db.engine.dispose()
    return url


@pytest.fixture(scope="session", autouse=True)
def cheap_codes() -> Iterator[None]:
    """Stretch recovery codes as cheaply as `config/test.toml` hashes passwords."""
    with pytest.MonkeyPatch.context() as cheap:
        cheap.setattr(passwords, "STRETCH_PASSES", 1)
        cheap.setattr(passwords, "STRETCH_KIB", 64)
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with all tables and the keys, to be copied."""
    return prepared(f"sqlite:///{tmp_path_factory.mktemp('template')}/idp.sqlite3")


@pytest.fixture(scope="session")
def postgres_template(request: pytest.FixtureRequest) -> str:
    """The same on PostgreSQL."""
    cluster = request.getfixturevalue("postgres_cluster")
    return prepared(cluster.url(cluster.create()))


@pytest.fixture(scope="session")
def lend_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Lender:
    """The identity server of this process on SQLite."""
    file = tmp_path_factory.mktemp("idp") / "idp.sqlite3"
    return lender(f"sqlite:///{file}", lambda template: renew(file, template))


@pytest.fixture(scope="session")
def lend_postgres(request: pytest.FixtureRequest) -> Lender:
    """The identity server of this process on PostgreSQL."""
    cluster = request.getfixturevalue("postgres_cluster")
    name = cluster.create()
    return lender(cluster.url(name), lambda template: cluster.renew(name, template))


@pytest.fixture
def lend_each(database_kind: str, request: pytest.FixtureRequest) -> Lender:
    """The one or the other: the test runs once on SQLite and once on PostgreSQL."""
    return request.getfixturevalue("lend_sqlite" if database_kind == "sqlite" else "lend_postgres")


@pytest.fixture
def app(lend_sqlite: Lender, sqlite_template: str) -> Iterator[Flask]:
    """The identity server on a fresh SQLite database."""
    with lend_sqlite(sqlite_template) as lent:
        yield lent


@pytest.fixture
def each_app(lend_each: Lender, database_kind: str, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The identity server on a fresh database: the test runs once on SQLite and once on PostgreSQL."""
    template = request.getfixturevalue("sqlite_template" if database_kind == "sqlite" else "postgres_template")
    with lend_each(template) as lent:
        yield lent


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a session."""
    return app.test_client()


def closed(app: Flask) -> None:
    """Leave no session and no connection open."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def lender(url: str, fill: Callable[[str], None]) -> Lender:
    """Lend an application on a database that is filled before each test."""
    lent = Lent(lambda: _hurried(configured(url)), _further_state)

    @contextmanager
    def lend(template: str) -> Iterator[Flask]:
        fill(template)
        with lent.to_a_test() as app:
            yield app
            closed(app)

    return lend


def _hurried(app: Flask) -> Flask:
    with app.app_context():
        hurry(db.engine)
    return app


def _further_state(app: Flask) -> State:
    with app.app_context():
        heard = listeners(db.engine)
    told = {name: dict(signal.receivers) for name, signal in signals._signals.items()}
    return heard | told | {name: list(getattr(questions, name)) for name in ("FACTORS", "VISITS", "DUTIES")}
