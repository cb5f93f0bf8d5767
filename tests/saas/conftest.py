"""What the tests of the access-request portal share: the catalogue, and the people of one test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from idp.core.db import db
from idp.saas import catalogue
from tests.saas.people import Town
from tests.support.identity_server import configured, prepared


@pytest.fixture(scope="session")
def sqlite_catalogue(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the whole catalogue and nobody in it, to be copied."""
    return _loaded(f"sqlite:///{tmp_path_factory.mktemp('catalogue')}/idp.sqlite3")


@pytest.fixture(scope="session")
def postgres_catalogue(request: pytest.FixtureRequest) -> str:
    """The same on PostgreSQL."""
    cluster = request.getfixturevalue("postgres_cluster")
    return _loaded(cluster.url(cluster.create()))


@pytest.fixture
def town(sqlite_catalogue: str, tmp_path: Path) -> Iterator[Town]:
    """The catalogue and nobody yet."""
    path = tmp_path / "idp.sqlite3"
    path.write_bytes(Path(sqlite_catalogue.removeprefix("sqlite:///")).read_bytes())
    yield from _open(f"sqlite:///{path}")


@pytest.fixture
def each_town(database_kind: str, new_database: Callable[[str], str], request: pytest.FixtureRequest) -> Iterator[Town]:
    """The same: the test runs once on SQLite and once on PostgreSQL."""
    kind = "sqlite" if database_kind == "sqlite" else "postgres"
    yield from _open(new_database(request.getfixturevalue(f"{kind}_catalogue")))


def _loaded(url: str) -> str:
    app = configured(prepared(url))
    with app.app_context():
        catalogue.load_reference()
        db.session.remove()
        db.engine.dispose()
    return url


def _open(url: str) -> Iterator[Town]:
    app = configured(url)
    yield Town(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
