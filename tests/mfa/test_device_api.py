"""The calls of the mobile app: who may, what garbage gets, and what other origins may read."""

import json
import os
import time

import pytest
from flask import Flask

from tests.mfa.mobile import has_the_app, new_app
from tests.signin.browser import person
from tests.support.companion_app import CompanionApp, Refused, b64

REQUESTS = "/app/api/requests"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def phone(app: Flask) -> CompanionApp:
    person(app)
    return has_the_app(app)


def refused(call) -> tuple[int, str]:
    with pytest.raises(Refused) as told:
        call()
    return told.value.status, told.value.error


def test_a_call_counts_once(app: Flask, phone: CompanionApp) -> None:
    header = {"Authorization": phone.authorization("GET", REQUESTS, b"")}
    answers = [app.test_client().get(REQUESTS, headers=header) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[1].get_json()["error"] == "replayed"


@pytest.mark.parametrize(("ahead", "told"), [(59, ""), (-59, ""), (75, "clock_skew"), (-75, "clock_skew")])
def test_a_clock_that_is_wrong_is_told_apart(phone: CompanionApp, ahead: int, told: str) -> None:
    moment = int(time.time()) + ahead
    if not told:
        phone.sends("GET", REQUESTS, time=moment)
        return
    with pytest.raises(Refused) as wrong:
        phone.sends("GET", REQUESTS, time=moment)
    assert (wrong.value.status, wrong.value.error) == (401, told)
    assert abs(wrong.value.told["skew"] - ahead) <= 1


def test_a_signature_is_for_this_server_this_call_and_this_body(app: Flask, phone: CompanionApp) -> None:
    wrong = (401, "proof_invalid")
    assert refused(lambda: phone.sends("GET", REQUESTS, issuer="https://login.evil.example")) == wrong
    client = app.test_client()
    for method, path, raw in (("GET", "/app/api/device", b""), ("POST", "/app/api/push", b'{"a":1}')):
        signed = {"Authorization": phone.authorization("POST", path, b"{}"), **JSON}
        assert client.open(path, method=method, headers=signed, data=raw).get_json()["error"] == "proof_invalid"
    own, phone.key = phone.key, new_app(app).key
    assert refused(phone.requests) == wrong
    phone.key = own
    assert phone.requests() == []


def test_an_unknown_device_is_told_so(phone: CompanionApp) -> None:
    assert refused(lambda: phone.sends("GET", REQUESTS, device=b64(os.urandom(16)))) == (401, "device_unknown")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer abc", "ERN-App", 'ERN-App device="x"', 'ERN-App device="A", time="1", nonce="B", signature="C"'],
)
def test_without_a_proof_there_is_nothing(app: Flask, header: str) -> None:
    answer = app.test_client().get(REQUESTS, headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.get_json()["error"]) == (401, "proof_missing")


def test_credentials_of_another_scheme_in_no_ascii_bring_nothing_down(app: Flask) -> None:
    assert app.test_client().get(REQUESTS, headers={"Authorization": "Basic \u00e9"}).status_code == 401


def test_guessers_are_slowed_down(app: Flask, phone: CompanionApp) -> None:
    told = [refused(lambda: phone.sends("GET", REQUESTS, device=b64(os.urandom(16)))) for _ in range(102)]
    assert set(told[:100]) == {(401, "device_unknown")}
    assert set(told[100:]) == {(429, "too_many")}


def test_a_device_calls_at_most_ninety_times_a_minute(phone: CompanionApp) -> None:
    told = None
    for _ in range(100):
        try:
            phone.requests()
        except Refused as refusal:
            told = refusal
            break
    assert told
    assert (told.status, told.error) == (429, "too_many")
    assert 0 < told.told["retry_after"] <= 60


def test_any_origin_may_call_and_no_cookie_goes_with_it(app: Flask) -> None:
    client = app.test_client()
    asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "POST"}
    for path in ("/app/api/pair", REQUESTS, "/app/api/nowhere"):
        for answer in (client.options(path, headers=asked), client.get(path), client.delete(path)):
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in answer.headers
            assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
            assert "Set-Cookie" not in answer.headers
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for path in ("/login", "/app/", "/oauth2/jwks"):
        assert "Access-Control-Allow-Origin" not in client.get(path).headers or path == "/oauth2/jwks"


def test_what_is_not_there_is_told_as_json(app: Flask) -> None:
    for path in ("/app/api/nowhere", "/app/api/requests/x/answer"):
        answer = app.test_client().get(path)
        assert (answer.status_code, answer.get_json()["error"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (b"{}", "text/plain", (415, "not_json")),
        (b"", "application/json", (400, "malformed")),
        (b"[1]", "application/json", (400, "malformed")),
        (b"{" * 5000, "application/json", (400, "malformed")),
        (json.dumps({"token": "x" * 17000}).encode(), "application/json", (413, "too_large")),
        (b'{"token": 3}', "application/json", (400, "malformed")),
        (b'{"token": "\\ud800"}', "application/json", (400, "malformed")),
    ],
)
def test_a_body_that_is_none_is_told(app: Flask, phone: CompanionApp, body: bytes, kind: str, told: tuple) -> None:
    headers = {"Authorization": phone.authorization("POST", "/app/api/pair", body), "Content-Type": kind}
    answer = app.test_client().post("/app/api/pair", headers=headers, data=body)
    assert (answer.status_code, answer.get_json()["error"]) == told


def test_a_closed_account_has_no_devices(app: Flask, phone: CompanionApp) -> None:
    with app.app_context():
        from idp.accounts.models import Account, AccountState
        from idp.core.db import db, transaction

        with transaction():
            db.session.query(Account).one().state = AccountState.CLOSED
    assert refused(phone.requests) == (401, "device_unknown")
