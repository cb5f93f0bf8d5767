"""Whatever stands in a request of the protocol, the answer is a refusal in its words and never a crash."""

import base64
import json

import pytest
from flask import Flask

from tests.oidc.relying_party import RelyingParty, answer, register
from tests.signin.browser import EMAIL, PHONE, Browser, person

DEEP = '{"a":' * 900 + "1" + "}" * 900
ACR = (5, True, {"a": 1}, [5], [["x"]], [None], None)


@pytest.fixture
def relying_party(app: Flask) -> RelyingParty:
    return register(app)


@pytest.fixture
def browser(app: Flask) -> Browser:
    person(app, EMAIL, PHONE)
    browser = Browser(app)
    browser.signs_in()
    return browser


@pytest.mark.parametrize("name", ["value", "values"])
@pytest.mark.parametrize("values", ACR, ids=str)
def test_a_level_that_is_no_text_is_refused_and_never_taken_for_no_wish(
    relying_party: RelyingParty, browser: Browser, name: str, values: object
) -> None:
    claims = json.dumps({"id_token": {"acr": {"essential": True, name: values}}})
    page = browser.client.get(relying_party.request(claims=claims))
    assert answer(page)["error"] == "invalid_request"


@pytest.mark.parametrize(
    "claims", [DEEP, "[" * 1000, '{"id_token":{"acr":' + DEEP + "}}", '{"id_token":[]}', "5", '""']
)
def test_claims_of_any_shape_and_depth_are_answered(relying_party: RelyingParty, browser: Browser, claims: str) -> None:
    told = answer(browser.client.get(relying_party.request(claims=claims)))
    assert told.keys() & {"code", "error"}


@pytest.mark.parametrize("age", ["0" * 5000, "0" * 12 + "9" * 20, "9" * 13, "-1", "1.5", "٣", " 5", "1e3"])
def test_an_age_that_is_none_is_refused(relying_party: RelyingParty, browser: Browser, age: str) -> None:
    assert answer(browser.client.get(relying_party.request(max_age=age)))["error"] == "invalid_request"


@pytest.mark.parametrize("credentials", [b"\xff", b"\xff:\xfe", b"a:\xff", b"", b":", b"a", b"a:b:c"])
def test_credentials_that_are_no_text_belong_to_no_client(app: Flask, credentials: bytes) -> None:
    header = {"Authorization": "Basic " + base64.b64encode(credentials).decode()}
    told = app.test_client().post("/oauth2/token", data={"grant_type": "authorization_code"}, headers=header)
    assert (told.status_code, told.json["error"]) == (401, "invalid_client")


def bent(header: object) -> str:
    """A token with a header that nobody would sign."""
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode() + ".e30.AAAA"


BENT = [bent({"alg": "ES256", "kid": "x", "crit": crit}) for crit in (True, 5, None, [["b64"]], [{}])]


@pytest.mark.parametrize("token", ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "x" * 20_000, "\u00e9", *BENT])
def test_a_token_that_is_none_opens_nothing(app: Flask, token: str) -> None:
    assert app.test_client().get("/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert app.test_client().post("/oauth2/userinfo", data={"access_token": token}).status_code == 401


@pytest.mark.parametrize("hint", ["a.b.c", "eyJhbGciOiJub25lIn0.e30.", "\u00e9", "x" * 5000, *BENT])
def test_a_hint_that_is_none_signs_nobody_out(browser: Browser, hint: str) -> None:
    assert browser.client.get("/oauth2/logout", query_string={"id_token_hint": hint}).status_code == 400
    assert browser.signed_in() is not None
