"""Where a sign-in comes from and goes to: forms on other pages, foreign redirects, methods, old rows."""

from datetime import UTC, datetime, timedelta

import time_machine
from flask import Flask
from sqlalchemy import func, select

from idp.core.db import db
from idp.core.levels import MFA
from idp.mfa import challenges
from idp.mfa.models import Challenge
from idp.signin import attempt
from idp.signin.attempt import Wanted
from idp.signin.models import Attempt
from tests.signin.browser import EMAIL, OTHER_PHONE, PHONE, Browser, newest_code, person, texts

# Hours after anything that a test makes before it travels: accounts and passwords are of now.
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)


def test_the_forms_may_end_at_the_applications_address(browser: Browser) -> None:
    """Browsers apply `form-action` to the redirects after a post too."""
    page = browser.wants(Wanted(MFA, form_target="https://cpms.example/sign-in/callback"))
    assert page.headers["Content-Security-Policy"].endswith("form-action 'self' https://cpms.example")


def test_a_posted_form_comes_back_to_its_page(app: Flask, browser: Browser) -> None:
    person(app)
    browser.open("/login")
    answer = browser.post("/account/phones?next=/account", phone_number=PHONE)
    assert answer.location.startswith("/login?t=")
    browser.open(answer.location)
    browser.gives_password()
    assert browser.path == "/account/phones?next=/account"


def test_an_address_of_nobodys_sign_in_begins_one(browser: Browser) -> None:
    browser.open("/login")
    browser.open("/login?t=unknown")
    assert browser.heading() == "Sign in"
    browser.open("/login/cancel?t=unknown")
    assert browser.heading() == "Sign in"


def test_who_is_signed_in_needs_no_login_page(app: Flask, browser: Browser) -> None:
    person(app)
    browser.signs_in()
    assert browser.open("/login?next=/account/details").request.path == "/account/details"
    assert browser.open("/logout/done").request.path == "/logout"


def test_an_old_proof_with_an_accepted_method_counts_and_with_another_does_not(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.signs_in(Wanted(MFA))
    browser.wants(Wanted(MFA, methods=["sms"], return_to="/account/details"))
    assert browser.path == "/account/details"
    browser.wants(Wanted(MFA, methods=["security_key"], return_to="/account/details"))
    assert browser.heading() == "You have no method that fits"


def test_a_newcomer_whose_application_accepts_nothing_we_have_is_told(app: Flask, browser: Browser) -> None:
    person(app)
    browser.wants(Wanted(MFA, methods=["pigeon"]))
    browser.gives_password()
    assert browser.heading() == "You have no method that fits"


def test_a_newcomer_can_mend_a_mistyped_number(app: Flask, browser: Browser) -> None:
    person(app)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.wants(Wanted(MFA, return_to="/account/details", methods=["sms"]))
        browser.gives_password()
        browser.submit(phone_number=OTHER_PHONE)
        browser.submit(again="1")
        assert "No code was sent" in browser.words()
        browser.open(f"{browser.path}&change=1")
        assert browser.submit(phone_number=PHONE).status_code == 429
        assert f'value="{PHONE}"' in browser.page.text
        clock.shift(timedelta(seconds=61))
        browser.submit(phone_number=PHONE)
        assert [to for to, _, _ in texts(app)] == [OTHER_PHONE, PHONE]
        clock.shift(timedelta(minutes=10))
        browser.gives_code()
        assert "This code is no longer valid" in browser.words()
        browser.submit(phone_number=PHONE)
        browser.gives_code(newest_code(app))
        assert browser.path == "/account/details"


def test_what_is_long_over_is_removed(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.signs_in(Wanted(MFA))
        clock.shift(timedelta(hours=25))
        with app.app_context():
            attempt.sweep()
            challenges.sweep()
            left = [db.session.scalar(select(func.count()).select_from(table)) for table in (Attempt, Challenge)]
    assert left == [0, 0]
