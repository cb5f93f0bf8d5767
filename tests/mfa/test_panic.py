"""PANIC takes everything away at once, with the password alone, and once however often it is pressed."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from idp.accounts import people
from idp.accounts.models import AccountState, UserSession
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.levels import MFA
from idp.mfa import deliveries, panic
from idp.mfa.models import Authenticator, Panic
from idp.signin.attempt import Wanted
from tests.accounts.browser import at_work
from tests.oidc.relying_party import answer, register
from tests.signin.browser import EMAIL, OTHER_PHONE, PASSWORD, PHONE, Browser, mails, newest_code, person, texts

SUBJECT = "All devices of your ERN Login account were deleted"


def number(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def living(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(UserSession).where(UserSession.ended_at.is_(None))).unique().all())


def trail(app: Flask) -> Counter[str]:
    with app.app_context():
        return Counter(event.act for event in db.session.query(AuditEvent))


def account_id(app: Flask) -> int:
    with app.app_context():
        found = people.by_address(EMAIL)
        assert found
        return found.id


def press(app: Flask, how: str = "support") -> bool:
    with app.test_request_context("/", base_url="http://localhost:8000"):
        return panic.press(account_id(app), how)


@pytest.fixture
def browser(app: Flask) -> Browser:
    person(app, EMAIL, PHONE, OTHER_PHONE)
    return Browser(app)


def test_the_password_alone_suffices_and_everything_is_gone(app: Flask, browser: Browser) -> None:
    other = Browser(app)
    other.enters(MFA)
    browser.enters()
    browser.open("/account/panic")
    assert browser.heading() == "Delete all my devices and eID"
    assert "Mobile Phone + SMS" in browser.words() and "all your 2 open sessions" in browser.words()
    assert number(app, Authenticator) == 2, "nothing happens before the button is pressed"
    browser.submit()
    assert browser.path == "/account/panic/done"
    assert browser.heading() == "All your devices are deleted"
    assert number(app, Authenticator) == living(app) == 0
    assert trail(app)["mfa.panic"] == 1


def test_it_is_told_to_every_mailbox_and_number_each_with_a_link_that_freezes(app: Flask, browser: Browser) -> None:
    press(app)
    assert mails(app) == [(EMAIL, SUBJECT)]
    told = texts(app)
    assert [to for to, *_ in told] == [PHONE, OTHER_PHONE]
    links = [text.rpartition("http://localhost:8000")[2] for _, text, _ in told]
    assert len(set(links)) == 2
    stranger = Browser(app)
    stranger.open(links[0])
    stranger.submit()
    assert stranger.path == "/account/frozen"
    with app.app_context():
        found = people.by_address(EMAIL)
        assert found and found.state is AccountState.FROZEN


def test_an_old_session_has_to_give_the_password_or_prove_a_device(app: Flask, browser: Browser) -> None:
    browser.enters()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=30)):
        browser.open("/account/panic")
        browser.submit()
        assert "Enter your password." in browser.words()
        browser.submit(current_password="wrong-password")
        assert browser.page.status_code == 400
        assert number(app, Authenticator) == 2
        browser.open("/account/panic?prove=1")
        browser.chooses()
        browser.gives_code()
        browser.submit()
        assert browser.path == "/account/panic/done"
    assert number(app, Authenticator) == 0


def test_an_old_session_goes_on_with_the_password(app: Flask, browser: Browser) -> None:
    browser.enters(MFA)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=30)):
        browser.open("/account/panic")
        browser.submit(current_password=PASSWORD)
    assert browser.path == "/account/panic/done"
    assert number(app, Authenticator) == 0


def test_nobody_who_is_not_signed_in_gets_to_the_button(app: Flask, browser: Browser) -> None:
    browser.open("/account/panic")
    assert browser.path.startswith("/login")
    browser.post("/account/panic", current_password=PASSWORD)
    assert number(app, Authenticator) == 2


def test_who_is_always_asked_for_the_lost_phone_gets_there_while_signing_in(app: Flask) -> None:
    person(app, EMAIL, PHONE, always_mfa=True)
    browser = Browser(app)
    browser.open("/login")
    browser.gives_password()
    browser.open(browser.path.replace("/verify", "/verify/lost"))
    assert "I have nothing else, or my phone was stolen" in browser.words()
    browser.open(browser.path.replace("/lost", "/panic"))
    browser.submit()
    assert browser.heading() == "All your devices are deleted"
    assert number(app, Authenticator) == 0
    browser.signs_in()
    assert browser.path == "/account", "the password is enough to register a new device"


def test_without_the_password_the_lost_page_and_the_button_tell_nothing(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    browser = Browser(app)
    browser.open("/login")
    for page in ("lost", "panic"):
        browser.open(browser.path.replace("/login?", f"/login/verify/{page}?"))
        assert browser.path.startswith("/login?")
    browser.post(browser.path.replace("/login?", "/login/verify/panic?"))
    assert number(app, Authenticator) == 1


def test_a_step_up_in_an_open_session_asks_for_the_password_before_it_deletes(app: Flask, browser: Browser) -> None:
    browser.enters()
    browser.wants(Wanted(MFA))
    browser.open(browser.path.replace("/verify", "/verify/panic"))
    browser.submit()
    assert "Enter your password." in browser.words()
    browser.submit(current_password=PASSWORD)
    assert browser.path.startswith("/account/panic/done")


def test_pressed_twice_it_happens_once_and_both_read_that_it_is_done(app: Flask, browser: Browser) -> None:
    browser.enters()
    browser.open("/account/panic")
    cookie, token = browser.client.get_cookie("ern_session"), browser.token()
    browser.submit()
    browser.client.set_cookie("ern_session", cookie.value)
    again = browser.client.post("/account/panic", data={"csrf_token": token})
    assert again.location == "/account/panic/done"
    assert trail(app)["mfa.panic"] == 1
    assert len(mails(app)) == 1


def test_pressed_by_many_at_once_it_happens_once(each_app: Flask) -> None:
    person(each_app, EMAIL, PHONE)
    for _ in range(3):
        Browser(each_app).signs_in()
    at_work(*[lambda: press(each_app)] * 8)
    assert number(each_app, Authenticator) == living(each_app) == 0
    assert (number(each_app, Panic), trail(each_app)["mfa.panic"]) == (1, 1)
    assert (len(mails(each_app)), len(texts(each_app))) == (1, 1)


def meets_panic(app: Flask) -> None:
    """The code is right and arrives together with PANIC."""
    person(app, EMAIL, PHONE)
    with app.test_request_context():
        deliveries.answered(account_id(app), PHONE)
    browser = Browser(app)
    browser.wants(Wanted(MFA))
    browser.gives_password()
    browser.chooses()
    here, fields = browser.path, {"csrf_token": browser.token(), "code": newest_code(app)}
    at_work(lambda: browser.client.post(here, data=fields), lambda: press(app))


def test_a_sign_in_under_way_does_not_outlive_it(each_app: Flask) -> None:
    """Whichever is first, no factor and no session stays."""
    for _ in range(3):
        meets_panic(each_app)
        assert living(each_app) == number(each_app, Authenticator) == 0


def test_what_was_proved_before_finishes_no_sign_in_after_it(app: Flask, browser: Browser) -> None:
    browser.wants(Wanted(MFA))
    browser.gives_password()
    browser.chooses()
    code = newest_code(app)
    press(app)
    browser.submit(code=code)
    assert browser.path.startswith("/login?")
    assert browser.signed_in() is None


def test_an_enrolment_under_way_adds_nothing_after_it(app: Flask) -> None:
    person(app)
    browser = Browser(app)
    browser.wants(Wanted(MFA))
    browser.gives_password()
    browser.open(f"{browser.path}&method=sms")
    browser.submit(phone_number=PHONE)
    code = newest_code(app)
    Browser(app).signs_in()
    assert press(app)
    browser.submit(code=code)
    assert number(app, Authenticator) == 0


def test_codes_and_tokens_of_applications_are_dead_at_once(app: Flask, browser: Browser) -> None:
    party = register(app)
    browser.enters()
    token = party.redeem(answer(browser.client.get(party.request()))["code"]).json["access_token"]
    code = answer(browser.client.get(party.request()))["code"]
    press(app)
    assert party.userinfo(token).status_code == 401
    assert party.redeem(code).json["error"] == "invalid_grant"


def test_the_new_device_is_registered_with_the_password_by_the_usual_procedure(app: Flask, browser: Browser) -> None:
    press(app)
    browser.wants(Wanted(MFA))
    browser.gives_password()
    assert browser.path.startswith("/login/verify/add")
    browser.open(f"{browser.path}&method=sms")
    browser.submit(phone_number="+491713920019")
    browser.gives_code()
    session = browser.signed_in()
    assert session is not None and session.acr == MFA


def test_a_second_panic_while_nobody_is_recognised_keeps_the_first_record(app: Flask) -> None:
    person(app, EMAIL, PHONE, is_administrator=True)
    press(app)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        Browser(app).signs_in()
        assert press(app)
    with app.app_context():
        [record] = db.session.scalars(select(Panic)).all()
        assert record.pressed_at > record.begun_at
        assert panic.opened(record.account_id)
        panic.recognise(record.account_id)
        assert panic.opened(record.account_id) is None
