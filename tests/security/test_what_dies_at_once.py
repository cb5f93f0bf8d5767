"""What a person gave to applications dies with the account's right to be used, and nothing of it comes back."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from idp.accounts import passwords, people, profile, session
from idp.accounts.models import AccountState
from idp.core import clock
from idp.core.db import transaction
from tests.oidc.relying_party import RelyingParty, answer, register
from tests.signin.browser import EMAIL, PASSWORD, PHONE, Browser, person

OTHER_PASSWORD = "walnut-lantern-seventeen"


def freeze(app: Flask) -> None:
    with app.app_context(), transaction():
        people.by_address(EMAIL).state = AccountState.FROZEN


def close(app: Flask) -> None:
    with app.app_context(), transaction():
        people.by_address(EMAIL).state = AccountState.CLOSED


def reset_password(app: Flask) -> None:
    with app.app_context():
        hashed = passwords.hash_of(OTHER_PASSWORD)
        profile.set_password(people.by_address(EMAIL), hashed, how="reset")


def end_session(app: Flask) -> None:
    with app.app_context():
        account = people.by_address(EMAIL)
        session.end(session.open_sessions(account.id, clock.now()), "owner")


DEATHS = (freeze, close, reset_password, end_session)


@pytest.fixture
def relying_party(app: Flask) -> RelyingParty:
    return register(app)


@pytest.fixture
def browser(app: Flask) -> Browser:
    person(app, EMAIL, PHONE)
    browser = Browser(app)
    browser.signs_in()
    return browser


def code_of(browser: Browser, relying_party: RelyingParty) -> str:
    return answer(browser.client.get(relying_party.request()))["code"]


@pytest.mark.parametrize("dies", DEATHS, ids=lambda death: death.__name__)
def test_an_access_token_is_dead_at_once(
    app: Flask, browser: Browser, relying_party: RelyingParty, dies: object
) -> None:
    token = relying_party.redeem(code_of(browser, relying_party)).json["access_token"]
    assert relying_party.userinfo(token).status_code == 200
    dies(app)  # type: ignore[operator]
    assert relying_party.userinfo(token).status_code == 401


@pytest.mark.parametrize("dies", DEATHS, ids=lambda death: death.__name__)
def test_a_code_is_dead_at_once(app: Flask, browser: Browser, relying_party: RelyingParty, dies: object) -> None:
    code = code_of(browser, relying_party)
    dies(app)  # type: ignore[operator]
    refused = relying_party.redeem(code)
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("dies", DEATHS, ids=lambda death: death.__name__)
def test_no_new_code_without_a_new_sign_in(
    app: Flask, browser: Browser, relying_party: RelyingParty, dies: object
) -> None:
    dies(app)  # type: ignore[operator]
    assert answer(browser.client.get(relying_party.request(prompt="none")))["error"] == "login_required"
    assert browser.signed_in() is None


def test_a_token_does_not_outlive_the_longest_session(
    app: Flask, browser: Browser, relying_party: RelyingParty
) -> None:
    start = datetime.now(UTC)
    for minutes in range(0, 12 * 60, 50):  # a busy person never becomes idle
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            browser.open("/account")
    with time_machine.travel(start + timedelta(hours=11, minutes=55), tick=False):
        token = relying_party.redeem(code_of(browser, relying_party)).json["access_token"]
    with time_machine.travel(start + timedelta(hours=12, minutes=1), tick=False):
        assert relying_party.userinfo(token).status_code == 401


def test_the_request_of_one_person_gives_another_a_code_for_the_other_only(
    app: Flask, browser: Browser, relying_party: RelyingParty
) -> None:
    """A link to a waiting request is worth what a link to the application is: each signs in as himself."""
    waiting = Browser(app)
    waiting.open(relying_party.request())
    begun = waiting.path
    kept = browser.client.get(begun)  # the attempt belongs to the other browser
    assert "code=" not in kept.headers.get("Location", "")
    person(app, "other@hospital.example")
    fields = {"csrf_token": waiting.token(), "identifier": "other@hospital.example", "password": PASSWORD}
    posted = waiting.client.post(begun, data=fields)
    code = answer(waiting.client.get(posted.location))["code"]
    claims = relying_party.verified(relying_party.redeem(code).json["id_token"])
    with app.app_context():
        assert claims["sub"] == people.by_address("other@hospital.example").uid
