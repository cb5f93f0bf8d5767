"""What an authorization request must and must not hold: one row per line of a specification."""

from urllib.parse import urlencode

import pytest
from flask import Flask

from tests.oidc.relying_party import CALLBACK, ISSUER, RelyingParty, answer, asks, register
from tests.signin.browser import Browser

LONG = "x" * 2001


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        # RFC 6749, 4.1.2.1; RFC 9700, 2.1.2: only the code response type
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        # OpenID Connect Core, 3.1.2.1: the scope openid
        ({"scope": None}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        # RFC 7636, 4.4.1; RFC 9700, 2.1.1: PKCE with S256
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "ä" * 43}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        # OpenID Connect Core, 3.1.2.1: prompt and max_age
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "9" * 400}, "invalid_request"),
        # OpenID Connect Core, 6, 7.2.1 and 3.1.2.6: refused, not ignored
        ({"registration": "{}"}, "registration_not_supported"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://rp.example/request.jwt"}, "invalid_request_uri"),
        # OpenID Connect Core, 5.5
        ({"claims": "{"}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        # what we could not keep whole is refused rather than cut
        ({"nonce": "n" * 401}, "invalid_request"),
        ({"state": LONG}, "invalid_request"),
        ({"login_hint": LONG}, "invalid_request"),
        ({"id_token_hint": LONG * 5}, "invalid_request"),
    ],
)
def test_the_client_is_told_what_is_wrong(
    signed_in: Browser, relying_party: RelyingParty, changes: dict[str, str | None], error: str
) -> None:
    got = answer(signed_in.client.get(relying_party.request(**changes)))
    assert got["error"] == error and got["iss"] == ISSUER and "code" not in got
    assert got["state"] == relying_party.sent["state"]


@pytest.mark.parametrize("name", ["scope", "state", "nonce", "code_challenge", "response_type", "display"])
def test_a_repeated_parameter_is_refused(signed_in: Browser, relying_party: RelyingParty, name: str) -> None:
    """RFC 6749, 3.1."""
    twice = relying_party.request() + "&" + urlencode({name: relying_party.sent.get(name, "page")})
    twice += "&" + urlencode({name: "other"})
    assert answer(signed_in.client.get(twice))["error"] == "invalid_request"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://rp.example/callback/"},
        {"redirect_uri": "https://rp.example/callback?x=1"},
        {"redirect_uri": "https://rp.example/callback#x"},
        {"redirect_uri": "https://rp.example.evil.example/callback"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "//evil.example"},
        {"redirect_uri": "HTTPS://RP.EXAMPLE/callback"},
    ],
)
@pytest.mark.parametrize("also_wrong", [{}, {"response_type": "nonsense"}, {"request": "x"}, {"prompt": "none"}])
def test_without_a_right_redirect_uri_nothing_redirects(
    signed_in: Browser, relying_party: RelyingParty, changes: dict[str, str | None], also_wrong: dict[str, str]
) -> None:
    """RFC 6749, 4.1.2.1; RFC 9700, 4.11."""
    page = signed_in.client.get(relying_party.request(**changes, **also_wrong), headers={"Accept": "text/html"})
    assert page.status_code == 400 and "Location" not in page.headers
    assert "<h1" in page.text and "//evil.example" not in page.text


def test_a_repeated_redirect_uri_or_client_id_is_no_redirect(signed_in: Browser, relying_party: RelyingParty) -> None:
    for name, value in (("redirect_uri", CALLBACK), ("client_id", relying_party.client_id)):
        page = signed_in.client.get(f"{relying_party.request()}&{urlencode({name: value})}")
        assert page.status_code == 400 and "Location" not in page.headers


@pytest.mark.parametrize(
    "more",
    [{"display": "popup"}, {"foo": "bar"}, {"claims_locales": "de"}, {"response_mode": "query"}, {"claims": "{}"}],
)
def test_what_we_do_not_know_or_need_is_ignored(
    signed_in: Browser, relying_party: RelyingParty, more: dict[str, str]
) -> None:
    assert "code" in answer(signed_in.client.get(relying_party.request(**more)))


def test_nonce_and_state_are_optional_and_come_back_exactly(signed_in: Browser, relying_party: RelyingParty) -> None:
    got = answer(signed_in.client.get(relying_party.request(nonce=None, state=None)))
    assert "state" not in got
    claims = relying_party.verified(relying_party.redeem(got["code"]).json["id_token"])
    assert "nonce" not in claims
    odd = "ä &=+%20 '\"<x>"
    got = answer(signed_in.client.get(relying_party.request(nonce=odd, state=odd)))
    assert got["state"] == odd
    assert relying_party.verified(relying_party.redeem(got["code"]).json["id_token"])["nonce"] == odd


def test_a_registered_query_stays_in_the_redirect_uri(app: Flask, signed_in: Browser) -> None:
    """RFC 6749, 3.1.2."""
    address = "https://rp.example/callback?tenant=7"
    client = register(app, redirect_uris=[address])
    client.redirect_uri = address
    page = signed_in.client.get(client.request())
    assert page.headers["Location"].startswith(f"{address}&code=")


def test_the_answer_is_a_redirect_to_the_address_as_it_was_registered(app: Flask, signed_in: Browser) -> None:
    """RFC 9700, 2.1: what was compared character by character is not rewritten afterwards."""
    address = "https://RP.example:443/call|back/%7Eone/./two?a[]={b}"
    client = register(app, redirect_uris=[address])
    client.redirect_uri = address
    page = signed_in.client.get(client.request())
    assert page.status_code == 303 and page.data == b""
    assert page.headers["Location"].startswith(f"{address}&code=")


def test_login_hint_and_language_reach_the_sign_in_page(browser: Browser, relying_party: RelyingParty) -> None:
    """OpenID Connect Core, 3.1.2.1."""
    asks(browser, relying_party.request(login_hint="mira.osten@hospital.example"))
    assert 'value="mira.osten@hospital.example"' in browser.page.text


def test_going_back_gives_the_client_access_denied(browser: Browser, relying_party: RelyingParty) -> None:
    asks(browser, relying_party.request())
    back = next(part.split('"')[0] for part in browser.page.text.split('href="') if "/cancel" in part.split('"')[0])
    got = answer(asks(browser, back.replace("&amp;", "&")))
    assert got["error"] == "access_denied" and got["state"] == relying_party.sent["state"]


def test_a_request_that_waited_too_long_is_told_plainly(browser: Browser) -> None:
    page = browser.client.get("/oauth2/authorize/unknown", headers={"Accept": "text/html"})
    assert page.status_code == 410 and "took too long" in page.text


def test_the_sign_in_form_may_end_at_this_client_and_nowhere_else(
    browser: Browser, relying_party: RelyingParty
) -> None:
    """CSP Level 3: form-action governs redirects after a post."""
    asks(browser, relying_party.request())
    policy = browser.page.headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' https://rp.example")
