"""ECP closes a session when ERN Login says so, and believes nobody else (Back-Channel Logout 1.0, 2.6)."""

import base64
import json
from time import time
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from sqlalchemy import func, select

from ecp_client.db import db
from ecp_client.models import BrowserSession
from ecp_client.program import KEY
from tests.ecp.issuer import Issuer, new_key

EVENT = "http://schemas.openid.net/event/backchannel-logout"
ADDRESS = "/sign-in/back-channel-logout"


def token(app: Flask, issuer: Issuer, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A logout token for the one session there is; None takes a claim away."""
    now = int(time())
    settings = app.extensions[KEY].settings
    with app.app_context():
        session = db.session.scalars(select(BrowserSession)).one()
        sid, sub = session.sid, session.person.subject
    claims = {
        "iss": settings.issuer, "aud": settings.client_id, "iat": now, "exp": now + 120, "jti": "j",
        "sub": sub, "sid": sid, "events": {EVENT: {}}, **changes,
    }  # fmt: skip
    kept = {name: value for name, value in claims.items() if value is not None}
    head = {"alg": "ES256", "typ": "logout+jwt", "kid": issuer.key.kid, **(header or {})}
    return jwt.encode(head, kept, issuer.signing_key or issuer.key, algorithms=["ES256"])


def tells(app: Flask, text: str) -> int:
    client = app.test_client()
    return client.post(ADDRESS, data={"logout_token": text}, base_url="http://localhost:8002").status_code


def sessions(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(BrowserSession)) or 0


def test_the_session_is_over_at_once(ecp: Flask, issuer: Issuer, visitor: Any) -> None:
    visitor.signs_in()
    assert sessions(ecp) == 1
    text = token(ecp, issuer)
    assert tells(ecp, text) == 200 and sessions(ecp) == 0
    assert tells(ecp, text) == 200, "a second time changes nothing"


@pytest.mark.parametrize(
    ("header", "changes", "status"),
    [
        ({}, {"sid": "another"}, 200),
        ({}, {"sub": "n00other"}, 200),
        ({}, {"iss": "https://elsewhere.example"}, 400),
        ({}, {"aud": "another"}, 400),
        ({}, {"exp": None}, 400),
        ({}, {"jti": None}, 400),
        ({}, {"events": {}}, 400),
        ({}, {"nonce": "n"}, 400),
        ({}, {"sid": None}, 400),
        ({"typ": "JWT"}, {}, 400),
        ({"kid": "unknown"}, {}, 400),
    ],
)
def test_nothing_else_ends_it(
    ecp: Flask, issuer: Issuer, visitor: Any, header: dict[str, Any], changes: dict[str, Any], status: int
) -> None:
    visitor.signs_in()
    assert tells(ecp, token(ecp, issuer, header, **changes)) == status
    assert sessions(ecp) == 1


def test_a_foreign_signature_and_garbage_end_nothing(ecp: Flask, issuer: Issuer, visitor: Any) -> None:
    visitor.signs_in()
    issuer.signing_key = new_key("foreign")
    for text in (token(ecp, issuer), "", "x", "a.b.c"):
        assert tells(ecp, text) == 400
    assert sessions(ecp) == 1


@pytest.mark.parametrize("crit", [True, 5, None, [["b64"]]])
def test_a_header_that_is_none_is_refused_and_brings_nothing_down(
    ecp: Flask, issuer: Issuer, visitor: Any, crit: object
) -> None:
    visitor.signs_in()
    genuine = token(ecp, issuer)
    header = {**json.loads(base64.urlsafe_b64decode(genuine.split(".")[0] + "==")), "crit": crit}
    bent = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    assert tells(ecp, ".".join([bent, *genuine.split(".")[1:]])) == 400
