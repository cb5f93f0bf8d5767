"""What every test may ask for: databases, servers, and the programs of the system that some tests need.

A missing program skips a test with its reason; where CI=true it fails it, since a skip would hide a hole.
"""

import gc
import os
import runpy
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.servers import apache, postgres, redis, smtp

pytest_plugins = ["tests.support.identity_server", "tests.support.servers.system", "tests.support.chromium"]

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=[*DATABASES, "both"], default="both", help="run `database_url` tests on it")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # once, before the workers start
        runpy.run_path(str(ROOT / ".ci" / "translations.py"))["compile_all"]()


def pytest_collection_finish() -> None:
    # What is loaded by now stays for ever: to look through it again and again took an eighth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        metafunc.parametrize("database_kind", DATABASES if chosen == "both" else [chosen])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "needs_chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


def need(program: object, package: str) -> None:
    """Skip the test, or fail it in CI, unless the program was found."""
    if program:
        return
    reason = f"{package} is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def needs_postgres() -> None:
    need(postgres.programs(), "postgresql")


@pytest.fixture(scope="session")
def needs_redis() -> None:
    need(redis.program(), "redis-server")


@pytest.fixture(scope="session")
def needs_apache() -> None:
    need(apache.program(), "apache2 with libapache2-mod-auth-openidc")


@pytest.fixture(scope="session")
def needs_chromium() -> str:
    """The path of the browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    need(found, "chromium")
    return found


@pytest.fixture(scope="session")
def postgres_cluster(needs_postgres: None) -> Iterator[postgres.Cluster]:
    """One cluster for each test process: it takes about a second, and processes share nothing."""
    with postgres.running() as cluster:
        yield cluster


@pytest.fixture
def database_kind() -> str:
    """`sqlite` or `postgresql`; every test that asks for `database_url` runs once for each."""
    raise AssertionError("parametrised in pytest_generate_tests")


@pytest.fixture
def new_database(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], str]]:
    """Make a database: a copy of the one behind the given URL, or an empty one for ""; returns its URL."""
    if database_kind == "sqlite":
        yield lambda template: _sqlite_database(tmp_path, template)
        return
    cluster: postgres.Cluster = request.getfixturevalue("postgres_cluster")
    made: list[str] = []

    def make(template: str) -> str:
        made.append(cluster.create(template))
        return cluster.url(made[-1])

    yield make
    for name in made:
        cluster.drop(name)


@pytest.fixture
def database_url(new_database: Callable[[str], str]) -> str:
    """The URL of an empty database, once SQLite, once PostgreSQL."""
    return new_database("")


@pytest.fixture
def redis_server(needs_redis: None, tmp_path: Path) -> Iterator[redis.Redis]:
    """A Redis of one's own (a tenth of a second), to be stopped or killed at will."""
    with redis.running(tmp_path) as server:
        yield server


@pytest.fixture
def mailbox() -> Iterator[smtp.Mailbox]:
    """A mail receiver that keeps, refuses, is slow or hangs up."""
    with smtp.running() as receiver:
        yield receiver


def _sqlite_database(folder: Path, template: str) -> str:
    path = folder / f"{len(list(folder.glob('*.sqlite3')))}.sqlite3"
    copy = sqlite3.connect(path)
    if template:
        original = sqlite3.connect(template.removeprefix("sqlite:///"))
        original.backup(copy)
        original.close()
    copy.close()
    path.touch()
    return f"sqlite:///{path}"
