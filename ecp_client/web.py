"""The outermost edge: what a request must look like, what every answer carries, and refusals as pages."""

import logging
import secrets
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from ecp_client.db import db
from ecp_client.error_pages import OURS, PAGES, STATUS_KEYS
from ecp_client.errors import BadRequest, NoMembership, Refusal, SignInNeeded
from ecp_client.settings import Settings

# A long post in any script is below 64 KiB; a little too long must still get its form back.
LARGEST_BODY = 256 * 1024
FORM_TYPE = "application/x-www-form-urlencoded"
# No letters that look alike.
REFERENCE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

log = logging.getLogger("ecp")


def set_up(app: Flask, settings: Settings) -> None:
    """Guard every request, dress every answer."""
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_BODY
    headers = security_headers(settings)
    app.before_request(lambda: _judge_host(settings.host))
    app.before_request(_judge_bytes)
    app.after_request(lambda response: _dressed(response, headers))
    app.register_error_handler(SignInNeeded, _to_sign_in)
    app.register_error_handler(NoMembership, _no_membership)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def security_headers(settings: Settings) -> dict[str, str]:
    """The headers of every answer; signing out posts to us and goes on to the issuer, so both may take forms."""
    issuer = urlsplit(settings.issuer)
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {issuer.scheme}://{issuer.netloc}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if settings.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


def local_path(wanted: str) -> str:
    """A path of this site to go on to, or the list of networks if it is anything else."""
    safe = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if safe and len(wanted) <= 500 else url_for("spaces.index")


def _judge_host(host: str) -> None:
    if request.headers.get("Host", "").lower() != host.lower() and not request.path.startswith(("/healthz", "/readyz")):
        raise BadRequest(detail="foreign host")


def _judge_bytes() -> None:
    """Text is UTF-8 without NUL, in path, query and form alike; forms come as plain forms."""
    path = request.environ.get("PATH_INFO", "").encode("latin-1", "replace")
    sent = [path, unquote_to_bytes(request.environ.get("QUERY_STRING", ""))]
    if (request.content_length or 0) > LARGEST_BODY:
        raise RequestEntityTooLarge
    if request.method == "POST":
        if request.mimetype not in (FORM_TYPE, ""):
            raise BadRequest(detail=f"content type {request.mimetype}")
        body = request.get_data(cache=True)
        if request.content_length is None and len(body) >= LARGEST_BODY:
            raise RequestEntityTooLarge  # a body without a length was cut at the limit, without a word
        sent.append(unquote_to_bytes(body))
    try:
        texts = [part.decode() for part in sent]
    except UnicodeDecodeError:
        raise BadRequest(detail="not UTF-8") from None
    if any("\0" in text for text in texts):
        raise BadRequest(detail="NUL")


def _dressed(response: Response, headers: dict[str, str]) -> Response:
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def _to_sign_in(_need: SignInNeeded) -> AnyResponse:
    there = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else request.path
    return redirect(url_for("sign_in.start", next=there))


def _no_membership(_refusal: NoMembership) -> AnyResponse:
    return make_response(render_template("membership.html", refused=True), NoMembership.status)


def _refused(refusal: Refusal) -> AnyResponse:
    return _page(refusal.key, refusal.status, str(refusal))


def _stale_form(error: CSRFError) -> AnyResponse:
    return _page("form_expired", 400, error.description or "")


def _http_error(error: HTTPException) -> AnyResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    response = _page(STATUS_KEYS.get(error.code, "failed"), error.code, error.name)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> AnyResponse:
    db.session.rollback()
    # The page must not depend on what has just failed.
    g.greeted = None
    log.error("unexpected", exc_info=error)
    return _page("failed", 500, type(error).__name__)


def _again() -> str:
    """Where to try again: the same page, or from the start if its address cannot be used twice."""
    if request.endpoint is None or request.endpoint.startswith("sign_in."):
        return url_for("sign_in.start")
    return request.path


def _page(key: str, status: int, detail: str) -> AnyResponse:
    letters = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(8))
    reference = f"{letters[:4]}-{letters[4:]}"
    log.warning("refused %s: %s %s -> %d %s (%s)", reference, request.method, request.endpoint, status, key, detail)
    page = render_template("error.html", words=PAGES.get(key, OURS), reference=reference, again=_again())
    response = make_response(page, status)
    if status == 503:
        response.headers["Retry-After"] = "60"
    return response
