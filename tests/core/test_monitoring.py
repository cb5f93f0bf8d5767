"""Probes and figures: open to operators, closed to others, bounded in size."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.edge import build


@pytest.fixture(scope="module")
def app() -> Flask:
    return build(ERN_SERVER__METRICS_TOKEN="let-me-read")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_probes_answer_by_address(client: FlaskClient) -> None:
    for address in ("/healthz", "/readyz"):
        assert client.get(address, headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_a_server_without_its_database_is_alive_but_not_ready(tmp_path: object) -> None:
    client = build(DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=1").test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_figures_are_for_neighbours_and_holders_of_the_token(client: FlaskClient) -> None:
    away = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base=away).status_code == 403
    assert client.get("/metrics", environ_base=away, headers={"Authorization": "Bearer let-me-read"}).status_code == 200
    assert client.get("/metrics", environ_base=away, headers={"Authorization": "Bearer wrong"}).status_code == 403


def test_a_proxy_on_this_machine_does_not_open_the_figures(client: FlaskClient) -> None:
    for name in ("X-Forwarded-For", "Forwarded"):
        assert client.get("/metrics", headers={name: "for=203.0.113.9"}).status_code == 403


def test_no_token_opens_nothing_when_none_is_set() -> None:
    answer = (
        build()
        .test_client()
        .get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}, headers={"Authorization": "Bearer "})
    )
    assert answer.status_code == 403


def test_figures_hold_no_text_of_requests(client: FlaskClient) -> None:
    client.get("/private-name-4711")
    client.open("/privacy", method="BREW")
    client.get("/privacy")
    figures = client.get("/metrics").text
    assert 'ern_login_request_seconds_count{endpoint="core.privacy",method="GET",status="200"}' in figures
    assert 'endpoint="none",method="GET",status="404"' in figures
    assert "private-name" not in figures
    assert "BREW" not in figures
