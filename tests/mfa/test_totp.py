"""Authenticator apps: in My Account, on the way in, and what their codes are worth."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import time_machine
import zxingcpp
from flask import Flask
from sqlalchemy import select

from idp.core.db import db
from idp.core.levels import MFA
from idp.mfa import qr
from idp.mfa.factor import Prompt
from idp.mfa.models import Authenticator, Challenge
from idp.signin.attempt import Wanted
from tests.mfa.holders import AuthenticatorApp
from tests.signin.browser import EMAIL, PHONE, Browser, mails, person, texts

LATER = datetime.now(UTC).replace(microsecond=0, second=0) + timedelta(hours=6)
CPMS = Wanted(MFA, application="CPMS", return_to="/account/details")
PAGE = "/account/authenticator-apps"


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def phone() -> AuthenticatorApp:
    return AuthenticatorApp()


def reads(phone: AuthenticatorApp, browser: Browser) -> str:
    """Take over the key that the page shows as text, as a person who cannot scan."""
    key = browser.page.text.split('<p class="mono">')[1].split("</p>")[0]
    phone.reads(Prompt(page={"key": key}, memo={}))
    return key


def adds(browser: Browser, phone: AuthenticatorApp, name: str = "Ward tablet") -> None:
    browser.open(PAGE)
    browser.submit(device_name=name)
    reads(phone, browser)
    browser.gives_code(phone.code())


def held(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        return [(one.kind, one.name) for one in db.session.scalars(select(Authenticator).order_by(Authenticator.id))]


def has_an_app(app: Flask, browser: Browser, phone: AuthenticatorApp) -> None:
    """Somebody with an authenticator app and nobody signed in."""
    person(app)
    browser.enters()
    adds(browser, phone)
    browser.open("/logout")
    browser.submit()


def test_an_app_is_added_by_a_code_and_told_by_mail(app: Flask, browser: Browser, phone: AuthenticatorApp) -> None:
    person(app)
    browser.enters()
    adds(browser, phone)
    assert "Ward tablet is added. From now on you can sign in with its codes." in browser.words()
    assert held(app) == [("totp", "Ward tablet")]
    assert mails(app) == [(EMAIL, "A verification method was added to your account")]
    assert (browser.signed_in().acr, browser.signed_in().amr) == (MFA, ["pwd", "otp", "mfa"])
    assert texts(app) == []


def test_a_camera_reads_the_same_key_as_a_person(app: Flask, browser: Browser, phone: AuthenticatorApp) -> None:
    person(app)
    browser.enters()
    browser.open(PAGE)
    browser.submit(device_name="Phone")
    uri = unescape(browser.page.text.split('href="otpauth:')[1].split('"')[0])
    seen = zxingcpp.read_barcode(drawn(browser.page.text)).text
    assert seen == f"otpauth:{uri}"
    asked = parse_qs(urlsplit(seen).query)
    assert asked["issuer"] == ["ERN Login"]
    assert asked["secret"] == [reads(phone, browser).replace(" ", "")]
    assert "ERN Login:mira.osten@hospital.example?" in unquote(seen)


def test_a_newcomer_chooses_the_app_on_the_way_in(app: Flask, browser: Browser, phone: AuthenticatorApp) -> None:
    person(app)
    browser.wants(CPMS)
    browser.gives_password()
    assert browser.heading() == "Add a second factor"
    assert "Mobile Phone + SMS" in browser.words()
    browser.open(f"{browser.path}&method=totp")
    browser.submit(device_name="")
    assert "Give the device a name" in browser.words()
    browser.submit(device_name="My phone")
    reads(phone, browser)
    browser.gives_code("000000" if phone.code() != "000000" else "000001")
    assert "This code is not right. You have 2 tries left." in browser.words()
    assert "Scan this code" in browser.heading()
    browser.gives_code(phone.code())
    assert browser.path == "/account/details"
    assert browser.signed_in().acr == MFA


def test_the_code_signs_in_and_counts_once(app: Flask, browser: Browser, phone: AuthenticatorApp) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        has_an_app(app, browser, phone)
        clock.shift(timedelta(minutes=5))
        browser.wants(CPMS)
        browser.gives_password()
        assert "Type the code that Ward tablet shows" in browser.words()
        browser.chooses("totp")
        browser.gives_code(phone.code())
        assert browser.signed_in().amr == ["pwd", "otp", "mfa"]
        other = Browser(app, "203.0.113.8")
        other.wants(CPMS)
        other.gives_password()
        other.chooses("totp")
        other.gives_code(phone.code())
        assert "This code was used already" in other.words()
        assert not other.signed_in()
        clock.shift(timedelta(seconds=30))
        other.gives_code(phone.code())
        assert other.signed_in()


@pytest.mark.parametrize("seconds", [-30, 30])
def test_one_step_of_skew_is_no_error(app: Flask, browser: Browser, phone: AuthenticatorApp, seconds: int) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        has_an_app(app, browser, phone)
        clock.shift(timedelta(minutes=5))
        browser.wants(CPMS)
        browser.gives_password()
        browser.chooses("totp")
        browser.gives_code(phone.code(seconds))
        assert browser.signed_in()


@pytest.mark.parametrize("seconds", [-290, -60, 60, 600])
def test_a_wrong_clock_is_told_and_lets_nobody_in(
    app: Flask, browser: Browser, phone: AuthenticatorApp, seconds: int
) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        has_an_app(app, browser, phone)
        clock.shift(timedelta(minutes=6))
        browser.wants(CPMS)
        browser.gives_password()
        browser.chooses("totp")
        browser.gives_code(phone.code(seconds))
        assert "The clock of your device seems to be wrong." in browser.words()
        assert "You have 2 tries left" in browser.words()
        assert not browser.signed_in()


def test_an_old_code_is_never_a_clock_that_is_wrong(app: Flask, browser: Browser, phone: AuthenticatorApp) -> None:
    """What somebody saw being typed proves nothing later."""
    with time_machine.travel(LATER, tick=False) as clock:
        has_an_app(app, browser, phone)
        clock.shift(timedelta(minutes=5))
        browser.wants(CPMS)
        browser.gives_password()
        browser.chooses("totp")
        browser.gives_code(phone.code(-300))
        assert "This code was used already" in browser.words()


def test_a_second_app_needs_another_name_and_a_proof(app: Flask, browser: Browser, phone: AuthenticatorApp) -> None:
    person(app, EMAIL, PHONE)
    browser.enters()
    browser.open(PAGE)
    browser.submit(device_name="Ward tablet")
    assert "You are about to change how you prove who you are." in browser.words()
    browser.chooses("sms")
    browser.gives_code()
    assert 'value="Ward tablet"' in browser.page.text
    browser.submit(device_name="Ward tablet")
    reads(phone, browser)
    browser.gives_code(phone.code())
    browser.open(PAGE)
    browser.submit(device_name="ward TABLET")
    assert "You have a device with this name already." in browser.words()
    assert held(app) == [("sms", "+49 ••• ••• 017"), ("totp", "Ward tablet")]


def test_an_app_is_removed_and_signs_in_no_more(app: Flask, browser: Browser, phone: AuthenticatorApp) -> None:
    person(app)
    browser.enters()
    adds(browser, phone, "<b>Tablet</b>")
    browser.open(f"{PAGE}/1/remove")
    assert browser.heading() == "Remove <b>Tablet</b>?"
    browser.submit()
    assert "is removed. Its codes no longer count." in browser.words()
    assert held(app) == []


def test_an_app_is_not_removed_on_the_page_of_numbers(app: Flask, browser: Browser, phone: AuthenticatorApp) -> None:
    person(app)
    browser.enters()
    adds(browser, phone)
    assert browser.open("/account/phones/1/remove").status_code == 404


def test_the_key_is_never_at_rest_in_plain(app: Flask, browser: Browser, phone: AuthenticatorApp) -> None:
    person(app)
    browser.enters()
    browser.open(PAGE)
    browser.submit(device_name="Phone")
    key = reads(phone, browser).replace(" ", "")
    with app.app_context():
        [challenge] = db.session.scalars(select(Challenge)).all()
        assert key.encode() not in challenge.sealed
        assert challenge.page["key"].replace(" ", "") == key
    browser.gives_code(phone.code())
    with app.app_context():
        [added] = db.session.scalars(select(Authenticator)).all()
        assert key.encode() not in added.sealed


def test_a_label_cannot_leave_its_place(app: Flask) -> None:
    assert "<script>" not in qr.svg("x", '"><script>')


def drawn(page: str) -> memoryview:
    """The page's QR code as a camera sees it: grey values, four to a module."""
    found = page.split('<svg class="qr"')[1].split("</svg>", maxsplit=1)[0]
    side = int(found.split('viewBox="0 0 ', 1)[1].split(maxsplit=1)[0]) * 4
    grey = bytearray(b"\xff" * side * side)
    for bar in re.finditer(r"M(\d+) (\d+)h(\d+)v1h-", found):
        x, y, length = (int(number) * 4 for number in bar.groups())
        for line in range(y, y + 4):
            grey[line * side + x : line * side + x + length] = bytes(length)
    return memoryview(bytes(grey)).cast("B", (side, side))


def test_an_administrator_proves_nothing_by_text_message_once_there_is_an_app(
    app: Flask, browser: Browser, phone: AuthenticatorApp
) -> None:
    person(app, EMAIL, PHONE, is_administrator=True)
    with time_machine.travel(LATER, tick=False) as clock:
        browser.wants(CPMS)
        browser.gives_password()
        assert "Mobile Phone + SMS" in browser.words(), "with nothing else there is no other way to add something else"
        browser.chooses("sms")
        browser.gives_code()
        adds(browser, phone)
        clock.shift(timedelta(minutes=5))
        browser.wants(Wanted(MFA, application="CPMS", force=True))
        browser.gives_password()
        assert "Ward tablet" in browser.words()
        assert "Mobile Phone + SMS" not in browser.words()
        assert browser.submit(method="sms").status_code == 404
