"""What tests of CPMS share: a database on disk, a real issuer on loopback, and people who sign in through it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cpms_client import settings as cpms_settings
from cpms_client.settings import Settings
from tests.support.cpms_browser import lent, sign_in
from tests.support.fake_issuer import FakeIssuer, Person, running
from tests.support.lending import remove

ENVIRONMENT = {"ERN_CPMS_CONFIG": "test"}


@pytest.fixture(scope="session")
def served_issuer() -> Iterator[FakeIssuer]:
    with running() as issuer:
        yield issuer


@pytest.fixture
def issuer(served_issuer: FakeIssuer) -> FakeIssuer:
    served_issuer.__init__(served_issuer.issuer)  # type: ignore[misc]
    return served_issuer


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database of each test lies in turn."""
    return tmp_path_factory.mktemp("cpms")


@pytest.fixture
def settings(issuer: FakeIssuer, folder: Path) -> Settings:
    """The settings of the tests; they name a database that is not there yet."""
    remove(folder / "cpms.sqlite")
    fresh = cpms_settings.load(ENVIRONMENT)
    return replace(fresh, issuer=issuer.issuer, database_url=f"sqlite:///{folder}/cpms.sqlite")


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    with lent(settings) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def visit(app: Flask, issuer: FakeIssuer) -> Callable[..., FlaskClient]:
    """Make a browser in which a person is signed in: `visit(sub="n00x", accesses=[access(hcp="DE03")])`."""

    def enter(**person: Any) -> FlaskClient:
        browser = app.test_client()
        issuer.person = Person(**person)
        assert sign_in(browser).status_code == 303
        return browser

    return enter
