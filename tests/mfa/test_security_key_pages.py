"""My Account's page for security keys and trusted platforms, and signing in with one as the second factor."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.errors import Refusal
from idp.core.levels import MFA, PHR, SFA
from idp.mfa import challenges, enrolment
from idp.mfa.challenges import Asking
from idp.mfa.models import Authenticator, Challenge, Purpose
from idp.signin.attempt import Wanted
from tests.signin.browser import EMAIL, PHONE, Browser, mails, newest_code, person
from tests.support.security_key import SecurityKey

# Hours after anything that a test makes before it travels: accounts and passwords are of now.
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
OTHER = "nils.varga@hospital.example"
PAGE = "/account/security-keys"


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def key(app: Flask, browser: Browser) -> SecurityKey:
    """The key of somebody who has no other factor, registered in the browser."""
    person(app)
    browser.enters()
    key = SecurityKey()
    browser.gains_key(key)
    return key


def keys(app: Flask) -> list[Authenticator]:
    with app.app_context():
        return list(db.session.scalars(select(Authenticator).order_by(Authenticator.id)))


def acts(app: Flask, act: str) -> list[str | None]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEvent.subject).where(AuditEvent.act == act)))


def signs_in_with(browser: Browser, key: SecurityKey, **wrong: object) -> None:
    browser.is_asked(Wanted(MFA, force=True, return_to="/account/details"), "security_key")
    browser.uses_key(key, **wrong)


def test_the_first_key_needs_the_password_only_and_resists_phishing(app: Flask, browser: Browser) -> None:
    uid = person(app)
    browser.enters()
    browser.open(PAGE)
    assert "You have no security key yet" in browser.words()
    browser.submit(device_name="Blue key")
    assert browser.heading() == "Register your security key or device"
    assert "Security keys need JavaScript" in browser.words()
    browser.uses_key(SecurityKey())
    assert browser.path == PAGE
    assert "Blue key is registered. You can sign in with it from now on." in browser.words()
    assert (browser.signed_in().acr, browser.signed_in().amr) == (PHR, ["pwd", "hwk", "user", "mfa"])
    assert mails(app) == [(EMAIL, "A verification method was added to your account")]
    assert acts(app, "mfa.factor.add") == [uid]


def test_several_keys_are_told_apart_renamed_and_removed(app: Flask, browser: Browser, key: SecurityKey) -> None:
    other = SecurityKey()
    browser.open(PAGE)
    browser.submit(device_name="Red key")
    assert browser.options()["excludeCredentials"][0]["transports"] == ["usb", "nfc"]
    browser.uses_key(other)
    browser.open(f"{PAGE}/2/rename")
    browser.submit(device_name="")
    assert "Give it a name of at most 64 characters" in browser.words()
    browser.submit(device_name=" Laptop ")
    assert "It is called Laptop from now on." in browser.words()
    browser.open(f"{PAGE}/1/remove")
    assert browser.heading() == "Remove Ward key?"
    browser.submit()
    assert [(one.name, one.kind) for one in keys(app)] == [("Laptop", "security_key")]
    signs_in_with(browser, key)
    assert "This key does not belong to your account" in browser.words()
    browser.uses_key(other)
    assert browser.path == "/account/details"


def test_the_list_says_when_a_key_was_added_and_used(app: Flask, browser: Browser) -> None:
    person(app)
    key = SecurityKey()
    with time_machine.travel(LATER, tick=False) as clock:
        browser.enters()
        browser.gains_key(key)
        browser.open(PAGE)
        assert "Never" in browser.words()
        clock.shift(timedelta(days=1))
        signs_in_with(browser, key)
        browser.open(PAGE)
        assert "Never" not in browser.words()
    assert keys(app)[0].last_used_at == LATER + timedelta(days=1)


def test_any_of_the_keys_answers_the_one_question(browser: Browser, key: SecurityKey) -> None:
    other = SecurityKey(synced=True, counts=False)
    browser.gains_key(other, "Phone")
    browser.wants(Wanted(MFA, force=True, return_to="/account/details"))
    browser.gives_password()
    assert browser.page.text.count('value="security_key') == 1
    browser.chooses("security_key")
    assert len(browser.options()["allowCredentials"]) == 2
    browser.uses_key(other)
    assert browser.path == "/account/details"
    fresh = Browser(browser.app)
    signs_in_with(fresh, other)
    assert fresh.signed_in().amr == ["pwd", "swk", "user", "mfa"]


def test_a_key_is_offered_before_weaker_methods(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.enters(MFA)
    browser.gains_key(SecurityKey())
    browser.wants(Wanted(MFA, force=True))
    browser.gives_password()
    page = browser.page.text
    assert 0 < page.index('value="security_key"') < page.index('value="sms"')


def test_who_wants_to_resist_phishing_is_offered_keys_only(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(Wanted(PHR))
    browser.gives_password()
    assert browser.heading() == "You need a security key"
    assert "/account/security-keys?next=" in browser.page.text
    browser.signs_in(Wanted(MFA, force=True))
    key = SecurityKey()
    browser.gains_key(key)
    browser.wants(Wanted(PHR, force=True, return_to="/account/details"))
    browser.gives_password()
    assert 'value="sms"' not in browser.page.text
    browser.submit(method="sms")
    assert browser.page.status_code == 404
    browser.wants(Wanted(PHR, force=True, return_to="/account/details"))
    browser.gives_password()
    browser.chooses("security_key")
    browser.uses_key(key)
    assert browser.signed_in().acr == PHR


def test_the_wrong_answer_says_so_and_the_page_asks_again(browser: Browser, key: SecurityKey) -> None:
    browser.client.delete_cookie("ern_session")
    signs_in_with(browser, key, origin="https://login.example.evil")
    assert "This answer is not right" in browser.words()
    assert "You have 2 tries left" in browser.words()
    assert browser.page.status_code == 400
    assert not browser.signed_in()
    browser.uses_key(key)
    assert browser.signed_in().acr == PHR


@pytest.mark.parametrize(
    "typed", ["", "{", "{}", "[]", '{"response": {}}', '{"id": 5, "response": {}}', "\x00", "{" * 9]
)
def test_what_is_no_answer_is_refused_as_one(browser: Browser, key: SecurityKey, typed: str) -> None:
    browser.client.delete_cookie("ern_session")
    browser.wants(Wanted(MFA))
    browser.gives_password()
    browser.chooses("security_key")
    assert browser.submit(credential=typed).status_code == 400
    assert not browser.signed_in()


def test_an_answer_counts_once(browser: Browser, key: SecurityKey) -> None:
    browser.wants(Wanted(MFA, force=True))
    browser.gives_password()
    browser.chooses("security_key")
    answer = key.signs(browser.options())
    here = browser.path
    browser.submit(credential=answer)
    browser.wants(Wanted(MFA, force=True))
    browser.gives_password()
    browser.chooses("security_key")
    browser.submit(credential=answer)
    assert "This answer is not right" in browser.words()
    assert browser.submit(here, credential=answer).status_code == 200, "what is over leads on"


def test_another_persons_key_proves_nothing(app: Flask, browser: Browser, key: SecurityKey) -> None:
    person(app, OTHER)
    other, others = Browser(app), SecurityKey()
    other.enters(identifier=OTHER)
    other.gains_key(others)
    signs_in_with(browser, others)
    assert "This key does not belong to your account" in browser.words()


def test_a_key_belongs_to_one_account(app: Flask, browser: Browser, key: SecurityKey) -> None:
    person(app, OTHER)
    other = Browser(app)
    other.enters(identifier=OTHER)
    other.adds_key(key)
    assert "This key cannot be added. Use another one." in other.words()
    assert len(keys(app)) == 1
    browser.adds_key(key, "Again")
    assert "This key is in your account already." in browser.words()


def test_other_peoples_keys_are_not_there(app: Flask, key: SecurityKey) -> None:
    person(app, OTHER)
    other = Browser(app)
    other.enters(identifier=OTHER)
    other.gains_key(SecurityKey())
    assert other.open(f"{PAGE}/1/remove").status_code == 404
    assert other.open(f"{PAGE}/1/rename").status_code == 404


def test_a_key_asked_for_as_something_else_is_not_there(browser: Browser, key: SecurityKey) -> None:
    assert browser.open("/account/phones/1/remove").status_code == 404


def test_a_counter_that_goes_back_suspends_the_key_and_tells_its_owner(app: Flask, browser: Browser) -> None:
    uid = person(app, EMAIL, PHONE)
    browser.enters(MFA)
    key = SecurityKey(count=7)
    browser.gains_key(key)
    key.count = 3
    signs_in_with(browser, key)
    assert "there may be a copy of it" in browser.words()
    assert acts(app, "mfa.factor.suspend") == [uid]
    assert mails(app)[-1] == (EMAIL, "A verification method of your account is suspended")
    assert keys(app)[1].suspended_at is not None

    key.count = 40
    browser.uses_key(key)
    assert "This key is suspended and cannot be used" in browser.words()
    browser.wants(Wanted(MFA, force=True, return_to=PAGE))
    browser.gives_password()
    assert 'value="security_key"' not in browser.page.text
    browser.chooses("sms")
    browser.gives_code(newest_code(app))
    assert "Suspended" in browser.words()
    browser.open(f"{PAGE}/2/remove")
    browser.submit()
    assert [one.kind for one in keys(app)] == ["sms"]
    assert len(mails(app)) == 3


def test_a_suspended_key_is_no_way_to_add_a_first_factor_with_the_password(app: Flask, browser: Browser) -> None:
    person(app)
    browser.enters()
    key = SecurityKey(count=7)
    browser.gains_key(key)
    key.count = 3
    signs_in_with(browser, key)
    thief = Browser(app)
    thief.signs_in()
    assert thief.signed_in().acr == SFA
    thief.open(PAGE)
    thief.submit(device_name="Mine")
    assert thief.heading() == "You have no method that fits"
    thief.wants(Wanted(MFA))
    assert thief.heading() == "You have no method that fits"


def test_a_challenge_lives_five_minutes(app: Flask, browser: Browser) -> None:
    person(app)
    key = SecurityKey()
    with time_machine.travel(LATER, tick=False) as clock:
        browser.enters()
        browser.gains_key(key)
        browser.wants(Wanted(MFA, force=True))
        browser.gives_password()
        browser.chooses("security_key")
        answer = key.signs(browser.options())
        clock.shift(timedelta(minutes=5))
        browser.submit(credential=answer)
        assert browser.heading() == "Choose your verification method"


def test_answers_at_once_count_once(each_app: Flask) -> None:
    person(each_app)
    browser, key = Browser(each_app), SecurityKey()
    browser.enters()
    browser.gains_key(key)
    with each_app.test_request_context():
        [held] = enrolment.authenticators(1)
        asking = Asking(held.account, Purpose.SIGN_IN, "attempt:one")
        options = challenges.ask_any(asking, "security_key", [held]).page["options"]
    answer = {"credential": key.signs(options)}

    def outcome(_: int) -> str:
        with each_app.test_request_context():
            challenge = db.session.scalars(select(Challenge).order_by(Challenge.id.desc())).first()
            try:
                challenges.answer(challenge, answer, lambda *_: None)
            except Refusal as refusal:
                return refusal.key
            return "passed"

    with ThreadPoolExecutor(10) as pool:
        told = Counter(pool.map(outcome, range(20)))
    # Three are judged at all; who comes second finds the counter, or the challenge, used.
    assert told["passed"] == 1
    assert sum(told.values()) == 20
    assert set(told) <= {"passed", "challenge_over", "factor_used", "key_counter"}


def test_no_secret_of_a_key_stands_in_its_row(app: Flask, key: SecurityKey) -> None:
    [held] = keys(app)
    assert json.loads(key.signs({"challenge": ""}))["id"] not in repr(vars(held))
