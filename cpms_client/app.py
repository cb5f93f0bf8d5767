"""The composition of CPMS: the only module that knows every part."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, g, request
from flask_babel import LazyString, get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import CSRFProtect

from cpms_client import (
    assets,
    dashboard_views,
    health,
    home,
    installation,
    languages,
    panel_lists,
    panel_people_views,
    panel_views,
    patient_views,
    refusal_pages,
    report_views,
    sign_in,
    training_views,
    web,
)
from cpms_client.claims import Visitor
from cpms_client.db import connect
from cpms_client.identity_server import IdentityServer
from cpms_client.settings import ROOT, Settings, load

PARTS = (
    health,
    home,
    sign_in,
    dashboard_views,
    patient_views,
    panel_views,
    panel_people_views,
    report_views,
)


@dataclass(frozen=True)
class Tab:
    """An entry of the main menu: its page, how the endpoints that belong to it begin, its word, for whom."""

    endpoint: str
    area: str
    word: LazyString
    shown_to: Callable[[Visitor], bool] = bool


TABS = (
    Tab("dashboard.show", "dashboard", _l("Dashboard")),
    Tab("patient.list", "patient", _l("Patients")),
    Tab("panel.list", "panel", _l("Panels")),
    Tab("dashboard.requests", "dashboard.requests", _l("Requests"), panel_lists.handles_requests),
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
    connect(app)
    health.install(app)
    web.install(app, settings)
    languages.install(app, settings)
    # The identity server's own call carries no form token: its signature is judged instead.
    forgery = CSRFProtect(app)
    app.add_url_rule(sign_in.FROM_AFAR, "back_channel_logout", forgery.exempt(sign_in.end_from_afar), methods=["POST"])
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
        # What a statement that fails was about (patients, tokens) is not for the log.
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": not url.startswith("sqlite"), "hide_parameters": True},
        "MAX_CONTENT_LENGTH": settings.max_body_bytes,
        "SESSION_COOKIE_NAME": settings.cookie("form"),
        "SESSION_COOKIE_SECURE": settings.public,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # A form may stay open as long as its browser does: a slow reader loses nothing.
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _register(app: Flask, settings: Settings) -> None:
    for part in PARTS:
        app.register_blueprint(part.blueprint)
    if settings.training:
        app.register_blueprint(training_views.blueprint)


def _install_words(app: Flask, settings: Settings) -> None:
    """Give every template what the layout shows: the visitor, the menu, the languages."""

    def words() -> dict[str, object]:
        visitor: Visitor | None = g.get("visitor")
        return {
            "settings": settings,
            "visitor": visitor,
            "tabs": [tab for tab in TABS if visitor and tab.shown_to(visitor)],
            "open_tab": _open_tab(),
            "language": str(get_locale() or settings.languages[0]),
            "language_menu": languages.menu(settings),
        }

    app.context_processor(words)


def _open_tab() -> Tab | None:
    """Find the menu entry of the page one is on: the one that says most exactly where that is."""
    fitting = [tab for tab in TABS if (request.endpoint or "").startswith(tab.area)]
    return max(fitting, key=lambda tab: len(tab.area), default=None)
