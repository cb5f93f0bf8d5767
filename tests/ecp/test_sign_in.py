"""Signing in: what a member sees, and every answer that must not become a session."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from ecp_client import clock
from tests.ecp.conftest import Browser
from tests.ecp.issuer import Issuer, new_key, person


def later(**span: int) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(**span), tick=True)


def test_a_member_signs_in_and_lands_in_the_space(visitor: Browser) -> None:
    back = visitor.signs_in()
    assert back.location == "/spaces"
    page = visitor.opens("/spaces", follow_redirects=True)
    assert "<h1>ERN-RND</h1>" in page.text
    assert "Lena Hartwig" in page.text


def test_the_request_asks_for_the_right_scope_and_carries_fresh_values(visitor: Browser, issuer: Issuer) -> None:
    visitor.goes_to_issuer("/sign-in?lang=fr")
    visitor.goes_to_issuer()
    first, second = issuer.requests
    assert first["scope"] == "openid profile email ern"
    assert first["ui_locales"] == "fr"
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))


def test_the_page_that_asked_for_the_sign_in_is_where_one_lands(visitor: Browser) -> None:
    need = visitor.opens("/spaces/ERN-RND/members?q=lena")
    assert need.status_code == 302
    assert visitor.signs_in(path=need.location).location == "/spaces/ERN-RND/members?q=lena"


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "/\\evil.example", "x", "/" + "a" * 600])
def test_no_sign_in_leads_to_another_site(visitor: Browser, there: str) -> None:
    address = visitor.client.get("/sign-in", query_string={"next": there}, base_url="http://localhost:8002").location
    assert address.startswith(visitor.issuer.url)
    assert visitor.signs_in(path=f"/sign-in?next={there}").location == "/spaces"


def test_the_session_cookie_is_new_at_each_sign_in_and_hidden_from_scripts(visitor: Browser) -> None:
    first = visitor.signs_in()
    cookie = next(value for value in first.headers.getlist("Set-Cookie") if value.startswith("ecp_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    old = visitor.cookie()
    visitor.signs_in()
    assert visitor.cookie() != old
    visitor.client.set_cookie("ecp_session", old, domain="localhost")
    assert "/sign-in" in visitor.opens("/spaces").location


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://other.example"}, "cannot trust"),
        ({"aud": "cpms"}, "cannot trust"),
        ({"aud": ["ecp", "cpms"]}, "cannot trust"),
        ({"aud": ["ecp", "cpms"], "azp": "cpms"}, "cannot trust"),
        ({"azp": "cpms"}, "cannot trust"),
        ({"nonce": "another"}, "cannot trust"),
        ({"nonce": None}, "cannot trust"),
        ({"exp": 1}, "cannot trust"),
        ({"exp": None}, "cannot trust"),
        ({"iat": None}, "cannot trust"),
        ({"sub": None}, "cannot trust"),
        ({"sub": "somebody"}, "cannot trust"),
        ({"at_hash": "wrong"}, "cannot trust"),
        ({"acr": None}, "did not say how you signed in"),
        ({"acr": "0"}, "did not say how you signed in"),
    ],
)
def test_a_wrong_id_token_opens_no_session(
    visitor: Browser, issuer: Issuer, claims: dict[str, Any], words: str
) -> None:
    issuer.id_token = claims
    page = visitor.signs_in()
    assert page.status_code == 400
    assert words in page.text
    assert "Sign in again" in page.text
    assert not visitor.cookie()


@pytest.mark.parametrize("acr", ["https://refeds.org/profile/sfa", "https://refeds.org/profile/mfa", "phr"])
def test_one_factor_or_better_is_enough(visitor: Browser, issuer: Issuer, acr: str) -> None:
    issuer.id_token = {"acr": acr}
    assert visitor.signs_in().status_code == 303


def test_several_audiences_are_fine_when_we_are_the_party(visitor: Browser, issuer: Issuer) -> None:
    issuer.id_token = {"aud": ["ecp", "other"], "azp": "ecp"}
    assert visitor.signs_in().status_code == 303


def test_a_clock_eight_seconds_ahead_is_fine_and_a_minute_is_not(visitor: Browser, issuer: Issuer) -> None:
    now = int(clock.now().timestamp())
    issuer.id_token = {"iat": now + 8, "exp": now + 300}
    assert visitor.signs_in().status_code == 303
    issuer.id_token = {"iat": now + 60, "exp": now + 300}
    assert visitor.signs_in().status_code == 400


def test_a_foreign_signature_and_an_unsigned_token_are_refused(visitor: Browser, issuer: Issuer) -> None:
    issuer.signing_key = new_key("first")
    assert visitor.signs_in().status_code == 400
    issuer.signing_key = None
    issuer.header = {"alg": "none"}
    assert visitor.signs_in().status_code == 400
    assert not visitor.cookie()


def test_a_new_signing_key_is_fetched_when_its_id_is_unknown(visitor: Browser, issuer: Issuer) -> None:
    visitor.signs_in()
    issuer.rotate("second")
    keys = visitor.client.application.extensions["ecp"].issuer._keys
    keys.read_at -= 10
    assert visitor.signs_in().status_code == 303
    assert issuer.asked.count("/oauth2/jwks") == 2


def test_the_keys_are_not_fetched_at_each_unknown_id(visitor: Browser, issuer: Issuer) -> None:
    issuer.header = {"kid": "invented"}
    for _ in range(3):
        assert visitor.signs_in().status_code == 400
    assert issuer.asked.count("/oauth2/jwks") == 1


def test_discovery_and_keys_are_read_once(visitor: Browser, issuer: Issuer) -> None:
    for _ in range(3):
        visitor.signs_in()
    assert issuer.asked.count("/.well-known/openid-configuration") == 1
    assert issuer.asked.count("/oauth2/jwks") == 1


@pytest.mark.parametrize("iss", ["https://evil.example", None])
def test_an_answer_of_another_server_is_refused(visitor: Browser, issuer: Issuer, iss: str | None) -> None:
    """RFC 9207, 2.4: a wrong `iss`, or none from a server that announces it."""
    issuer.iss = iss
    page = visitor.signs_in()
    assert page.status_code == 400
    assert "/oauth2/token" not in issuer.asked


def test_a_server_that_does_not_announce_iss_may_leave_it_out(visitor: Browser, issuer: Issuer) -> None:
    issuer.iss = None
    issuer.metadata = {"authorization_response_iss_parameter_supported": False}
    assert visitor.signs_in().status_code == 303


def test_userinfo_about_somebody_else_is_refused(visitor: Browser, issuer: Issuer) -> None:
    issuer.userinfo = {"sub": "somebody"}
    assert visitor.signs_in().status_code == 400
    assert not visitor.cookie()


def test_a_second_answer_with_the_same_state_is_refused_with_a_way_on(visitor: Browser) -> None:
    address = visitor.goes_to_issuer()
    assert visitor.comes_back(address).status_code == 303
    page = visitor.comes_back(address)
    assert page.status_code == 400
    assert "already been used" in page.text
    assert 'href="/spaces"' in page.text
    assert "<h1>ERN-RND</h1>" in visitor.opens("/spaces", follow_redirects=True).text


def test_an_unknown_a_foreign_and_an_old_state_are_refused(visitor: Browser, another: Browser) -> None:
    assert "not known here" in visitor.opens("/sign-in/callback?state=invented&code=x").text
    assert "not known here" in visitor.opens("/sign-in/callback").text
    mine = visitor.goes_to_issuer()
    assert "another browser" in another.comes_back(mine).text
    assert not another.cookie()
    with later(minutes=31):
        assert "took too long" in visitor.comes_back(mine).text


def test_a_foreign_browser_does_not_use_up_the_sign_in(visitor: Browser, another: Browser) -> None:
    mine = visitor.goes_to_issuer()
    another.comes_back(mine)
    assert visitor.comes_back(mine).status_code == 303


def test_old_attempts_are_forgotten(visitor: Browser) -> None:
    mine = visitor.goes_to_issuer()
    with later(hours=3):
        visitor.goes_to_issuer()
        assert "not known here" in visitor.comes_back(mine).text


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        ("access_denied", 403, "Ask to join an ERN with your hospital"),
        ("login_required", 400, "You are not signed in"),
        ("server_error", 503, "ERN Login does not answer"),
        ("temporarily_unavailable", 503, "ERN Login does not answer"),
        ("unmet_authentication_requirements", 400, "how you signed in"),
        ("invalid_scope", 400, "do not understand each other"),
    ],
)
def test_an_error_of_the_issuer_becomes_a_page_that_says_what_to_do(
    visitor: Browser, issuer: Issuer, error: str, status: int, words: str
) -> None:
    issuer.error = error
    page = visitor.signs_in()
    assert page.status_code == status
    assert words in page.text
    assert error not in page.text


@pytest.mark.parametrize(("error", "words"), [("invalid_grant", "did not accept"), ("invalid_client", "each other")])
def test_a_refused_code_becomes_a_page(visitor: Browser, issuer: Issuer, error: str, words: str) -> None:
    issuer.token_error = error
    page = visitor.signs_in()
    assert page.status_code == 400
    assert words in page.text


def test_an_answer_without_code_is_refused(visitor: Browser) -> None:
    state = parse_qs(urlsplit(visitor.opens("/sign-in").location).query)["state"][0]
    assert "cannot trust" in visitor.opens(f"/sign-in/callback?state={state}&iss={visitor.issuer.url}").text


def test_an_issuer_that_is_down_or_wrong_gives_a_page_and_no_crash(visitor: Browser, issuer: Issuer) -> None:
    issuer.down = True
    page = visitor.opens("/sign-in")
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "60"
    issuer.down = False
    issuer.metadata = {"issuer": "https://evil.example"}
    assert visitor.opens("/sign-in").status_code == 503
    issuer.metadata = {"token_endpoint": "ftp://evil.example"}
    assert visitor.opens("/sign-in").status_code == 503
    issuer.metadata = {}
    back = visitor.goes_to_issuer()
    issuer.down = True
    assert visitor.comes_back(back).status_code == 503
    assert visitor.opens("/").status_code == 200


def test_two_people_in_one_browser_never_mix(visitor: Browser) -> None:
    visitor.signs_in(person("n00aaaa1", "Ada Test"))
    visitor.signs_in(person("n00bbbb2", "Bert Test"))
    page = visitor.opens("/spaces/ERN-RND").text
    assert "Bert Test" in page
    assert "(n00aaaa1)" not in page
