"""CPMS closes a session when the identity server says so, and believes nobody else (Back-Channel Logout 1.0, 2.6)."""

import base64
import json
from collections.abc import Callable
from time import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from cpms_client.db import db
from cpms_client.sessions import Session
from tests.support.fake_issuer import FakeIssuer, ec_key

EVENT = "http://schemas.openid.net/event/backchannel-logout"
ADDRESS = "/sign-in/back-channel-logout"
SUB, SID = "n00axup3", "session-1"

Visit = Callable[..., FlaskClient]


def token(app: Flask, issuer: FakeIssuer, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A logout token for the session of the test; None takes a claim away."""
    now = int(time())
    claims = {
        "iss": issuer.issuer, "aud": app.extensions["cpms_settings"].client_id, "iat": now, "exp": now + 120,
        "jti": "j", "sub": SUB, "sid": SID, "events": {EVENT: {}}, **changes,
    }  # fmt: skip
    kept = {name: value for name, value in claims.items() if value is not None}
    return issuer.signed(kept, **{"typ": "logout+jwt", **(header or {})})


def tells(app: Flask, text: str) -> int:
    return app.test_client().post(ADDRESS, data={"logout_token": text}).status_code


def sessions(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Session)) or 0


def test_the_session_is_over_at_once(app: Flask, issuer: FakeIssuer, visit: Visit) -> None:
    browser = visit()
    assert sessions(app) == 1
    assert tells(app, token(app, issuer)) == 200
    assert sessions(app) == 0
    assert "/sign-in" in browser.get("/patients").headers["Location"]
    assert tells(app, token(app, issuer)) == 200, "a second time changes nothing"


def test_no_other_session_ends(app: Flask, issuer: FakeIssuer, visit: Visit) -> None:
    visit()
    for other in ({"sid": "session-2"}, {"sub": "n00other"}):
        assert tells(app, token(app, issuer, **other)) == 200
    assert sessions(app) == 1


NOW = int(time())


@pytest.mark.parametrize(
    ("header", "changes"),
    [
        ({}, {"iss": "https://elsewhere.example"}),
        ({}, {"aud": "another"}),
        ({}, {"exp": NOW - 600, "iat": NOW - 700}),
        ({}, {"exp": NOW + 90000}),
        ({}, {"exp": None}),
        ({}, {"iat": None}),
        ({}, {"jti": None}),
        ({}, {"events": None}),
        ({}, {"events": {}}),
        ({}, {"events": {EVENT: True}}),
        ({}, {"nonce": "n"}),
        ({}, {"sid": None}),
        ({}, {"sub": 5}),
        ({"typ": "JWT"}, {}),
        ({"kid": "unknown"}, {}),
    ],
)
def test_what_is_no_logout_token_ends_nothing(
    app: Flask, issuer: FakeIssuer, visit: Visit, header: dict[str, Any], changes: dict[str, Any]
) -> None:
    visit()
    assert tells(app, token(app, issuer, header, **changes)) == 400
    assert sessions(app) == 1


def test_a_foreign_signature_and_garbage_end_nothing(app: Flask, issuer: FakeIssuer, visit: Visit) -> None:
    visit()
    good = token(app, issuer)
    issuer.key = ec_key("foreign")
    forged = token(app, issuer, {"kid": "one"})
    for text in (forged, "", "x", "a.b.c", good[:-4] + "AAAA"):
        assert tells(app, text) == 400
    assert app.test_client().get(ADDRESS).status_code == 405
    assert sessions(app) == 1


@pytest.mark.parametrize("crit", [True, 5, None, [["b64"]]])
def test_a_header_that_is_none_is_refused_and_brings_nothing_down(app: Flask, issuer: FakeIssuer, crit: object) -> None:
    genuine = token(app, issuer)
    header = {**json.loads(base64.urlsafe_b64decode(genuine.split(".")[0] + "==")), "crit": crit}
    bent = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    assert tells(app, ".".join([bent, *genuine.split(".")[1:]])) == 400
