"""An attempt is where the server says: tabs, back buttons, double clicks, other browsers, time and restarts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import time_machine
from flask import Flask
from sqlalchemy import func, select

from idp.accounts import freezing, people
from idp.accounts.models import UserSession
from idp.core.db import db, transaction
from idp.core.levels import MFA
from idp.mfa.models import Challenge, ChallengeState
from idp.signin.attempt import Wanted
from idp.signin.models import Attempt, AttemptState
from tests.signin.browser import EMAIL, PHONE, Browser, newest_code, person, texts, wrong_code
from tests.support.identity_server import configured

# Hours after anything that a test makes before it travels: accounts and passwords are of now.
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
CPMS = Wanted(MFA, application="CPMS", return_to="/account/details", cancel_to="/support")


def count(app: Flask, table: type, *where: object) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table).where(*where))


def test_a_second_submit_of_a_finished_attempt_goes_on(app: Flask, browser: Browser) -> None:
    person(app)
    browser.open("/account/details")
    login, token = browser.path, browser.token()
    browser.gives_password()
    again = browser.client.post(login, data={"csrf_token": token, "identifier": EMAIL, "password": "other"})
    assert (again.status_code, again.location) == (303, "/account/details")
    assert browser.open(login).request.path == "/account/details"
    assert count(app, UserSession) == 1


def test_the_back_button_leads_to_the_step_that_is_next(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    login = browser.path
    browser.gives_password()
    browser.open(login)
    assert browser.heading() == "Choose your verification method"
    browser.chooses()
    browser.open(login)
    assert browser.heading() == "Enter the code from the text message"


def test_a_later_step_cannot_be_opened_first(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    for later in ("/login/verify", "/login/verify/add", "/login/verify/lost"):
        browser.open(browser.path.replace("/login?", f"{later}?"))
        assert browser.heading() == "Sign in"
    verify = browser.path.replace("/login?", "/login/verify?")
    browser.submit(verify, method="sms")
    assert browser.heading() == "Sign in"
    assert texts(app) == []


def test_what_was_proved_before_the_frost_opens_nothing_after_the_thaw(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.is_asked(CPMS, "sms")
    code = newest_code(app)
    with app.app_context():
        freezing.freeze(1, "support")
        freezing.unfreeze(1, "support")
    browser.gives_code(code)
    assert browser.signed_in() is None
    assert browser.heading() == "Sign in"
    browser.gives_password()
    assert browser.heading() == "Choose your verification method"


def test_a_sign_in_that_needs_less_meanwhile_is_as_old_as_its_last_proof(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE, always_mfa=True)
    with time_machine.travel(LATER, tick=False) as moment:
        browser.open("/account")
        browser.gives_password()
        assert browser.heading() == "Choose your verification method"
        moment.shift(timedelta(minutes=9))
        with app.app_context(), transaction():
            people.by_address(EMAIL).always_mfa = False
        browser.open(browser.path)
        begun = browser.signed_in()
        assert (begun.auth_time, begun.proved_at) == (LATER, LATER)


def test_two_tabs_do_not_disturb_each_other(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    first = browser.path
    browser.wants(Wanted(return_to="/account/sessions"))
    browser.gives_password()
    assert browser.path == "/account/sessions"
    browser.open(first)
    assert browser.heading() == "One more proof, please"
    browser.chooses()
    browser.gives_code()
    assert browser.path == "/account/details"


def test_an_attempt_belongs_to_one_browser(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    stolen = browser.path
    browser.gives_password()
    other = Browser(app)
    other.open(stolen)
    other.open(stolen)
    assert other.heading() == "Sign in"
    assert "CPMS" not in other.words()


def test_a_browser_without_cookies_is_told_so_and_not_sent_round(app: Flask) -> None:
    client = app.test_client(use_cookies=False)
    page = client.get("/login", follow_redirects=True)
    assert page.status_code == 400
    assert "Your browser keeps no cookies" in page.text


def test_who_takes_too_long_begins_again_and_still_arrives(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.wants(CPMS)
        clock.shift(timedelta(minutes=31))
        browser.gives_password()
        assert "That took too long, so we began again" in browser.words()
        browser.gives_password()
        clock.shift(timedelta(minutes=31))
        browser.chooses()
        assert browser.heading() == "Sign in"
        browser.gives_password()
        browser.chooses()
        browser.gives_code()
        assert browser.path == "/account/details"
    assert count(app, Attempt, Attempt.state == AttemptState.EXPIRED) == 2


def test_a_code_lives_for_ten_minutes(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.wants(CPMS)
        browser.gives_password()
        browser.chooses()
        clock.shift(timedelta(minutes=10))
        browser.gives_code()
        assert "This code is no longer valid" in browser.words()
        assert browser.heading() == "Choose your verification method"
        assert not browser.signed_in()


def test_a_code_is_tried_three_times(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    browser.gives_password()
    browser.chooses()
    wrong, right = wrong_code(app), newest_code(app)
    browser.gives_code("12345")
    assert "Enter the 6 digits of the text message" in browser.words()
    browser.gives_code(wrong)
    assert "This code is not right. You have 2 tries left." in browser.words()
    assert browser.page.status_code == 400
    browser.gives_code(wrong)
    assert "You have 1 try left." in browser.words()
    browser.gives_code(wrong)
    assert "This code is no longer valid" in browser.words()
    browser.submit(code=right)
    assert not browser.signed_in()


def test_a_used_code_is_refused_a_second_time(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    browser.gives_password()
    browser.chooses()
    code = newest_code(app)
    browser.gives_code(code)
    browser.wants(Wanted(MFA, force=True))
    browser.gives_password()
    browser.submit(code=code)
    assert "This code is no longer valid" in browser.words()


def test_a_code_of_one_attempt_opens_no_other(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.wants(CPMS)
        browser.gives_password()
        browser.chooses()
        code = newest_code(app)
        clock.shift(timedelta(seconds=61))
        other = Browser(app)
        other.wants(CPMS)
        other.gives_password()
        other.chooses()
        other.gives_code(code)
        assert not other.signed_in()


def test_a_new_code_waits_a_minute_and_replaces_the_old(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.wants(CPMS)
        browser.gives_password()
        browser.chooses()
        old = newest_code(app)
        browser.submit(again="1")
        assert "No code was sent" in browser.words()
        assert "possible again in" in browser.words()
        assert len(texts(app)) == 1
        clock.shift(timedelta(seconds=61))
        browser.submit(again="1")
        assert "A new code is on its way" in browser.words()
        assert len(texts(app)) == 2
        browser.gives_code(old if old != newest_code(app) else wrong_code(app))
        assert "This code is not right" in browser.words()
        browser.gives_code()
        assert browser.signed_in()


def test_a_restart_between_any_two_steps_loses_nothing(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    url = app.config["SQLALCHEMY_DATABASE_URI"]

    def restarted() -> None:
        fresh = configured(url)
        client = fresh.test_client()
        client._cookies = browser.client._cookies
        browser.app, browser.client = fresh, client

    browser.wants(CPMS)
    for step in (browser.gives_password, browser.chooses, browser.gives_code):
        restarted()
        step()
    assert browser.path == "/account/details"


def at_once(*calls: Callable[[], object]) -> list[object]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_two_right_passwords_at_once_begin_one_session(each_app: Flask) -> None:
    person(each_app)
    browser = Browser(each_app)
    browser.open("/login")
    data = {"csrf_token": browser.token(), "identifier": EMAIL, "password": "violet-harbour-eleven"}
    twins = [_twin(browser) for _ in range(4)]
    answers = at_once(*(lambda twin=twin: twin.post(browser.path, data=data).status_code for twin in twins))
    assert set(answers) <= {303, 503}
    assert count(each_app, UserSession) == 1


def test_two_right_codes_at_once_succeed_once(each_app: Flask) -> None:
    person(each_app, EMAIL, PHONE)
    browser = Browser(each_app)
    browser.wants(CPMS)
    browser.gives_password()
    browser.chooses()
    data = {"csrf_token": browser.token(), "code": newest_code(each_app)}
    twins = [_twin(browser) for _ in range(3)]
    answers = at_once(*(lambda twin=twin: twin.post(browser.path, data=data).status_code for twin in twins))
    assert set(answers) == {303}
    assert count(each_app, UserSession) == 1
    assert count(each_app, Challenge, Challenge.state == ChallengeState.PASSED) == 1
    assert count(each_app, Attempt, Attempt.state == AttemptState.DONE) == 1


def _twin(browser: Browser):
    client = browser.app.test_client()
    client.environ_base |= {"REMOTE_ADDR": "203.0.113.7"}
    client._cookies = dict(browser.client._cookies)
    return client
