"""What operators watch: is the process alive, is the database there, how many requests, how slow, how refused."""

import hmac
from functools import cache

from flask import Blueprint, Request, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from idp.core import settings
from idp.core.db import db
from idp.core.exempt import bare

# Labels come from our own route table, never from the request, so their number is bounded.
SECONDS = Histogram(
    "ern_login_request_seconds",
    "Time to answer, by endpoint, method and status.",
    ("endpoint", "method", "status"),
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
series = cache(SECONDS.labels)  # finding a series anew takes longer than adding to it
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LOOPBACK = frozenset({"127.0.0.1", "::1"})

bp = Blueprint("monitoring", __name__)


def count(request: Request, status: int, seconds: float) -> None:
    """Count the answer to a request."""
    observe(request.endpoint or "none", request.method if request.method in METHODS else "other", status, seconds)


def observe(endpoint: str, method: str, status: int, seconds: float) -> None:
    """Count one answer."""
    series(endpoint, method, status).observe(seconds)


@bp.get("/healthz")
@bare
def healthz() -> Response:
    """Say that the process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@bare
def readyz() -> Response:
    """Say whether the database answers."""
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return Response("the database does not answer\n", 503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")


@bp.get("/metrics")
@bare
def metrics() -> Response:
    """Give the figures of this process to a neighbour on this machine or to the holder of the token."""
    if not _may_read():
        return Response("not for you\n", 403, mimetype="text/plain")
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _may_read() -> bool:
    token = settings.current().server.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    # A proxy on this machine looks like loopback too; what it forwards says so.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.remote_addr in LOOPBACK and not forwarded
