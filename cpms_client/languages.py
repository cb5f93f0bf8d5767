"""Which language a page speaks: asked for in the menu, remembered in a cookie, else the browser's wish."""

from urllib.parse import quote, urlencode

from flask import Flask, Response, g, has_request_context, request, url_for
from flask_babel import Babel, Locale

from cpms_client.settings import Settings

YEAR = 365 * 24 * 3600


def install(app: Flask, settings: Settings) -> None:
    """Set Flask-Babel up and remember the language that a person chooses with `?lang=`."""
    cookie = settings.cookie("language")

    def select() -> str:
        if not has_request_context():
            return settings.languages[0]
        wishes = (request.args.get("lang"), request.cookies.get(cookie))
        chosen = next((wish for wish in wishes if wish in settings.languages), None)
        return chosen or request.accept_languages.best_match(settings.languages) or settings.languages[0]

    def remember(response: Response) -> Response:
        wish = request.args.get("lang")
        if wish in settings.languages and not g.get("static"):
            response.set_cookie(cookie, str(wish), max_age=YEAR, secure=settings.public, httponly=True, samesite="Lax")
        return response

    Babel(app, locale_selector=select)
    app.after_request(remember)


def menu(settings: Settings) -> list[dict[str, str]]:
    """List the languages with their own names and, for each, the address of the page one is on."""
    return [
        {"code": code, "name": str(Locale(code).get_display_name(code)).capitalize(), "url": _here_in(code)}
        for code in settings.languages
    ]


def _here_in(code: str) -> str:
    safe = request.endpoint and request.method == "GET" and request.blueprint != "sign_in"
    if not safe:
        return url_for("home.welcome", lang=code)
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    # Not by `url_for`: a name in the query, such as `_scheme`, would be one of its own arguments.
    return f"{quote(request.path)}?{urlencode([*kept, ('lang', code)])}"
