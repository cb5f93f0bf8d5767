"""The short way of programs: the same answers as Flask's own way, and nothing left open behind them."""

import re
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from flask import Flask, has_app_context, has_request_context, session, url_for
from werkzeug.test import TestResponse

from idp.core.application import Application
from idp.core.exempt import bare
from tests.support.connections import held
from tests.support.edge import build

REFERENCE = re.compile(rb"[0-9A-Z]{4}-[0-9A-Z]{4}")  # each refusal has its own
FORM = {"grant_type": "client_credentials", "token": "x", "client_id": "nobody"}


@pytest.fixture
def edge() -> Iterator[Application]:
    app = build()
    app.add_url_rule("/where", "where", bare(lambda: url_for("where", _external=True)))
    app.add_url_rule("/kept", "kept", bare(lambda: str(dict(session))))
    app.add_url_rule("/broken", "broken", bare(lambda: 1 / 0))
    yield app
    assert not has_request_context() and not has_app_context()


def told(answer: TestResponse) -> tuple[object, ...]:
    headers = sorted(pair for pair in answer.headers if pair[0] != "Date")
    return answer.status, headers, REFERENCE.sub(b"", answer.data)


def outline(answer: TestResponse) -> tuple[object, ...]:
    return answer.status, (answer.location or "").partition("?")[0], sorted(name for name, _ in answer.headers)


def test_everybody_is_answered_as_flask_answers(app: Flask) -> None:
    assert isinstance(app, Application)
    ways = app._ways
    programs = {asked for asked, rule in ways.items() if getattr(app.view_functions[rule.endpoint], "bare", False)}
    assert {("POST", "/oauth2/token"), ("GET", "/oauth2/userinfo"), ("HEAD", "/healthz")} < programs
    for method, address in sorted(set(ways) - {("GET", "/metrics"), ("HEAD", "/metrics")}):
        form = {"data": FORM} if method == "POST" else {}
        short = app.test_client().open(address, method=method, **form)
        with patch.object(app, "_ways", {}):
            long = app.test_client().open(address, method=method, **form)
        if (method, address) in programs:
            assert told(short) == told(long), (method, address)
        else:  # a page has tokens of its own each time
            assert outline(short) == outline(long), (method, address)


@pytest.mark.parametrize(("method", "status"), [("GET", 405), ("DELETE", 405), ("OPTIONS", 200)])
def test_other_methods_are_answered_at_the_same_address(app: Flask, method: str, status: int) -> None:
    answer = app.test_client().open("/oauth2/token", method=method)
    assert answer.status_code == status
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_a_program_leaves_no_connection_behind(each_app: Flask) -> None:
    for form in ({}, FORM, {"grant_type": "refresh_token", "refresh_token": "x"}):
        assert each_app.test_client().post("/oauth2/token", data=form).status_code in (400, 401)
        assert held(each_app) == 0


def test_a_view_of_ways_can_make_addresses_and_read_the_form_session(edge: Application) -> None:
    assert edge.test_client().get("/where").text == "http://localhost:8000/where"
    assert edge.test_client().get("/kept").text == "{}"


def test_a_view_of_ways_that_breaks_is_answered_with_a_reference(edge: Application) -> None:
    answer = edge.test_client().get("/broken")
    assert answer.status_code == 500
    assert "reference" in answer.text.lower()
