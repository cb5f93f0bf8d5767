"""The composition of CPMS: the only module that knows every part."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from flask import Flask, g
from flask_babel import LazyString, get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import CSRFProtect

from cpms_client import (
    assets,
    health,
    home,
    installation,
    languages,
    refusal_pages,
    sign_in,
    training_views,
    web,
)
from cpms_client.db import db
from cpms_client.identity_server import IdentityServer
from cpms_client.settings import ROOT, Settings, load

AREAS = ("dashboard_views", "patient_views", "panel_views", "report_views")


@dataclass(frozen=True)
class Tab:
    """An entry of the main menu: the endpoint that it opens, its blueprint, its word."""

    endpoint: str
    blueprint: str
    word: LazyString


TABS = (
    Tab("dashboard.show", "dashboard", _l("Dashboard")),
    Tab("patient.list", "patient", _l("Patients")),
    Tab("panel.list", "panel", _l("Panels")),
    Tab("report.show", "report", _l("Reports")),
)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the server; stops with one sentence and exit 2 when settings or database do not fit."""
    settings = settings or load()
    app = assemble(settings)
    with app.app_context():
        installation.check(settings)
    return app


def assemble(settings: Settings) -> Flask:
    """Put the parts together without looking at the database; the command line starts here."""
    app = Flask(__name__, static_folder=None)
    app.config.update(_flask_configuration(settings))
    app.extensions["cpms_settings"] = settings
    app.extensions["cpms_identity_server"] = IdentityServer(settings)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    db.init_app(app)
    health.install(app)
    web.install(app, settings)
    languages.install(app, settings)
    CSRFProtect(app)
    refusal_pages.install(app)
    assets.install(app)
    _register(app, settings)
    _install_words(app, settings)
    return app


def _flask_configuration(settings: Settings) -> dict[str, object]:
    url = settings.database_url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{ROOT / url.removeprefix('sqlite:///')}"
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": not url.startswith("sqlite")},
        "MAX_CONTENT_LENGTH": settings.max_body_bytes,
        "SESSION_COOKIE_NAME": settings.cookie("form"),
        "SESSION_COOKIE_SECURE": settings.public,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # A form may stay open as long as its browser does: a slow reader loses nothing.
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _register(app: Flask, settings: Settings) -> None:
    for blueprint in (health.blueprint, home.blueprint, sign_in.blueprint):
        app.register_blueprint(blueprint)
    if settings.training:
        app.register_blueprint(training_views.blueprint)
    for area in AREAS:
        if find_spec(f"cpms_client.{area}"):
            app.register_blueprint(import_module(f"cpms_client.{area}").blueprint)


def _install_words(app: Flask, settings: Settings) -> None:
    """Give every template what the layout shows: the visitor, the menu, the languages."""
    tabs = [tab for tab in TABS if tab.endpoint in app.view_functions]
    app.extensions["cpms_tabs"] = tabs

    def words() -> dict[str, object]:
        return {
            "settings": settings,
            "visitor": g.get("visitor"),
            "tabs": tabs,
            "language": str(get_locale() or settings.languages[0]),
            "language_menu": languages.menu(settings),
        }

    app.context_processor(words)
