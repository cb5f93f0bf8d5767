"""The three programs, each on a database of its own and without an issuer, for what every route owes."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from cpms_client import app as cpms
from cpms_client import db as cpms_db
from cpms_client import settings as cpms_settings
from ecp_client import app as ecp
from ecp_client import db as ecp_db
from ecp_client import settings as ecp_settings
from idp.core.db import Model, db
from tests.support.identity_server import configured
from tests.support.lending import TEMPLATES, Lent, renew

NAMES = ("idp", "cpms", "training", "ecp")


def login(folder: Path) -> Flask:
    app = configured(f"sqlite:///{folder}/idp.sqlite3")
    with app.app_context():
        Model.metadata.create_all(db.engine)
        db.engine.dispose()
    return app


def clinical(folder: Path, name: str = "test") -> Flask:
    fresh = cpms_settings.load({"ERN_CPMS_CONFIG": name})
    app = cpms.assemble(replace(fresh, issuer="http://localhost:9", database_url=f"sqlite:///{folder}/{name}.sqlite3"))
    with app.app_context():
        cpms_db.db.create_all()
        cpms_db.db.engine.dispose()
    return app


def collaborative(folder: Path) -> Flask:
    fresh = ecp_settings.load({"ERN_ECP_CONFIG": "test"})
    app = ecp.assemble(replace(fresh, issuer="http://localhost:9", database_url=f"sqlite:///{folder}/ecp.sqlite3"))
    with app.app_context():
        ecp_db.Model.metadata.create_all(ecp_db.db.engine)
        ecp_db.db.engine.dispose()
    return app


MADE: dict[str, Callable[[Path], Flask]] = {
    "idp": login,
    "cpms": clinical,
    "training": lambda folder: clinical(folder, "training"),
    "ecp": collaborative,
}
BASE = {
    "idp": "http://localhost:8000",
    "cpms": "http://localhost",
    "training": "http://localhost:8003",
    "ecp": "http://localhost:8002",
}

Programs = Callable[[str], Flask]


@pytest.fixture(scope="session")
def lend_program(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], AbstractContextManager[Flask]]:
    """Lend one of the programs on an empty database."""
    lent: dict[str, tuple[Lent, Path, str]] = {}

    def make(name: str) -> tuple[Lent, Path, str]:
        app = MADE[name](tmp_path_factory.mktemp(name))
        app.jinja_env.bytecode_cache = TEMPLATES
        file = Path(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
        template = file.with_name("template")
        shutil.copyfile(file, template)
        return Lent(lambda: app, lambda _: {}), file, f"sqlite:///{template}"

    @contextmanager
    def lend(name: str) -> Iterator[Flask]:
        application, file, template = lent[name] = lent.get(name) or make(name)
        renew(file, template)
        with application.to_a_test() as app:
            yield app
            with app.app_context():
                app.extensions["sqlalchemy"].session.remove()
                app.extensions["sqlalchemy"].engine.dispose()

    return lend


@pytest.fixture
def programs(lend_program: Callable[[str], AbstractContextManager[Flask]]) -> Iterator[Programs]:
    """Give a program by its name."""
    with ExitStack() as ends:
        yield lambda name: ends.enter_context(lend_program(name))


def stranger(app: Flask, name: str) -> FlaskClient:
    """A browser that has been here before (it keeps a form cookie) and is signed in nowhere."""
    client = app.test_client()
    client.environ_base |= {"REMOTE_ADDR": "127.0.0.1"}
    client.get("/", base_url=BASE[name])
    return client


def rules(app: Flask, method: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]


def path_of(app: Flask, rule: Rule) -> str:
    """An address of the rule, with something in every hole."""
    values = {name: 1 if hasattr(converter, "max") else "x" for name, converter in rule._converters.items()}
    built = rule.build(values)
    assert built, rule
    return built[1]
