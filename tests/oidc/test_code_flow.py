"""The authorization code flow with PKCE, from the request to the claims (OpenID Connect Core, 3.1)."""

import threading
import time
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from idp.accounts import people, session
from idp.core import clock
from idp.core.levels import MFA, SFA
from tests.oidc.relying_party import ISSUER, RelyingParty, answer, asks, register
from tests.signin.browser import EMAIL, PHONE, Browser, newest_code, person


def code_for(browser: Browser, relying_party: RelyingParty, **changes: str | None) -> str:
    return answer(asks(browser, relying_party.request(**changes)), relying_party.redirect_uri)["code"]


def test_a_person_signs_in_and_the_client_gets_code_tokens_and_claims(
    browser: Browser, relying_party: RelyingParty, uid: str
) -> None:
    asks(browser, relying_party.request())
    assert "Rare Registry" in browser.words()
    page = browser.client.post(
        browser.path, data={"csrf_token": browser.token(), "identifier": EMAIL, "password": "violet-harbour-eleven"}
    )
    got = answer(asks(browser, page.headers["Location"]))
    assert got["state"] == relying_party.sent["state"] and got["iss"] == ISSUER
    tokens = relying_party.redeem(got["code"]).json
    claims = relying_party.verified(tokens["id_token"])
    assert claims["iss"] == ISSUER and claims["aud"] == relying_party.client_id and claims["sub"] == uid
    assert claims["nonce"] == relying_party.sent["nonce"]
    assert claims["acr"] == SFA and claims["amr"] == ["pwd"] and claims["sid"] and claims["at_hash"]
    assert abs(claims["auth_time"] - time.time()) < 60
    assert "name" not in claims and "email" not in claims, "claims of scopes come from userinfo"
    person = relying_party.userinfo(tokens["access_token"]).json
    assert person["sub"] == uid and person["preferred_username"] == uid
    assert person["email"] == EMAIL and person["email_verified"] is True and person["given_name"] == "Mira"


def test_a_live_session_gives_a_code_at_once(signed_in: Browser, relying_party: RelyingParty) -> None:
    page = signed_in.client.get(relying_party.request(prompt="none"))
    assert relying_party.redeem(answer(page)["code"]).status_code == 200


def test_the_request_may_be_posted(signed_in: Browser, relying_party: RelyingParty) -> None:
    relying_party.request()
    page = signed_in.client.post("/oauth2/authorize", data=relying_party.sent, headers={"Origin": "https://rp.example"})
    assert "code" in answer(page)


def test_id_tokens_are_signed_as_the_client_registered(app: Flask, signed_in: Browser) -> None:
    old = register(app, id_token_signed_response_alg="RS256")
    tokens = old.redeem(code_for(signed_in, old)).json
    assert old.verified(tokens["id_token"], "RS256")["aud"] == old.client_id


def test_a_public_client_needs_no_secret_but_its_verifier(app: Flask, signed_in: Browser) -> None:
    public = register(app, token_endpoint_auth_method="none")
    code = code_for(signed_in, public)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": public.redirect_uri}
    form |= {"client_id": public.client_id, "code_verifier": public.verifier}
    assert app.test_client().post("/oauth2/token", data=form).status_code == 200


def test_a_client_can_send_its_secret_in_the_form_if_it_registered_so(app: Flask, signed_in: Browser) -> None:
    posting = register(app, token_endpoint_auth_method="client_secret_post")
    code = code_for(signed_in, posting)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": posting.redirect_uri}
    form |= {"client_id": posting.client_id, "client_secret": posting.secret, "code_verifier": posting.verifier}
    assert app.test_client().post("/oauth2/token", data=form).status_code == 200
    assert posting.redeem(code_for(signed_in, posting)).status_code == 401, "but not in the header then"


def test_answers_with_tokens_are_never_stored(signed_in: Browser, relying_party: RelyingParty) -> None:
    """RFC 6749, 5.1."""
    assert relying_party.redeem(code_for(signed_in, relying_party)).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "wrong"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"redirect_uri": "https://rp.example/other"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
def test_the_token_endpoint_refuses(
    signed_in: Browser, relying_party: RelyingParty, changes: dict[str, str | None], error: str
) -> None:
    """RFC 6749, 4.1.3 and 5.2; RFC 7636, 4.6."""
    code = code_for(signed_in, relying_party)
    refused = relying_party.redeem(**{"code": code, **changes})
    assert (refused.status_code, refused.json["error"]) == (400, error)


def test_a_code_of_another_client_is_refused_and_stays_good_for_its_own(app: Flask, signed_in: Browser) -> None:
    one, other = register(app), register(app)
    code = code_for(signed_in, one)
    other.verifier = one.verifier
    assert other.redeem(code).json["error"] == "invalid_grant"
    assert one.redeem(code).status_code == 200


def test_a_wrong_secret_is_refused(signed_in: Browser, relying_party: RelyingParty) -> None:
    """RFC 6749, 5.2: 401 with the scheme that was used."""
    code = code_for(signed_in, relying_party)
    relying_party.secret = "wrong"
    refused = relying_party.redeem(code)
    assert refused.status_code == 401 and refused.json["error"] == "invalid_client"
    assert refused.headers["WWW-Authenticate"].startswith("Basic")


def test_a_second_use_of_a_code_ends_what_the_first_gave(signed_in: Browser, relying_party: RelyingParty) -> None:
    """RFC 6749, 4.1.2."""
    code = code_for(signed_in, relying_party)
    first = relying_party.redeem(code).json
    assert relying_party.userinfo(first["access_token"]).status_code == 200
    assert relying_party.redeem(code).json["error"] == "invalid_grant"
    assert relying_party.userinfo(first["access_token"]).status_code == 401


def test_a_code_lives_for_a_minute(signed_in: Browser, relying_party: RelyingParty) -> None:
    code = code_for(signed_in, relying_party)
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        assert relying_party.redeem(code).json["error"] == "invalid_grant"


def test_of_many_parallel_redemptions_one_succeeds(each_app: Flask) -> None:
    person(each_app, EMAIL, PHONE)
    browser = Browser(each_app)
    browser.signs_in()
    relying_party = register(each_app)
    code = code_for(browser, relying_party)
    statuses: list[int] = []

    def redeem() -> None:
        statuses.append(relying_party.redeem(code).status_code)

    threads = [threading.Thread(target=redeem) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [200] + [400] * 11


def test_an_ended_session_ends_its_tokens_at_once(app: Flask, signed_in: Browser, relying_party: RelyingParty) -> None:
    token = relying_party.redeem(code_for(signed_in, relying_party)).json["access_token"]
    with app.app_context():
        account = people.by_address(EMAIL)
        session.end_all(account.id, "test")
    assert relying_party.userinfo(token).status_code == 401


def test_an_access_token_ends_after_its_time(signed_in: Browser, relying_party: RelyingParty) -> None:
    tokens = relying_party.redeem(code_for(signed_in, relying_party)).json
    with time_machine.travel(clock.now() + timedelta(seconds=tokens["expires_in"] + 10)):
        refused = relying_party.userinfo(tokens["access_token"])
    assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


def test_a_token_of_one_kind_is_refused_in_place_of_another(signed_in: Browser, relying_party: RelyingParty) -> None:
    """RFC 8725, 3.11; RFC 9068, 4."""
    tokens = relying_party.redeem(code_for(signed_in, relying_party)).json
    assert relying_party.userinfo(tokens["id_token"]).status_code == 401
    assert relying_party.userinfo("a.b.c").status_code == 401
    page = signed_in.client.get("/oauth2/logout", query_string={"id_token_hint": tokens["access_token"]})
    assert page.status_code == 400


def test_userinfo_takes_the_token_from_header_and_form_and_asks_for_it_otherwise(
    app: Flask, signed_in: Browser, relying_party: RelyingParty
) -> None:
    """RFC 6750, 2.1, 2.2 and 3."""
    token = relying_party.redeem(code_for(signed_in, relying_party)).json["access_token"]
    client = app.test_client()
    assert client.post("/oauth2/userinfo", headers={"Authorization": f"bearer {token}"}).status_code == 200
    assert client.post("/oauth2/userinfo", data={"access_token": token}).status_code == 200
    refused = client.get("/oauth2/userinfo")
    assert refused.status_code == 401 and "error" not in refused.headers["WWW-Authenticate"]


def test_scopes_that_a_client_may_not_have_are_left_out(app: Flask, signed_in: Browser) -> None:
    """RFC 6749, 3.3: the answer says what was granted."""
    modest = register(app, scope="openid email")
    tokens = modest.redeem(code_for(signed_in, modest, scope="openid profile email admin")).json
    assert tokens["scope"] == "openid email"
    assert "name" not in modest.userinfo(tokens["access_token"]).json


def test_a_client_that_wants_two_factors_gets_them(browser: Browser, relying_party: RelyingParty) -> None:
    asks(browser, relying_party.request(acr_values=MFA))
    browser.gives_password()
    browser.chooses()
    page = browser.client.post(browser.path, data={"csrf_token": browser.token(), "code": newest_code(browser.app)})
    got = answer(asks(browser, page.headers["Location"]))
    claims = relying_party.verified(relying_party.redeem(got["code"]).json["id_token"])
    assert claims["acr"] == MFA and set(claims["amr"]) == {"pwd", "sms", "mfa"}
