"""How tests walk through CPMS: an application on a fresh database, and a browser that signs in through the issuer."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Blueprint, Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cpms_client import installation
from cpms_client.app import assemble
from cpms_client.db import db
from cpms_client.identity_server import IdentityServer
from cpms_client.settings import Settings
from cpms_client.visitor import current_visitor, freshly_proved, members_only
from tests.support.fake_issuer import path_of
from tests.support.hop import led_to
from tests.support.lending import TEMPLATES, Lent, State, hurry, listeners, renew


def probes() -> Blueprint:
    """Give tests three pages of their own behind the guards: who is here, a form, a grave act."""
    blueprint = Blueprint("test", __name__)

    @blueprint.get("/test-who")
    @members_only
    def who() -> str:
        visitor = current_visitor()
        return " ".join([visitor.sub, *(f"{access.ern}/{access.hcp}" for access in visitor.accesses)])

    @blueprint.post("/test-note")
    @members_only
    def note() -> str:
        return request.form["text"]

    @blueprint.get("/test-grave")
    @members_only
    @freshly_proved(10)
    def grave() -> str:
        return "done"

    @blueprint.get("/test-crash")
    def crash() -> str:
        raise RuntimeError("a secret detail")

    return blueprint


EMPTY_DATABASES: dict[bool, str] = {}
LENT: dict[Settings, Lent] = {}


@contextmanager
def lent(settings: Settings) -> Iterator[Flask]:
    """Lend the application with these settings on a fresh, marked database file, and leave nothing open."""
    file = Path(settings.database_url.removeprefix("sqlite:///"))
    renew(file, _empty_database(settings))
    application = LENT.setdefault(settings, Lent(lambda: _made(settings), _further_state))
    with application.to_a_test() as app:
        app.extensions["cpms_identity_server"] = IdentityServer(settings)  # it remembers what it was told
        yield app
        close(app)


def _made(settings: Settings) -> Flask:
    app = assemble(settings)
    app.jinja_env.bytecode_cache = TEMPLATES
    app.register_blueprint(probes())
    with app.app_context():
        hurry(db.engine)
    return app


def _further_state(app: Flask) -> State:
    with app.app_context():
        return listeners(db.engine)


def _empty_database(settings: Settings) -> str:
    if settings.training not in EMPTY_DATABASES:
        url = f"{settings.database_url}.empty-{settings.training}"
        app = assemble(replace(settings, database_url=url))
        with app.app_context():
            db.create_all()
            installation.mark(settings)
        close(app)
        EMPTY_DATABASES[settings.training] = url
    return EMPTY_DATABASES[settings.training]


def close(app: Flask) -> None:
    """Close every connection, so that the file holds all and no socket stays open."""
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def begin(browser: FlaskClient, at: str = "/sign-in") -> str:
    """Start a sign-in and give the path of the callback to which the issuer sends the browser back."""
    away = browser.get(at)
    assert away.status_code == 302, away.text
    return path_of(led_to(away.location))


def sign_in(browser: FlaskClient, at: str = "/sign-in") -> TestResponse:
    """Walk through a whole sign-in."""
    return browser.get(begin(browser, at))


def csrf(browser: FlaskClient, page: str = "/") -> str:
    """Read the hidden field that every form carries."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert found, page
    return found.group(1)
