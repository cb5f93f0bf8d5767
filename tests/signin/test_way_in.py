"""The ways from a page that needs somebody to the session that opens it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from idp.accounts.models import Account, AccountState
from idp.core.db import db, transaction
from idp.core.levels import MFA, SFA
from idp.signin.attempt import Wanted
from tests.signin.browser import EMAIL, OTHER_PHONE, PASSWORD, PHONE, WRONG, Browser, mails, newest_code, person, texts

# Hours after anything that a test makes before it travels: accounts and passwords are of now.
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
CPMS = Wanted(MFA, application="CPMS", return_to="/account/details?x=1", cancel_to="/support")


def test_the_password_alone_opens_my_account(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.open("/account")
    assert browser.heading() == "Sign in"
    browser.gives_password()
    assert browser.path == "/account"
    assert browser.signed_in().acr == SFA
    assert browser.signed_in().amr == ["pwd"]
    assert texts(app) == []


def test_the_identifier_opens_it_as_well(app: Flask, browser: Browser) -> None:
    uid = person(app)
    browser.open("/login")
    browser.gives_password(f" {uid.upper()} ")
    assert browser.signed_in()


def test_an_application_gets_password_and_text_message(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    assert "You are signing in to CPMS" in browser.words()
    browser.gives_password()
    assert browser.heading() == "Choose your verification method"
    assert "We send a text message to +49 ••• ••• 017" in browser.words()
    assert not browser.signed_in()
    browser.chooses()
    assert "We sent a text message to +49 ••• ••• 017" in browser.words()
    assert not browser.signed_in()
    browser.gives_code(" ".join(newest_code(app)))
    assert browser.path == "/account/details?x=1"
    assert browser.signed_in().acr == MFA
    assert browser.signed_in().amr == ["pwd", "sms", "mfa"]


def test_the_text_goes_to_the_person_and_names_application_and_host(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    browser.gives_password()
    browser.chooses()
    [(to, text, code)] = texts(app)
    assert to == PHONE
    assert text == f"{code} is your challenge code for CPMS. Tell it to nobody.\n\n@localhost #{code}"


def test_a_newcomer_adds_a_phone_on_the_way_and_arrives(app: Flask, browser: Browser) -> None:
    person(app)
    browser.wants(CPMS)
    browser.gives_password()
    assert browser.heading() == "Add a second factor"
    assert "your account has none yet" in browser.words()
    browser.open(f"{browser.path}&method=sms")
    assert browser.heading() == "Add a mobile phone number"
    browser.submit(phone_number="0171 3920017")
    assert "Begin the number with + and the country code" in browser.words()
    assert 'value="0171 3920017"' in browser.page.text
    browser.submit(phone_number="+49 171 3920017")
    assert browser.heading() == "Enter the code from the text message"
    browser.gives_code()
    assert browser.path == "/account/details?x=1"
    assert browser.signed_in().acr == MFA
    assert mails(app) == [(EMAIL, "A verification method was added to your account")]


def test_a_step_up_asks_only_for_what_is_missing(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.signs_in()
    sid = browser.signed_in().sid
    browser.wants(CPMS)
    assert browser.heading() == "One more proof, please"
    assert "CPMS asks for one more proof that it is you. You signed in 1 minute ago." in browser.words()
    assert "You stay signed in" in browser.words()
    browser.chooses()
    browser.gives_code()
    assert browser.path == "/account/details?x=1"
    assert (browser.signed_in().sid, browser.signed_in().acr) == (sid, MFA)


def test_force_asks_for_everything_anew(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.signs_in(CPMS)
    browser.wants(Wanted(MFA, force=True))
    assert browser.heading() == "Sign in"
    browser.gives_password()
    assert browser.heading() == "Choose your verification method"


def test_a_two_factor_session_never_becomes_fresh_by_a_password_alone(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.signs_in(CPMS)
    browser.wants(Wanted(SFA, force=True))
    browser.gives_password()
    assert browser.heading() == "Choose your verification method"


def test_somebody_else_in_the_same_browser_gets_an_own_session(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    other = person(app, "nils.varga@hospital.example", OTHER_PHONE)
    browser.signs_in(CPMS)
    browser.wants(Wanted(SFA, force=True))
    browser.gives_password("nils.varga@hospital.example")
    assert browser.signed_in().account.uid == other
    assert browser.signed_in().acr == SFA


def test_nothing_is_asked_when_the_session_suffices(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.signs_in(CPMS)
    browser.wants(CPMS)
    assert browser.path == "/account/details?x=1"


def test_who_always_wants_two_factors_is_asked_for_two(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE, always_mfa=True)
    browser.open("/account")
    browser.gives_password()
    assert browser.heading() == "Choose your verification method"


def test_each_number_is_a_choice_of_its_own(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE, OTHER_PHONE)
    browser.wants(CPMS)
    browser.gives_password()
    assert "You need only one of these" in browser.words()
    second = browser.page.text.split('value="sms:')[1].split('"')[0]
    browser.chooses(f"sms:{second}")
    assert texts(app)[0][0] == OTHER_PHONE
    browser.gives_code()
    browser.open("/logout")
    browser.submit()
    browser.wants(CPMS)
    browser.gives_password()
    assert "You used this last time" in browser.words()


def test_a_method_that_is_not_offered_is_refused(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    browser.gives_password()
    assert browser.chooses("totp").status_code == 404
    assert texts(app) == []


def test_an_application_that_accepts_other_methods_only_says_so(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(Wanted(MFA, application="CPMS", methods=["security_key"], cancel_to="/support"))
    browser.gives_password()
    assert browser.heading() == "You have no method that fits"
    browser.open(browser.path.replace("/verify", "/cancel"))
    assert browser.path == "/support"


def test_giving_up_leads_back_and_ends_the_attempt(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    login = browser.path
    assert 'href="/login/cancel?t=' in browser.page.text
    browser.open(login.replace("/login", "/login/cancel"))
    assert browser.path == "/support"
    assert browser.open(login).request.path == "/support"


def test_lost_phone_shows_what_is_possible(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(CPMS)
    browser.gives_password()
    browser.open(browser.path.replace("/verify", "/verify/lost"))
    assert browser.heading() == "I lost my phone"
    assert "I have another method" not in browser.words()


def test_the_links_carry_the_way_back(app: Flask, browser: Browser) -> None:
    browser.wants(CPMS)
    assert 'href="/register?next=/account/details?x%3D1"' in browser.page.text
    assert 'href="/password/forgot"' in browser.page.text


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"])
def test_nobody_is_led_to_another_place(app: Flask, browser: Browser, elsewhere: str) -> None:
    person(app)
    browser.wants(Wanted(return_to=elsewhere, cancel_to=elsewhere))
    browser.gives_password()
    assert browser.path == "/account"
    browser.open("/logout")
    browser.submit()
    browser.open(f"/login?next={elsewhere}")
    browser.gives_password()
    assert browser.path == "/account"


def test_signing_out_asks_ends_the_session_and_says_so(app: Flask, browser: Browser) -> None:
    person(app)
    browser.signs_in()
    browser.open("/logout")
    assert browser.heading() == "Do you want to log out?"
    assert browser.signed_in()
    browser.submit()
    assert browser.heading() == "You are signed out"
    assert not browser.signed_in()
    assert "Sign in again" in browser.words()


def test_every_page_keeps_what_was_typed_but_the_password(app: Flask, browser: Browser) -> None:
    browser.open("/login")
    browser.submit(identifier="mira.osten@", password="x")
    assert browser.page.status_code == 400
    assert "Enter an e-mail address like name@hospital.example" in browser.words()
    assert 'value="mira.osten@"' in browser.page.text
    browser.submit(identifier=EMAIL, password="")
    assert "Enter your password" in browser.words()
    browser.submit(identifier=EMAIL, password="something-else")
    assert WRONG in browser.words()
    assert "something-else" not in browser.page.text
    assert f'value="{EMAIL}"' in browser.page.text
    assert "<title>Error: Sign in" in browser.page.text


def test_the_session_cookie_changes_at_every_change_of_privilege(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    browser.client.set_cookie("ern_session", "fixed-by-somebody")
    browser.signs_in()
    first = browser.client.get_cookie("ern_session").value
    assert first != "fixed-by-somebody"
    browser.wants(CPMS)
    browser.chooses()
    browser.gives_code()
    assert browser.client.get_cookie("ern_session").value != first


def test_the_password_is_asked_again_when_it_is_given_to_nobody(app: Flask, browser: Browser) -> None:
    person(app)
    browser.open("/login")
    browser.gives_password(password=PASSWORD.upper())
    assert not browser.signed_in()


def with_a_sheet(browser: Browser) -> str:
    """Sign in with a text message, make recovery codes and return one that is left."""
    browser.signs_in(CPMS)
    browser.open("/account/recovery-codes")
    browser.submit()
    codes = re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", browser.page.text)
    browser.submit(code=codes[0])
    return codes[1]


def test_a_method_does_not_stand_in_for_another_that_tokens_name_alike(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    code = with_a_sheet(browser)
    browser.client.delete_cookie("ern_session")
    browser.wants(Wanted(MFA, methods=["recovery_code"]))
    browser.gives_password()
    browser.chooses("recovery_code")
    browser.gives_code(code)
    assert browser.signed_in().amr == ["pwd", "otp", "mfa"]
    browser.wants(Wanted(MFA, methods=["recovery_code"]))
    assert browser.path == "/account"
    browser.wants(Wanted(MFA, methods=["totp"]))  # RFC 8176 calls both "otp"
    assert browser.path.startswith("/login/verify")


def test_where_a_fresh_factor_counts_it_is_the_last_one_that_has_to_be_accepted(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE)
    with_a_sheet(browser)
    browser.wants(Wanted(MFA, force=True, methods=["sms"]))
    browser.gives_password()
    browser.chooses()
    browser.gives_code()
    assert browser.signed_in().methods[-1] == "sms"
    browser.wants(Wanted(MFA, methods=["recovery_code"]))
    assert browser.path == "/account"
    browser.wants(Wanted(MFA, within=600, methods=["recovery_code"]))
    assert browser.path.startswith("/login/verify")


def test_a_found_session_gets_no_first_factor_without_the_password(app: Flask, browser: Browser) -> None:
    person(app)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.signs_in()
        clock.shift(timedelta(minutes=11))
        browser.wants(CPMS)
        assert browser.heading() == "Sign in"
        browser.open(browser.path.replace("/login?", "/login/verify/add?"))
        assert browser.heading() == "Sign in"
        browser.gives_password()
        assert browser.heading() == "Add a second factor"


@pytest.mark.parametrize(
    "change", [{"state": AccountState.FROZEN}, {"password_changed_at": LATER + timedelta(minutes=1)}]
)
def test_a_password_that_no_longer_holds_leads_nowhere(app: Flask, browser: Browser, change: dict) -> None:
    person(app, EMAIL, PHONE)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.wants(CPMS)
        browser.gives_password()
        clock.shift(timedelta(minutes=2))
        with app.app_context(), transaction():
            db.session.execute(update(Account).values(**change))
        browser.chooses()
        assert browser.heading() == "Sign in"
        assert texts(app) == []
