"""When a person is asked again, and which level the client gets (OpenID Connect Core, 3.1.2.1 and 5.5.1.1)."""

import json
from datetime import timedelta

import pytest
import time_machine

from idp.core import clock
from idp.core.levels import MFA, PHR, SFA
from idp.signin.attempt import Wanted
from tests.oidc.relying_party import RelyingParty, answer, asks
from tests.signin.browser import EMAIL, Browser, newest_code, person
from tests.support.security_key import SecurityKey


def essential(*values: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": list(values)}}})


def test_without_a_session_prompt_none_is_login_required(browser: Browser, relying_party: RelyingParty) -> None:
    assert answer(browser.client.get(relying_party.request(prompt="none")))["error"] == "login_required"


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"prompt": "select_account"}, {"max_age": "0"}])
def test_a_fresh_sign_in_is_asked_for(signed_in: Browser, relying_party: RelyingParty, changes: dict[str, str]) -> None:
    asks(signed_in, relying_party.request(**changes))
    assert signed_in.path.startswith("/login")
    before = signed_in.signed_in().auth_time  # type: ignore[union-attr]
    with time_machine.travel(clock.now() + timedelta(seconds=5)):
        page = signed_in.post(signed_in.path, identifier=EMAIL, password="violet-harbour-eleven")
        got = answer(asks(signed_in, page.headers["Location"]))
        claims = relying_party.verified(relying_party.redeem(got["code"]).json["id_token"])
    assert claims["auth_time"] > before.timestamp()


def test_max_age_counts_from_the_last_sign_in(signed_in: Browser, relying_party: RelyingParty) -> None:
    assert "code" in answer(signed_in.client.get(relying_party.request(max_age="3600", prompt="none")))
    with time_machine.travel(clock.now() + timedelta(seconds=30)):
        got = answer(signed_in.client.get(relying_party.request(max_age="10", prompt="none")))
    assert got["error"] == "login_required"


def test_a_hint_for_another_person_asks_who_it_is(signed_in: Browser, relying_party: RelyingParty, app: object) -> None:
    tokens = relying_party.redeem(answer(signed_in.client.get(relying_party.request()))["code"]).json
    same = relying_party.request(prompt="none", id_token_hint=tokens["id_token"])
    assert "code" in answer(signed_in.client.get(same))
    person(signed_in.app, "otto@hospital.example")
    other = Browser(signed_in.app)
    other.signs_in(identifier="otto@hospital.example")
    foreign = relying_party.request(prompt="none", id_token_hint=tokens["id_token"])
    assert answer(other.client.get(foreign))["error"] == "login_required"
    broken = relying_party.request(prompt="none", id_token_hint="not a token")
    assert answer(signed_in.client.get(broken))["error"] == "login_required"


@pytest.mark.parametrize("changes", [{"acr_values": MFA}, {"claims": essential(MFA)}, {"acr_values": f"phr {MFA}"}])
def test_a_second_factor_is_asked_for_and_told(
    signed_in: Browser, relying_party: RelyingParty, changes: dict[str, str]
) -> None:
    silent = answer(signed_in.client.get(relying_party.request(prompt="none", **changes)))
    assert silent["error"] == "login_required", "the session has one factor"
    asks(signed_in, relying_party.request(**changes))
    signed_in.chooses()
    page = signed_in.post(signed_in.path, code=newest_code(signed_in.app))
    got = answer(asks(signed_in, page.headers["Location"]))
    assert relying_party.verified(relying_party.redeem(got["code"]).json["id_token"])["acr"] == MFA


def test_a_wish_that_nobody_can_meet_is_ignored_and_a_condition_is_an_error(
    signed_in: Browser, relying_party: RelyingParty
) -> None:
    """Unmet Authentication Requirements 1.0."""
    got = answer(signed_in.client.get(relying_party.request(acr_values="urn:unknown")))
    assert relying_party.verified(relying_party.redeem(got["code"]).json["id_token"])["acr"] == SFA
    refused = answer(signed_in.client.get(relying_party.request(claims=essential("urn:unknown"))))
    assert refused["error"] == "unmet_authentication_requirements"


@pytest.mark.parametrize("how", ["wish", "condition"])
def test_a_client_that_wants_to_resist_phishing_gets_a_security_key(
    browser: Browser, relying_party: RelyingParty, how: str
) -> None:
    key = SecurityKey()
    browser.enters(MFA)
    browser.gains_key(key)
    fresh = Browser(browser.app)
    fresh.signs_in(Wanted(level=MFA, methods=["sms"]))
    asked = {"acr_values": f"{PHR} {PHR}"} if how == "wish" else {"claims": essential(PHR)}
    asks(fresh, relying_party.request(**asked))
    assert 'value="security_key"' in fresh.page.text
    assert 'value="sms"' not in fresh.page.text
    fresh.chooses("security_key")
    page = fresh.post(fresh.path, credential=key.signs(fresh.options()))
    got = answer(asks(fresh, page.headers["Location"]))
    claims = relying_party.verified(relying_party.redeem(got["code"]).json["id_token"])
    assert (claims["acr"], {"hwk", "user", "mfa"} <= set(claims["amr"])) == (PHR, True)


def test_the_told_level_is_one_that_was_asked_for(browser: Browser, relying_party: RelyingParty) -> None:
    browser.signs_in(Wanted(level=MFA))
    got = answer(browser.client.get(relying_party.request(acr_values=SFA)))
    assert relying_party.verified(relying_party.redeem(got["code"]).json["id_token"])["acr"] == SFA
    got = answer(browser.client.get(relying_party.request()))
    assert relying_party.verified(relying_party.redeem(got["code"]).json["id_token"])["acr"] == MFA
