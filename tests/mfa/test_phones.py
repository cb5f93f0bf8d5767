"""My Account's page for mobile phone numbers."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from idp.accounts import people
from idp.core.db import db, transaction
from idp.core.levels import MFA, SFA
from idp.core.outbox import Message, MessageState
from idp.mfa import enrolment
from idp.mfa.models import Authenticator
from idp.signin.attempt import Wanted
from tests.signin.browser import EMAIL, OTHER_PHONE, PHONE, Browser, mails, newest_code, person, texts, wrong_code

# Hours after anything that a test makes before it travels: accounts and passwords are of now.
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
TWO_FACTORS = Wanted(MFA)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def hints(app: Flask) -> list[str]:
    with app.app_context():
        return [found.hint for found in db.session.scalars(select(Authenticator).order_by(Authenticator.id))]


def test_the_first_number_needs_the_password_only_and_proves_two_factors(app: Flask, browser: Browser) -> None:
    person(app)
    browser.enters()
    browser.open("/account/phones")
    assert "You have no number yet" in browser.words()
    browser.submit(phone_number=PHONE)
    assert browser.heading() == "Enter the code from the text message"
    assert texts(app)[0][0] == PHONE
    browser.gives_code()
    assert browser.path == "/account/phones"
    assert "Number added. Text messages with codes go to +49 ••• ••• 017 from now on." in browser.words()
    assert browser.signed_in().acr == MFA
    assert mails(app) == [(EMAIL, "A verification method was added to your account")]


def test_the_way_goes_on_to_the_application(app: Flask, browser: Browser) -> None:
    person(app)
    browser.enters()
    browser.open("/account/phones?next=/account/details")
    browser.submit(phone_number=PHONE)
    browser.gives_code()
    assert browser.path == "/account/details"


def test_the_first_number_needs_a_fresh_password(app: Flask, browser: Browser) -> None:
    person(app)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.enters()
        clock.shift(timedelta(minutes=11))
        browser.open("/account/phones")
        browser.submit(phone_number="+49 171 3920017")
        assert "Enter your password once more" in browser.words()
        assert f'value="{EMAIL}"' in browser.page.text
        browser.gives_password()
        assert browser.path == "/account/phones"
        assert 'value="+49 171 3920017"' in browser.page.text
        browser.submit(phone_number=PHONE)
        browser.gives_code()
        assert hints(app) == ["+49 ••• ••• 017"]


def test_another_number_needs_a_fresh_proof_with_the_first(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.enters()
    assert browser.signed_in().acr == SFA
    browser.open("/account/phones")
    browser.submit(phone_number=OTHER_PHONE)
    assert "You are about to change how you prove who you are." in browser.words()
    assert texts(app) == []
    browser.chooses()
    assert texts(app)[0][0] == PHONE
    browser.gives_code()
    browser.submit(phone_number=OTHER_PHONE)
    browser.gives_code()
    assert hints(app) == ["+49 ••• ••• 017", "+49 ••• ••• 018"]


def test_the_proof_is_fresh_for_ten_minutes(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.enters(MFA)
        clock.shift(timedelta(minutes=11))
        browser.open("/account/phones")
        browser.submit(phone_number=OTHER_PHONE)
        assert browser.heading() == "One more proof, please"


def test_a_password_given_again_is_no_fresh_second_factor(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.enters(MFA)
        for _ in range(3):
            clock.shift(timedelta(minutes=9))
            browser.wants(Wanted(MFA, max_age=0))
            browser.gives_password()
            assert browser.heading() == "Choose your verification method"
        browser.open("/account/phones")
        browser.submit(phone_number=OTHER_PHONE)
        assert browser.heading() == "One more proof, please"


def test_a_number_is_removed_after_a_question(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE, OTHER_PHONE)
    browser.enters(MFA)
    browser.open("/account/phones")
    browser.open(browser.page.text.split('href="/account/phones/')[1].split('"')[0].join(["/account/phones/", ""]))
    assert browser.heading() == "Remove +49 ••• ••• 017?"
    browser.submit()
    assert "+49 ••• ••• 017 is removed" in browser.words()
    assert hints(app) == ["+49 ••• ••• 018"]
    assert mails(app) == [(EMAIL, "A verification method was removed from your account")]


@pytest.mark.parametrize("flag", ["always_mfa", "is_administrator"])
def test_the_last_number_of_somebody_who_needs_one_stays(app: Flask, browser: Browser, flag: str) -> None:
    person(app, EMAIL, PHONE, **{flag: True})
    browser.enters(MFA)
    browser.open("/account/phones")
    assert "It has to stay" in browser.words()
    browser.open("/account/phones/1/remove")
    assert browser.submit().status_code == 403
    assert "This is your last verification method" in browser.words()
    assert hints(app) == ["+49 ••• ••• 017"]


def test_the_last_number_of_others_can_go(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.enters(MFA)
    browser.open("/account/phones/1/remove")
    browser.submit()
    assert hints(app) == []


def test_other_peoples_numbers_are_not_there(app: Flask, browser: Browser) -> None:
    person(app, "other@hospital.example", OTHER_PHONE)
    person(app, EMAIL, PHONE)
    browser.enters(MFA)
    assert browser.open("/account/phones/1/remove").status_code == 404
    assert len(hints(app)) == 2


def test_a_number_that_is_there_already_is_told(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.enters(MFA)
    browser.open("/account/phones")
    browser.submit(phone_number=PHONE)
    assert "This number is in your account already" in browser.words()


def test_a_wrong_code_adds_nothing_and_the_number_waits(app: Flask, browser: Browser) -> None:
    person(app)
    browser.enters()
    browser.open("/account/phones")
    browser.submit(phone_number=PHONE)
    browser.gives_code(wrong_code(app))
    assert "This code is not right. You have 2 tries left." in browser.words()
    browser.open("/account/phones")
    assert "Not confirmed" in browser.words()
    browser.open("/account/phones/confirm")
    browser.gives_code(wrong_code(app))
    browser.gives_code(wrong_code(app))
    assert "This code is no longer valid" in browser.words()
    assert hints(app) == []


def test_the_first_factor_of_two_browsers_is_one(app: Flask) -> None:
    """Who knows only the password must not add a factor to an account that has one by now."""
    person(app)
    one, other = Browser(app), Browser(app)
    for browser, number in ((one, PHONE), (other, OTHER_PHONE)):
        with time_machine.travel(LATER + timedelta(minutes=2 if browser is other else 0), tick=False):
            browser.enters()
            browser.open("/account/phones")
            browser.submit(phone_number=number)
    first, second = (code for _, _, code in texts(app))
    with time_machine.travel(LATER + timedelta(minutes=3), tick=False):
        one.gives_code(first)
        other.gives_code(second)
    assert hints(app) == ["+49 ••• ••• 017"]


def test_texts_are_bounded_for_a_person_and_a_number(app: Flask) -> None:
    person(app)
    with time_machine.travel(LATER, tick=False) as clock:
        browser = Browser(app)
        browser.enters()
        for minute in range(5):
            browser.open("/account/phones")
            page = browser.submit(phone_number=f"+49171392003{minute}")
            assert (page.status_code == 429) == (minute > 2)
            clock.shift(timedelta(seconds=61))
        assert "No code was sent" in browser.words()
    assert len(texts(app)) == 3


def test_one_number_gets_ten_texts_a_day_whoever_asks(app: Flask) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        for number in range(12):
            email = f"p{number}@hospital.example"
            person(app, email)
            browser = Browser(app, f"198.51.100.{number}")
            browser.enters(identifier=email)
            browser.open("/account/phones")
            browser.submit(phone_number=PHONE)
            clock.shift(timedelta(minutes=11))
    assert len(texts(app)) == 10


def test_demonstration_phones_are_added_once(app: Flask) -> None:
    person(app, EMAIL, PHONE, PHONE)
    with app.app_context():
        account = people.by_address(EMAIL)
        enrolment.rename(account, 1, " ward phone ")
        [only] = enrolment.authenticators(account.id)
        assert (only.label, only.kind) == ("ward phone", "sms")
        assert b"1713920017" not in only.sealed


def test_nothing_secret_stands_in_a_page_or_a_row(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.signs_in(TWO_FACTORS)
    browser.open("/account/phones")
    assert "1713920017" not in browser.page.text
    assert newest_code(app) not in browser.page.text


def test_a_new_code_can_be_asked_for_after_a_minute(app: Flask, browser: Browser) -> None:
    person(app)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.enters()
        browser.open("/account/phones?next=/account/details")
        browser.submit(phone_number=PHONE)
        browser.submit(again="1")
        assert "No code was sent: too many in a short time. You can ask for one in 1 minute." in browser.words()
        clock.shift(timedelta(seconds=61))
        browser.submit(again="1")
        assert "A new code is on its way" in browser.words()
        browser.gives_code()
        assert browser.path == "/account/details"
    assert [to for to, _, _ in texts(app)] == [PHONE, PHONE]


def test_a_text_that_could_not_be_delivered_is_told_where_its_code_is_asked_for(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(TWO_FACTORS)
    browser.gives_password()
    browser.chooses()
    assert "could not be delivered" not in browser.words()
    with app.app_context(), transaction():
        db.session.execute(update(Message).values(state=MessageState.FAILED))
    browser.open(browser.path)
    assert "The text message could not be delivered" in browser.words()
