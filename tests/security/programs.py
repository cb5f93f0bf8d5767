"""The three programs, each on a database of its own and without an issuer, for what every route owes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

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

NAMES = ("idp", "cpms", "training", "ecp")


def login(folder: Path) -> Flask:
    app = configured(f"sqlite:///{folder}/idp.sqlite3")
    with app.app_context():
        Model.metadata.create_all(db.engine)
    return app


def clinical(folder: Path, name: str = "test") -> Flask:
    fresh = cpms_settings.load({"ERN_CPMS_CONFIG": name})
    app = cpms.assemble(replace(fresh, issuer="http://localhost:9", database_url=f"sqlite:///{folder}/{name}.sqlite3"))
    with app.app_context():
        cpms_db.db.create_all()
    return app


def collaborative(folder: Path) -> Flask:
    fresh = ecp_settings.load({"ERN_ECP_CONFIG": "test"})
    app = ecp.assemble(replace(fresh, issuer="http://localhost:9", database_url=f"sqlite:///{folder}/ecp.sqlite3"))
    with app.app_context():
        ecp_db.Model.metadata.create_all(ecp_db.db.engine)
    return app


PROGRAMS: dict[str, Callable[[Path], Flask]] = {
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
