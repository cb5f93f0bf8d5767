"""The edge to HTTP: what is refused before any view, what every answer carries, the page for whatever goes wrong."""

import secrets
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, Response, abort, current_app, g, render_template, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from cpms_client.settings import LOOPBACK, Settings

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
UNCHECKED = ("health.alive", "health.ready", "health.metrics")
OLD_BROWSERS = ("MSIE ", "Trident/")
TITLES: dict[int, LazyString] = {
    400: _l("This request cannot be read"),
    404: _l("This page does not exist"),
    405: _l("This cannot be done here"),
    413: _l("This is too much at once"),
    500: _l("Something went wrong on our side"),
}
SENTENCES: dict[int, LazyString] = {
    400: _l("It contains something that CPMS does not understand. Nothing was changed. Go back and try again."),
    404: _l("The address is wrong, or you may not see what is there."),
    405: _l("Nothing was changed. Go to the start page and follow the links from there."),
    413: _l("The text or file is too large. Nothing was changed. Go back and send less."),
    500: _l("Your request was not carried out. It is not your fault, and nothing was lost."),
}
FORM_TOO_OLD = _l("It was open in a browser without cookies, or too long. Go back, reload the page and send it again.")


def install(app: Flask, settings: Settings) -> None:
    """Put the edge around an application."""
    headers = _headers(settings)
    app.before_request(_refuse)
    app.before_request(_explain_old_browsers)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(Exception, _crash)

    def finish(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if not g.get("static"):
            response.headers["Cache-Control"] = "no-store"
        return response

    app.after_request(finish)


def reference() -> str:
    """Make up a number by which a person and the log mean the same event."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _headers(settings: Settings) -> dict[str, str]:
    issuer = urlsplit(settings.issuer)
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "font-src": "'self'",
        "connect-src": "'self'",
        # Signing in and out are answers to forms that lead to the identity server.
        "form-action": f"'self' {issuer.scheme}://{issuer.netloc}",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if settings.public:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers


def _refuse() -> None:
    settings: Settings = current_app.extensions["cpms_settings"]
    if request.endpoint in UNCHECKED:
        return
    if request.host != settings.host:
        abort(400)
    if settings.training and request.remote_addr not in LOOPBACK:
        abort(403)
    if not _readable():
        abort(400)


def _readable() -> bool:
    """Tell whether address and form are UTF-8 without NUL, which no database stores."""
    encoded = [request.query_string]
    if request.mimetype == "application/x-www-form-urlencoded":
        encoded.append(request.get_data())
    try:
        texts = [unquote_to_bytes(part).decode("utf-8") for part in encoded]
    except UnicodeDecodeError:
        return False
    texts += [request.path, *(text for pair in request.form.items(multi=True) for text in pair)]
    return not any("\0" in text or "\ufffd" in text for text in texts)


def _explain_old_browsers() -> str | None:
    agent = request.headers.get("User-Agent", "")
    if request.endpoint in (*UNCHECKED, "static") or not any(mark in agent for mark in OLD_BROWSERS):
        return None
    return render_template("unsupported.html")


def _page(status: int, title: LazyString, sentence: LazyString) -> tuple[str, int]:
    number = reference()
    current_app.logger.info("reference %s: status %s at %s", number, status, request.endpoint)
    return render_template("error.html", title=title, sentence=sentence, reference=number), status


def _http_error(error: HTTPException) -> tuple[str, int] | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    known = status if status in TITLES else 500 if status >= 500 else 400
    return _page(status, TITLES[known], SENTENCES[known])


def _csrf_error(_error: CSRFError) -> tuple[str, int]:
    return _page(400, _l("The form was not accepted"), FORM_TOO_OLD)


def _crash(error: Exception) -> tuple[str, int]:
    g.visitor = None
    number = reference()
    current_app.logger.error("reference %s: %s", number, type(error).__name__, exc_info=error)
    return render_template("error.html", title=TITLES[500], sentence=SENTENCES[500], reference=number), 500
