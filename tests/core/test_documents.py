"""Documents that are the same for everybody: answered before Flask's dispatch, and yet like any other answer."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from idp.oidc import keys
from tests.support.identity_server import configured

METADATA = "/.well-known/openid-configuration"
JWKS = "/oauth2/jwks"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize("path", [METADATA, JWKS])
def test_the_second_answer_is_the_first_one_without_asking_a_view(app: Flask, client: FlaskClient, path: str) -> None:
    first = client.get(path)
    asked: list[str] = []
    app.before_request_funcs.setdefault(None, []).append(lambda: asked.append(path))
    try:
        second = client.get(path)
    finally:
        app.before_request_funcs[None].pop()
    first.headers.pop("Date", None)
    assert (second.status_code, second.data, sorted(second.headers)) == (200, first.data, sorted(first.headers))
    assert not asked and second.headers["X-Content-Type-Options"] == "nosniff"


def test_conditions_and_other_methods_are_answered_as_ever(client: FlaskClient) -> None:
    known = client.get(METADATA).headers["ETag"]
    assert client.get(METADATA, headers={"If-None-Match": known}).status_code == 304
    assert client.head(METADATA).data == b""
    assert client.post(METADATA).status_code == 405
    assert client.get(METADATA).status_code == 200


def test_what_the_edge_refuses_is_refused_although_the_document_is_there(client: FlaskClient) -> None:
    client.get(METADATA)
    assert client.get(METADATA, headers={"Host": "elsewhere.example"}).status_code == 400
    assert client.get(f"{METADATA}?%00").status_code == 400


def test_a_development_server_tells_nobody_behind_a_proxy_what_it_told_this_machine() -> None:
    settings = {"ERN_SERVER__ENVIRONMENT": "development", "ERN_SERVER__TRUSTED_PROXIES": "1"}
    client = configured("sqlite://", **settings).test_client()
    assert [client.get(METADATA).status_code for _ in range(2)] == [200, 200]
    assert client.get(METADATA, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403
    assert client.get(METADATA).status_code == 200


def test_new_keys_are_published_at_once_by_the_process_that_made_them(app: Flask, client: FlaskClient) -> None:
    before = {key["kid"] for key in client.get(JWKS).json["keys"]}
    with app.app_context():
        keys.rotate()
    assert before < {key["kid"] for key in client.get(JWKS).json["keys"]}


def test_these_answers_are_counted_too(app: Flask, client: FlaskClient) -> None:
    def counted() -> float:
        series = 'ern_login_request_seconds_count{endpoint="oidc.jwks",method="GET",status="200"} '
        return float(client.get("/metrics").text.partition(series)[2].partition("\n")[0])

    client.get(JWKS)
    before = counted()
    client.get(JWKS)
    assert counted() == before + 1
