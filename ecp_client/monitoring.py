"""Is it alive, is it ready, how is it doing: for the operator's machines."""

from ipaddress import ip_address
from secrets import compare_digest
from time import perf_counter

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ecp_client.db import db
from ecp_client.errors import NotFound
from ecp_client.program import program

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = {"GET", "HEAD", "POST", "OPTIONS"}


def set_up(app: Flask) -> None:
    """Count and time every request by its endpoint, never by a text that a stranger can choose."""
    registry = CollectorRegistry()
    requests = Counter("ecp_requests", "Requests answered", ["method", "endpoint", "status"], registry=registry)
    seconds = Histogram("ecp_request_seconds", "Time to answer", ["endpoint"], registry=registry)

    def begin() -> None:
        g.begun = perf_counter()

    def count(response: Response) -> Response:
        endpoint = request.endpoint or "unknown"
        method = request.method if request.method in METHODS else "other"
        requests.labels(method, endpoint, str(response.status_code)).inc()
        seconds.labels(endpoint).observe(perf_counter() - g.begun)
        return response

    app.before_request(begin)
    app.after_request(count)
    app.register_blueprint(_pages(registry))


def _pages(registry: CollectorRegistry) -> Blueprint:
    monitoring = Blueprint("monitoring", __name__)

    @monitoring.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @monitoring.get("/readyz")
    def readyz() -> Response:
        try:
            ready = db.session.scalar(text("SELECT version_num FROM alembic_version")) is not None
        except SQLAlchemyError:
            db.session.rollback()
            ready = False
        return Response("ready\n" if ready else "database\n", 200 if ready else 503, mimetype="text/plain")

    @monitoring.get("/metrics")
    def metrics() -> Response:
        if not _may_read():
            raise NotFound
        return Response(generate_latest(registry), content_type=CONTENT_TYPE)

    return monitoring


def _may_read() -> bool:
    """From this machine directly (not through a proxy on it), or with the token."""
    token = program().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and compare_digest(given.encode(), token.encode()):
        return True
    forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-Ip"))
    try:
        return not forwarded and ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
