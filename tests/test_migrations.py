"""The migrations of each program, on both databases: in step with the models, and undone and redone with data."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import cpms_client.app
import cpms_client.cli
import cpms_client.settings
import ecp_client.cli
import idp.app
import idp.cli
from cpms_client.db import db as cpms_db
from ecp_client import models  # noqa: F401 - the tables register themselves
from ecp_client.db import Model as EcpModel
from idp.core import configuration
from idp.core.db import db as idp_db

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Program:
    """A program: its package, the variables that name its configuration and database, and how Alembic reaches it."""

    package: str
    configuration: str
    database: str
    alembic: Callable[[dict[str, str]], AbstractContextManager[Config]]
    metadata: sa.MetaData

    def environment(self, url: str) -> dict[str, str]:
        return {self.configuration: "test", self.database: url}

    def prepare(self, url: str) -> None:
        """Run the program's own command, which migrates and fills the database."""
        done = subprocess.run(
            [sys.executable, "-m", f"{self.package}.cli", "prepare"],
            cwd=ROOT,
            env=os.environ | self.environment(url),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def reach_idp(environment: dict[str, str]) -> Iterator[Config]:
    app = idp.cli.migrating(idp.app.create_app(configuration.load(environment)))
    with app.app_context():
        try:
            yield app.extensions["migrate"].migrate.get_config()
        finally:
            idp_db.engine.dispose()


@contextmanager
def reach_cpms(environment: dict[str, str]) -> Iterator[Config]:
    app = cpms_client.app.assemble(cpms_client.settings.load(environment))
    with app.app_context():
        try:
            yield cpms_client.cli.alembic_config()
        finally:
            cpms_db.engine.dispose()


@contextmanager
def reach_ecp(environment: dict[str, str]) -> Iterator[Config]:
    yield ecp_client.cli.migrations(environment["ECP_DATABASE_URL"])


PROGRAMS = (
    Program("idp", "ERN_CONFIG", "DATABASE_URL", reach_idp, idp_db.metadata),
    Program("cpms_client", "ERN_CPMS_CONFIG", "CPMS_DATABASE_URL", reach_cpms, cpms_db.metadata),
    Program("ecp_client", "ERN_ECP_CONFIG", "ECP_DATABASE_URL", reach_ecp, EcpModel.metadata),
)


@pytest.fixture(params=PROGRAMS, ids=lambda program: program.package)
def program(request: pytest.FixtureRequest) -> Program:
    return request.param


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def tables(url: str) -> set[str]:
    with connected(url) as connection:
        return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def test_migrations_are_in_step_with_the_models(program: Program, database_url: str) -> None:
    with program.alembic(program.environment(database_url)) as config:
        command.upgrade(config, "head")
    with connected(database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, program.metadata) == []


def test_there_is_one_line_of_migrations(program: Program) -> None:
    environment = program.environment("sqlite://")
    with program.alembic(environment) as config:
        assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_migrations_are_undone_one_by_one_and_redone_with_data(program: Program, database_url: str) -> None:
    program.prepare(database_url)
    assert tables(database_url) == set(program.metadata.tables)
    before = rows(database_url, program.metadata)
    with program.alembic(program.environment(database_url)) as config:
        for _revision in ScriptDirectory.from_config(config).walk_revisions():
            command.downgrade(config, "-1")
        assert tables(database_url) == set()
        command.upgrade(config, "head")
    program.prepare(database_url)
    assert rows(database_url, program.metadata) == before
    program.prepare(database_url)
    assert rows(database_url, program.metadata) == before, "preparing a second time must change nothing"


def rows(url: str, metadata: sa.MetaData) -> dict[str, int]:
    with connected(url) as connection:
        tables = metadata.tables.values()
        return {one.name: connection.scalar(sa.select(sa.func.count()).select_from(one)) for one in tables}
