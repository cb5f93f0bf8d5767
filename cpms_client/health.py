"""What the operator's machines ask: is the process alive, is the database there, how much was done."""

import secrets
from time import perf_counter

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from cpms_client.db import db
from cpms_client.settings import LOOPBACK, Settings

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")

blueprint = Blueprint("health", __name__)


def install(app: Flask) -> None:
    """Count and time every request of this application, by endpoint and status."""
    registry = CollectorRegistry()
    app.extensions["cpms_metrics"] = registry
    requests = Counter("cpms_requests", "Requests answered", ["endpoint", "status"], registry=registry)
    seconds = Histogram("cpms_request_seconds", "Time to answer a request", ["endpoint"], registry=registry)

    def begin() -> None:
        g.begun = perf_counter()

    def finish(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        requests.labels(endpoint, response.status_code).inc()
        seconds.labels(endpoint).observe(perf_counter() - g.get("begun", perf_counter()))
        return response

    app.before_request(begin)
    app.after_request(finish)


@blueprint.get("/healthz")
def alive() -> Response:
    """Say that the process answers."""
    return Response("ok\n", content_type="text/plain")


@blueprint.get("/readyz")
def ready() -> Response:
    """Say whether the database answers: 200 or 503."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return Response("the database does not answer\n", 503, content_type="text/plain")
    return Response("ready\n", content_type="text/plain")


@blueprint.get("/metrics")
def metrics() -> Response:
    """Show the figures to this machine or to the holder of the metrics token; 404 to others."""
    settings: Settings = current_app.extensions["cpms_settings"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = settings.metrics_token and secrets.compare_digest(given.encode(), settings.metrics_token.encode())
    if not known and not _from_this_machine():
        abort(404)
    return Response(generate_latest(current_app.extensions["cpms_metrics"]), content_type="text/plain; version=0.0.4")


def _from_this_machine() -> bool:
    """Say whether the caller is on this machine itself: not somebody behind a proxy on it."""
    forwarded = any(name in request.headers for name in FORWARDED)
    return request.remote_addr in LOOPBACK and not forwarded
