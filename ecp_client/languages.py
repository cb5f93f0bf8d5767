"""The languages of the pages: chosen in the menu, remembered in a cookie, or what the browser asks for."""

from pathlib import Path

from flask import Flask, Response, current_app, request
from flask_babel import Babel, get_locale

LANGUAGES = {"en": "English", "fr": "Français"}
DEFAULT = "en"
COOKIE = "ecp_language"
YEAR_SECONDS = 365 * 24 * 3600
FOLDER = Path(__file__).resolve().parent / "translations"


def set_up(app: Flask) -> None:
    """Every page in the language of its reader."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(FOLDER)
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Brussels"
    Babel(app, locale_selector=chosen)
    app.after_request(_remember)


def chosen() -> str:
    """The language of this request."""
    for wanted in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return request.accept_languages.best_match(LANGUAGES, DEFAULT) or DEFAULT


def current() -> str:
    """The language that the page is written in."""
    return str(get_locale() or DEFAULT)


def _remember(response: Response) -> Response:
    wanted = request.args.get("lang")
    if wanted in LANGUAGES:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(COOKIE, wanted, max_age=YEAR_SECONDS, samesite="Lax", httponly=True, secure=secure)
    return response
