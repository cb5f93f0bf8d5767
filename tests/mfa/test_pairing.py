"""Adding the mobile app: one QR code, one app, one confirmation in the browser that asked."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from idp.core.db import db
from idp.core.levels import MFA
from idp.mfa.models import Authenticator, Challenge
from idp.signin.attempt import Wanted
from tests.accounts.browser import mails as mailed
from tests.mfa.mobile import DEVICES, devices, has_the_app, link, new_app, pairs
from tests.signin.browser import EMAIL, PHONE, Browser, mails, person
from tests.support.companion_app import Refused, scanned

LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def begins(app: Flask, browser: Browser) -> str:
    """Sign in, ask for a code, and read it."""
    person(app)
    browser.enters()
    browser.open(DEVICES)
    browser.submit(device_name="Pixel of Mira")
    return scanned(browser.page.text)


def test_a_device_is_added_by_its_qr_code_and_told_by_mail(app: Flask, browser: Browser) -> None:
    read = begins(app, browser)
    assert read == link(browser, "pair")
    assert browser.heading() == "Scan this code with your phone"
    phone = new_app(app)
    told = phone.pairs(read)
    assert (told["name"], told["pin_digits"]) == ("Pixel of Mira", 4)
    assert told["account"]["name"] == "Mira Osten"
    assert devices(app) == []
    assert phone.refreshes()["status"] == "waiting"
    browser.open(browser.path)
    assert browser.heading() == "Add this device?"
    assert "Chrome on Android" in browser.words()
    browser.submit(state="approved")
    assert "Pixel of Mira is added." in browser.words()
    assert phone.refreshes()["status"] == "active"
    assert devices(app) == [("Pixel of Mira", 0, False)]
    assert browser.signed_in().acr == MFA
    assert mails(app) == [(EMAIL, "A verification method was added to your account")]
    assert "ERN Login Mobile App (Pixel of Mira) can be used from now on" in mailed(app)[-1]["text"]


def test_the_button_works_without_script_and_never_adds_what_was_not_shown(app: Flask, browser: Browser) -> None:
    read = begins(app, browser)
    browser.submit(state="open")
    assert "Your phone has not answered yet" in browser.words()
    new_app(app).pairs(read)
    browser.submit(state="open")
    assert browser.heading() == "Add this device?"
    assert devices(app) == []
    browser.submit(state="approved")
    assert len(devices(app)) == 1


def test_the_page_hears_when_an_app_has_read_the_code(app: Flask, browser: Browser) -> None:
    read = begins(app, browser)
    state = browser.client.get("/account/devices/state").get_json()
    assert state["state"] == "waiting"
    assert state["left"].startswith("Time left: ")
    new_app(app).pairs(read)
    assert browser.client.get("/account/devices/state").get_json() == {"state": "go"}
    assert app.test_client().get("/account/devices/state").get_json() == {"state": "go"}


def test_the_first_factor_on_the_way_in_can_be_the_app(app: Flask, browser: Browser) -> None:
    person(app)
    browser.wants(Wanted(MFA, "CPMS", return_to="/account/details"))
    browser.gives_password()
    browser.open(f"{browser.path}&method=app_pin")
    browser.submit(device_name="Pixel of Mira")
    waits = browser.page.text.split('data-waiting="')[1].split('"')[0]
    assert browser.client.get(waits).get_json()["state"] == "waiting"
    new_app(app).pairs(scanned(browser.page.text))
    assert browser.client.get(waits).get_json() == {"state": "go"}
    browser.open(browser.path)
    browser.submit(state="approved")
    assert browser.path == "/account/details"
    assert browser.signed_in().acr == MFA


def test_an_administrator_needs_six_digits(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE, is_administrator=True)
    browser.enters(MFA)
    phone = pairs(browser, new_app(app, pin="830519"))
    assert phone.refreshes()["pin_digits"] == 6


def test_a_code_is_read_once(app: Flask, browser: Browser) -> None:
    read = begins(app, browser)
    new_app(app).pairs(read)
    with pytest.raises(Refused) as refused:
        new_app(app).pairs(read)
    assert (refused.value.status, refused.value.error) == (410, "pairing_over")


def test_many_apps_at_once_become_one(each_app: Flask) -> None:
    browser = Browser(each_app)
    read = begins(each_app, browser)
    phones = [new_app(each_app) for _ in range(24)]

    def outcome(phone) -> str:
        try:
            phone.pairs(read)
        except Refused as refused:
            return refused.error
        return "paired"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(outcome, phones))
    assert told.count("paired") == 1
    assert set(told) == {"paired", "pairing_over"}


def test_a_code_is_good_for_five_minutes(app: Flask, browser: Browser) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        read = begins(app, browser)
        clock.shift(timedelta(seconds=301))
        with pytest.raises(Refused, match="pairing_over"):
            new_app(app).pairs(read)
        browser.submit(state="open")
        assert "This code is no longer valid" in browser.words()


def test_a_wrong_secret_pairs_nothing(app: Flask, browser: Browser) -> None:
    read = begins(app, browser)
    with pytest.raises(Refused, match="pairing_over"):
        new_app(app).pairs(read[:-22] + "A" * 22)
    with pytest.raises(Refused, match="pairing_over"):
        new_app(app).pairs(f"{read.partition('#')[0]}#pair={'A' * 22}.{'A' * 22}")
    new_app(app).pairs(read)


def test_only_the_browser_that_asked_can_confirm(app: Flask, browser: Browser) -> None:
    read = begins(app, browser)
    new_app(app).pairs(read)
    other = Browser(app)
    other.enters()
    other.open("/account/devices/confirm")
    assert other.path == DEVICES
    assert devices(app) == []


def test_what_nobody_confirms_is_forgotten(app: Flask, browser: Browser) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        read = begins(app, browser)
        phone = new_app(app)
        phone.pairs(read)
        clock.shift(timedelta(seconds=301))
        with pytest.raises(Refused, match="device_unknown"):
            phone.refreshes()
        browser.submit(state="approved")
        assert devices(app) == []


def test_the_same_app_is_not_added_twice(app: Flask, browser: Browser) -> None:
    person(app)
    browser.enters()
    phone = pairs(browser, new_app(app))
    browser.open(DEVICES)
    browser.submit(device_name="Again")
    with pytest.raises(Refused, match="key_known"):
        phone.pairs(scanned(browser.page.text))


def test_devices_are_renamed_and_removed(app: Flask, browser: Browser) -> None:
    person(app)
    browser.enters()
    phone = pairs(browser, new_app(app))
    other = pairs(browser, new_app(app), "Tablet")
    browser.open(f"{DEVICES}/1/rename")
    browser.submit(device_name="Ward phone")
    assert phone.refreshes()["name"] == "Ward phone"
    browser.open(f"{DEVICES}/1/remove")
    browser.submit()
    assert "Ward phone is removed" in browser.words()
    with pytest.raises(Refused, match="device_unknown"):
        phone.refreshes()
    assert other.refreshes()["status"] == "active"


def test_other_peoples_devices_are_not_there(app: Flask, browser: Browser) -> None:
    person(app, "other@hospital.example", PHONE)
    person(app)
    has_the_app(app)
    other = Browser(app)
    other.enters(MFA, "other@hospital.example")
    with app.app_context():
        number = db.session.scalars(select(Authenticator.id).where(Authenticator.kind == "app_pin")).one()
    for act in ("rename", "remove"):
        assert other.open(f"{DEVICES}/{number}/{act}").status_code == 404


def test_a_name_is_needed(app: Flask, browser: Browser) -> None:
    person(app)
    browser.enters()
    browser.open(DEVICES)
    browser.submit(device_name=" ")
    assert "Give the device a name" in browser.words()


def test_no_secret_of_a_pairing_stands_in_a_row(app: Flask, browser: Browser) -> None:
    read = begins(app, browser)
    told = new_app(app).pairs(read)
    with app.app_context():
        [challenge] = db.session.scalars(select(Challenge))
        stored = str([getattr(challenge, column.name) for column in Challenge.__table__.columns])
    assert read.rpartition(".")[2] not in stored
    assert told["seed"] not in stored
