"""The platform put together: `ecp_client.app:create_app` for the server."""

import sys
from typing import Any

from flask import Flask, request, url_for
from flask_wtf import CSRFProtect

from ecp_client import languages, membership, monitoring, networks, settings, sign_in_views, visitors, web
from ecp_client.assets import asset_url, assets
from ecp_client.db import connect, placed
from ecp_client.issuer import Issuer
from ecp_client.meeting_views import meeting_pages
from ecp_client.program import KEY, Program, program
from ecp_client.public_views import public
from ecp_client.settings import Settings
from ecp_client.sign_in_views import sign_in_pages
from ecp_client.space_views import space_pages


def create_app(chosen: Settings | None = None) -> Flask:
    """The application, by settings from files and environment; ends the process with 2 if they make no sense."""
    if chosen is None:
        try:
            chosen = settings.load()
        except settings.Unusable as error:
            sys.stderr.write(f"ECP does not start: {error}\n")
            raise SystemExit(2) from None
    return assemble(chosen)


def assemble(chosen: Settings) -> Flask:
    """The application for these settings."""
    app = Flask(__name__, static_folder=None)
    app.config.update(_flask_settings(chosen))
    app.extensions[KEY] = Program(chosen, Issuer(chosen))
    connect(app)
    monitoring.set_up(app)
    web.set_up(app, chosen)
    languages.set_up(app)
    # ERN Login's own call carries no form token: its signature is judged instead.
    forgery = CSRFProtect(app)
    view = forgery.exempt(sign_in_views.end_from_afar)
    app.add_url_rule(sign_in_views.FROM_AFAR, "back_channel_logout", view, methods=["POST"])
    for part in (public, sign_in_pages, space_pages, meeting_pages, assets):
        app.register_blueprint(part)
    # Macros are imported without the context of a page: what they need is global.
    app.jinja_env.globals["asset_url"] = asset_url
    app.context_processor(_words_of_every_page)
    return app


def _flask_settings(chosen: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": chosen.secret_key,
        "SQLALCHEMY_DATABASE_URI": placed(chosen.database_url, settings.ROOT),
        # What a statement that fails was about is not for the log.
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
        "SESSION_COOKIE_NAME": "__Host-ecp_form" if chosen.secure else "ecp_form",
        "SESSION_COOKIE_SECURE": chosen.secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # A form lives as long as the browser session: a long text must not become worthless after an hour.
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _words_of_every_page() -> dict[str, Any]:
    """What layout and pages may say without asking a view."""
    return {
        "country_name": membership.country_name,
        "greeted": visitors.greeted,
        "here": program().settings,
        "language": languages.current(),
        "languages": languages.LANGUAGES,
        "language_url": _language_url,
        "network_name": networks.name,
        "networks_of": membership.networks,
    }


def _language_url(code: str) -> str:
    """This page in another language; the answer of a sign-in cannot be asked for twice."""
    if request.endpoint is None or request.endpoint.startswith("sign_in."):
        return url_for("public.home", lang=code)
    kept: dict[str, Any] = {name: request.args[name] for name in ("q", "page") if name in request.args}
    return url_for(request.endpoint, **(request.view_args or {}), **kept, lang=code)
