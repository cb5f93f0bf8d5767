"""What the tests of the access-request portal share: the catalogue, and the people of one test."""

from collections.abc import Iterator

import pytest

from idp.saas import catalogue
from tests.saas.people import Town
from tests.support.identity_server import Lender, closed, configured, prepared


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
def town(lend_sqlite: Lender, sqlite_catalogue: str) -> Iterator[Town]:
    """The catalogue and nobody yet."""
    with lend_sqlite(sqlite_catalogue) as app:
        yield Town(app)


@pytest.fixture
def each_town(lend_each: Lender, database_kind: str, request: pytest.FixtureRequest) -> Iterator[Town]:
    """The same: the test runs once on SQLite and once on PostgreSQL."""
    kind = "sqlite" if database_kind == "sqlite" else "postgres"
    with lend_each(request.getfixturevalue(f"{kind}_catalogue")) as app:
        yield Town(app)


def _loaded(url: str) -> str:
    app = configured(prepared(url))
    with app.app_context():
        catalogue.load_reference()
    closed(app)
    return url
