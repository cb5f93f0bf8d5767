"""One person's factor must never prove another person, however the two meet in one attempt of one browser."""

import pytest
from flask import Flask

from idp.accounts import passwords, people, profile
from idp.core.levels import MFA, SFA
from idp.mfa import challenges, enrolment
from idp.mfa.models import Purpose
from idp.signin import attempt as attempts
from idp.signin import verification
from idp.signin.attempt import Moved, Wanted
from tests.signin.browser import EMAIL, OTHER_PHONE, PHONE, Browser, newest_code, person

THIEF = "thief@elsewhere.example"
OTHER_PASSWORD = "walnut-lantern-seventeen"


@pytest.fixture
def browser(app: Flask) -> Browser:
    person(app, EMAIL, PHONE)
    person(app, THIEF, OTHER_PHONE)
    return Browser(app)


def uid_of(app: Flask, email: str) -> str:
    with app.app_context():
        return str(people.by_address(email).uid)


def test_a_code_asked_for_in_ones_own_session_does_not_raise_the_session_of_somebody_else(
    app: Flask, browser: Browser
) -> None:
    browser.signs_in(identifier=THIEF)
    browser.wants(Wanted(level=MFA))
    step_up = browser.path
    browser.chooses()
    code = newest_code(app, OTHER_PHONE)
    assert code
    browser.open("/logout")
    browser.submit()
    browser.signs_in(Wanted(level=SFA), EMAIL)  # with the password alone
    assert browser.signed_in().account.uid == uid_of(app, EMAIL)
    browser.open(step_up)
    browser.client.post(step_up, data={"csrf_token": browser.token(), "code": code})
    found = browser.signed_in()
    assert found.account.uid == uid_of(app, EMAIL)
    assert found.acr == SFA


def test_a_code_of_the_one_does_not_pass_after_the_password_of_the_other_in_the_same_attempt(
    app: Flask, browser: Browser
) -> None:
    browser.wants(Wanted(level=MFA))
    browser.gives_password(THIEF)
    browser.chooses()
    code, step = newest_code(app, OTHER_PHONE), browser.path
    with app.app_context():  # in another browser the thief changes his own password, so that this attempt asks again
        thief = people.by_address(THIEF)
        profile.set_password(thief, passwords.hash_of(OTHER_PASSWORD), how="change")
    browser.open(step)
    browser.gives_password(EMAIL)
    browser.client.post(step, data={"csrf_token": browser.token(), "code": code})
    assert browser.signed_in() is None


def test_a_first_phone_of_the_one_does_not_raise_the_session_of_the_other(app: Flask) -> None:
    person(app, EMAIL)
    person(app, THIEF)
    browser = Browser(app)
    browser.signs_in(identifier=THIEF)
    browser.wants(Wanted(level=MFA))
    step = browser.path
    browser.open(f"{browser.path}&method=sms")
    browser.submit(phone_number=OTHER_PHONE)
    code = newest_code(app, OTHER_PHONE)
    assert code
    browser.open("/logout")
    browser.submit()
    browser.signs_in(Wanted(level=SFA), EMAIL)
    browser.open(step)
    browser.client.post(step, data={"csrf_token": browser.token(), "code": code})
    found = browser.signed_in()
    assert (found.account.uid, found.acr) == (uid_of(app, EMAIL), SFA)
    with app.app_context():
        assert enrolment.authenticators(people.by_address(EMAIL).id) == []
        assert enrolment.authenticators(people.by_address(THIEF).id) == []


def test_whose_factor_it_was_is_judged_once_more_in_the_act_itself(app: Flask, browser: Browser) -> None:
    browser.signs_in(identifier=THIEF)
    browser.wants(Wanted(level=MFA))
    browser.chooses()
    code, step = newest_code(app, OTHER_PHONE), browser.path
    browser.open("/logout")
    browser.submit()
    browser.signs_in(Wanted(level=SFA), EMAIL)
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in browser._cookies())
    with app.test_request_context(headers={"Cookie": cookies}):
        attempt = attempts.find(step.partition("t=")[2])
        challenge = challenges.current(attempts.binding(attempt), Purpose.SIGN_IN)
        with pytest.raises(Moved):
            verification.answer(attempt, challenge, {"code": code})
    assert browser.signed_in().acr == SFA


def test_a_number_that_was_to_be_the_first_proves_nothing_once_there_is_another(app: Flask) -> None:
    """Who knows the password begins with a phone of his own; meanwhile the owner adds hers."""
    person(app, EMAIL)
    browser = Browser(app)
    browser.wants(Wanted(level=MFA))
    browser.gives_password(EMAIL)
    browser.open(f"{browser.path}&method=sms")
    browser.submit(phone_number=OTHER_PHONE)
    code = newest_code(app, OTHER_PHONE)
    assert code
    with app.app_context():
        enrolment.add_confirmed_phone(people.by_address(EMAIL), PHONE)
    mark = browser.path.partition("?")[2]
    for step in ("/login/verify", "/login/verify/add"):
        browser.open(f"{step}?{mark}")
        browser.client.post(f"{step}?{mark}", data={"csrf_token": browser.token(), "code": code})
        assert browser.signed_in() is None
    with app.app_context():
        assert len(enrolment.authenticators(people.by_address(EMAIL).id)) == 1
