"""The identity server in a test's own process: `app` on SQLite, `each_app` once on SQLite and once on PostgreSQL.

No application context is open around a test's client: Flask would share it, and with it `g`, between requests.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import delete

from idp.app import create_app
from idp.core import configuration
from idp.core.audit import AuditEvent, AuditHead
from idp.core.db import Model, db, transaction
from idp.oidc import keys

# Each test has an application of its own; compiling the templates anew for each would take most of its time.
FOLDER = tempfile.mkdtemp(prefix="ern-templates-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
TEMPLATES = FileSystemBytecodeCache(FOLDER)


def configured(url: str, **environ: str) -> Flask:
    """Build the application on a database, with further settings given as environment variables."""
    app = create_app(configuration.load({"ERN_CONFIG": "test", "DATABASE_URL": url, **environ}))
    app.jinja_env.bytecode_cache = TEMPLATES
    return app


def prepared(url: str) -> str:
    """Make the tables and the signing keys (an RSA key takes a while) of an empty database and return its URL."""
    app = configured(url)
    with app.app_context():
        Model.metadata.create_all(db.engine)
        keys.ensure()
        with transaction() as session:  # the story of a test begins with an empty trail
            session.execute(delete(AuditEvent))
            session.execute(delete(AuditHead))
        db.engine.dispose()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with all tables and the keys, to be copied."""
    return prepared(f"sqlite:///{tmp_path_factory.mktemp('template')}/idp.sqlite3")


@pytest.fixture(scope="session")
def postgres_template(request: pytest.FixtureRequest) -> str:
    """The same on PostgreSQL."""
    cluster = request.getfixturevalue("postgres_cluster")
    return prepared(cluster.url(cluster.create()))


@pytest.fixture
def app(sqlite_template: str, tmp_path: Path) -> Iterator[Flask]:
    """The identity server on a fresh SQLite database."""
    path = tmp_path / "idp.sqlite3"
    path.write_bytes(Path(sqlite_template.removeprefix("sqlite:///")).read_bytes())
    yield from _open(configured(f"sqlite:///{path}"))


@pytest.fixture
def each_app(database_kind: str, new_database: Callable[[str], str], request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The identity server on a fresh database: the test runs once on SQLite and once on PostgreSQL."""
    template = request.getfixturevalue("sqlite_template" if database_kind == "sqlite" else "postgres_template")
    yield from _open(configured(new_database(template)))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a session."""
    return app.test_client()


def _open(app: Flask) -> Iterator[Flask]:
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
