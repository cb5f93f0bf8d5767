"""ECP as a program of its own: a prepared database, an issuer over HTTP, people with browsers."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from alembic import command
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ecp_client import sessions, settings
from ecp_client.app import assemble
from ecp_client.cli import migrations
from ecp_client.db import db
from ecp_client.issuer import Issuer as Client
from ecp_client.program import KEY, Program
from tests.ecp import issuer as fake
from tests.ecp.issuer import Issuer, person
from tests.support.hop import led_to
from tests.support.lending import TEMPLATES, Lent, State, hurry, listeners, renew

BASE = "http://localhost:8002"


@dataclass
class Browser:
    """One person's browser: signs in at the issuer, reads pages, sends forms."""

    client: FlaskClient
    issuer: Issuer

    def opens(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=BASE, **more)

    def goes_to_issuer(self, path: str = "/sign-in") -> str:
        """Follow "Login via ERN Login" until the issuer sends the browser back; returns that address."""
        there = self.opens(path)
        assert there.status_code == 303, there.text
        return led_to(there.location)

    def comes_back(self, address: str) -> TestResponse:
        parts = urlsplit(address)
        return self.opens(f"{parts.path}?{parts.query}")

    def signs_in(self, who: dict[str, Any] | None = None, path: str = "/sign-in") -> TestResponse:
        self.issuer.who = who or person()
        return self.comes_back(self.goes_to_issuer(path))

    def enters(self, who: dict[str, Any] | None = None) -> "Browser":
        """Be signed in as after `signs_in`, by the verb instead of the way there: for tests of what comes then."""
        who = self.issuer.who = who or person()
        tokens = self.issuer.gives({"who": who, "nonce": ""})
        app = self.client.application
        with app.app_context():
            claims = {"sub": who["sub"], "acr": fake.SFA, "sid": "sid-1"}
            token = sessions.open_for(who, claims, tokens, app.extensions[KEY].settings)
        self.client.set_cookie("ecp_session", token, domain="localhost")
        return self

    def sends(self, path: str, follow: bool = True, **fields: str) -> TestResponse:
        """Open the form at `path`, fill it in, and send it."""
        form = hidden_fields(self.opens(path).text)
        return self.posts(path, follow, **(form | fields))

    def posts(self, path: str, follow: bool = True, **fields: str) -> TestResponse:
        return self.client.post(path, data=fields, base_url=BASE, follow_redirects=follow)

    def signs_out(self) -> TestResponse:
        token = hidden_fields(self.opens("/").text)["csrf_token"]
        return self.posts("/sign-out", follow=False, csrf_token=token)

    def cookie(self) -> str:
        found = self.client.get_cookie("ecp_session", domain="localhost")
        return found.value if found else ""


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of the forms on a page."""
    tags = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    found = {re.search(r'name="([^"]*)"', tag)[1]: re.search(r'value="([^"]*)"', tag)[1] for tag in tags}
    return {name: unescape(value) for name, value in found.items()}


def prepare(url: str) -> str:
    command.upgrade(migrations(url), "head")
    return url


@pytest.fixture(scope="session")
def ecp_template(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated database without rows, to be copied."""
    return prepare(f"sqlite:///{tmp_path_factory.mktemp('ecp')}/ecp.sqlite3")


@pytest.fixture
def ecp_database(ecp_template: str, tmp_path: Path) -> str:
    path = tmp_path / "ecp.sqlite3"
    path.write_bytes(Path(ecp_template.removeprefix("sqlite:///")).read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def served_issuer() -> Iterator[Issuer]:
    with fake.running() as running:
        yield running


@pytest.fixture
def issuer(served_issuer: Issuer) -> Issuer:
    served_issuer.__init__(served_issuer.port)  # type: ignore[misc]
    return served_issuer


@pytest.fixture
def start(issuer: Issuer) -> Iterator[Callable[..., Flask]]:
    """Assemble a program of the test's own on a database, with further settings."""
    started: list[Flask] = []

    def begin(url: str, **more: Any) -> Flask:
        started.append(_assembled(replace(_settings(issuer, url), **more)))
        return started[-1]

    yield begin
    for app in started:
        _close(app)


@pytest.fixture(scope="session")
def lend(served_issuer: Issuer, ecp_template: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Any]:
    """Lend the program of this process on a database without rows."""
    file = tmp_path_factory.mktemp("ecp") / "ecp.sqlite3"
    chosen = _settings(served_issuer, f"sqlite:///{file}")
    lent = Lent(lambda: _hurried(_assembled(chosen)), _further_state)

    @contextmanager
    def lend() -> Iterator[Flask]:
        renew(file, ecp_template)
        with lent.to_a_test() as app:
            app.extensions[KEY] = Program(chosen, Client(chosen))  # it remembers what it was told
            yield app
            _close(app)

    return lend


@pytest.fixture
def ecp(lend: Callable[[], Any], issuer: Issuer) -> Iterator[Flask]:
    with lend() as app:
        yield app


def _settings(issuer: Issuer, url: str) -> settings.Settings:
    return settings.load({"ERN_ECP_CONFIG": "test", "ECP_ISSUER": issuer.url, "ECP_DATABASE_URL": url})


def _assembled(chosen: settings.Settings) -> Flask:
    app = assemble(chosen)
    app.jinja_env.bytecode_cache = TEMPLATES
    return app


def _hurried(app: Flask) -> Flask:
    with app.app_context():
        hurry(db.engine)
    return app


def _further_state(app: Flask) -> State:
    with app.app_context():
        return listeners(db.engine)


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def visitor(ecp: Flask, issuer: Issuer) -> Browser:
    """A browser without a session."""
    return Browser(ecp.test_client(), issuer)


@pytest.fixture
def another(ecp: Flask, issuer: Issuer) -> Browser:
    """A second browser."""
    return Browser(ecp.test_client(), issuer)


@pytest.fixture
def member(visitor: Browser) -> Browser:
    """A browser in which a member of ERN-RND is signed in."""
    return visitor.enters()
