"""The web edge: everything that happens to each request before a view and to each answer after it.

Only here refusals turn into HTTP, and only here an unexpected exception is caught.
"""

import importlib
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.exceptions import HTTPException

from idp.core import (
    assets,
    attributes,
    documents,
    error_pages,
    forgery,
    headers,
    incoming,
    languages,
    logs,
    monitoring,
    pages,
    proxies,
    settings,
    wellformed,
)
from idp.core.db import db
from idp.core.error_pages import Failure
from idp.core.errors import Refusal
from idp.core.reference import reference
from idp.core.settings import Settings

log = logs.get(__name__)

# Probes come by address, not by name.
ANY_HOST = frozenset({"monitoring.healthz", "monitoring.readyz", "monitoring.metrics"})
DATABASE_RETRY_SECONDS = 5
# By name: without Redis nobody pays for its library, which takes 300 ms to load.
PAGE_RATE = "idp.core.page_rate"


def init(app: Flask) -> None:
    """Put the edge around the application; its settings have to be there already."""
    settings: Settings = app.extensions["ern_settings"]
    logs.configure(settings.in_production)
    _configure(app, settings)
    headers.init(app, settings)
    documents.init(app)
    app.register_blueprint(monitoring.bp)
    forgery.init(app, settings)
    languages.init(app)
    attributes.init()
    app.jinja_env.globals.update(asset=assets.asset, here=languages.here)
    app.register_blueprint(assets.bp)
    app.register_blueprint(pages.bp)
    if settings.limits.redis_url:
        importlib.import_module(PAGE_RATE).init(app, settings.limits)
    app.before_request(_judge_page)
    for kind, respond in RESPONSES.items():
        app.register_error_handler(kind, respond)


def _configure(app: Flask, settings: Settings) -> None:
    address = urlsplit(settings.server.issuer)
    app.secret_key = settings.server.secret_key
    app.config.update(
        SERVER_NAME=address.netloc.lower(),
        ORIGIN=f"{address.scheme}://{address.netloc}".lower(),
        PREFERRED_URL_SCHEME=address.scheme,
        MAX_CONTENT_LENGTH=settings.server.max_body_bytes,
        MAX_FORM_MEMORY_SIZE=settings.server.max_body_bytes,
    )
    proxies.init(app, settings)


def judge(request: Request) -> Response | None:
    """Judge a request before its view does; return the answer if it must not go on."""
    address: str = current_app.config["SERVER_NAME"]
    if request.environ.get("HTTP_HOST", "").lower() != address and request.endpoint not in ANY_HOST:
        return Response(f"This server answers at {address} only.\n", 400, mimetype="text/plain")
    if settings.current().server.environment == "development" and request.remote_addr not in ("127.0.0.1", "::1"):
        return Response("A development server answers on its own machine only.\n", 403, mimetype="text/plain")
    wellformed.check(request)
    return None


def _judge_page() -> Any:
    asked = incoming.current()
    return languages.remember_choice(asked) or forgery.check(asked)


def refused(refusal: Refusal) -> Response:
    """Answer what the program refused on purpose."""
    log.info("refused", key=refusal.key, status=refusal.status, endpoint=request.endpoint, reference=reference())
    wait = getattr(refusal, "retry_after", None)
    return error_pages.answer(Failure(refusal.status, refusal.key, refusal.details, wait))


def failed(error: HTTPException) -> Any:
    """Answer what the framework refused: no such page, too large, wrong method; redirects go through."""
    if error.response is not None or error.code is None or error.code < 400:
        return error
    answer = error_pages.answer(Failure(error.code))
    for name, value in error.get_headers():
        if name in ("Allow", "WWW-Authenticate", "Retry-After"):
            answer.headers[name] = value
    return answer


def out_of_reach(error: Exception) -> Response:
    """Answer when the database is away or has no connection left."""
    log.error("database_unavailable", kind=type(error).__name__, endpoint=request.endpoint, reference=reference())
    return _safely(Failure(503, retry_after=DATABASE_RETRY_SECONDS))


def too_deep(_error: RecursionError) -> Response:
    """Answer input that is nested without end."""
    return error_pages.answer(Failure(400))


def crashed(error: Exception) -> Response:
    """Answer what nobody foresaw: a reference for the person, the trace for the operator."""
    log.error("crashed", endpoint=request.endpoint, reference=reference(), exc_info=error)
    return _safely(Failure(500))


def _safely(failure: Failure) -> Response:
    """Answer even if what broke is needed for the page (a database behind the account's menu)."""
    try:
        db.session.rollback()
        return error_pages.answer(failure)
    except Exception:
        log.exception("error_page_crashed", reference=reference())
        return error_pages.plain(failure.status)


RESPONSES: dict[type[Exception], Any] = {
    Refusal: refused,
    HTTPException: failed,
    OperationalError: out_of_reach,
    PoolExhausted: out_of_reach,
    RecursionError: too_deep,
    Exception: crashed,
}
