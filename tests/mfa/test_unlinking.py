"""An app that gives an account up tells the server; the device then proves nothing, and makes no room for another."""

import re
from collections import Counter

import pytest
from flask import Flask

from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.levels import MFA
from idp.mfa.models import PushSubscription
from idp.signin.attempt import Wanted
from tests.mfa.mobile import DEVICES, devices, has_the_app, link, new_app, number, pairs
from tests.signin.browser import EMAIL, PHONE, Browser, mails, person
from tests.support.companion_app import CompanionApp, Refused

SUBJECT = "Your account was removed from a mobile device"
NAME = "Pixel of Mira"


@pytest.fixture
def phone(app: Flask) -> CompanionApp:
    """The app of a person who has nothing else."""
    person(app)
    return has_the_app(app, name=NAME)


def refused(call) -> tuple[int, str]:
    with pytest.raises(Refused) as told:
        call()
    return told.value.status, told.value.error


def at_the_password(app: Flask) -> Browser:
    browser = Browser(app)
    browser.wants(Wanted(MFA))
    browser.gives_password()
    return browser


def test_the_device_proves_nothing_any_more_and_its_owner_is_told(app: Flask, phone: CompanionApp) -> None:
    asking = at_the_password(app)
    asking.chooses("app_pin")
    waiting = phone.requests()[0]
    told = phone.unlinks()
    assert (told["device"], told["status"]) == (phone.device, "suspended")
    assert refused(lambda: phone.approves(number(asking), request=waiting)) == (403, "device_suspended")
    assert devices(app) == [(NAME, 0, True)]
    assert [subject for to, subject in mails(app) if to == EMAIL].count(SUBJECT) == 1
    with app.app_context():
        assert db.session.query(PushSubscription).count() == 0
        [event] = db.session.query(AuditEvent).filter_by(act="mfa.device.unlink")
        assert event.after["hint"] == NAME


def test_told_twice_it_happens_once(app: Flask, phone: CompanionApp) -> None:
    phone.unlinks()
    assert refused(phone.unlinks) == (403, "device_suspended")
    assert Counter(subject for _, subject in mails(app))[SUBJECT] == 1


def test_it_makes_no_room_for_a_first_factor_that_the_password_could_add(app: Flask, phone: CompanionApp) -> None:
    """Else an open phone in other hands and a stolen password were two factors."""
    phone.unlinks()
    browser = at_the_password(app)
    assert browser.path.startswith("/login/verify?")
    assert browser.heading() == "You have no method that fits"
    browser.open(browser.path.replace("/login/verify", "/login/verify/add") + "&method=sms")
    assert not browser.path.startswith("/login/verify/add")
    browser.open("/login/verify/lost?" + browser.path.partition("?")[2])
    assert browser.heading() == "I lost my phone", "PANIC is the way out"


def test_it_stands_in_my_account_as_removed_in_the_app_until_it_is_removed_there(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    browser = Browser(app)
    browser.enters(MFA)
    phone = pairs(browser, new_app(app), NAME)
    phone.unlinks()
    browser.open(DEVICES)
    assert "Removed in the app" in browser.words()
    browser.open("/account/security-events")
    assert f"The account was removed in the app on {NAME}." in browser.words()
    fresh = at_the_password(app)
    assert 'value="app_pin"' not in fresh.page.text and 'value="sms"' in fresh.page.text
    browser.open(DEVICES)
    removing = re.search(rf'href="({DEVICES}/\d+/remove)"', browser.page.text)
    assert removing
    browser.open(removing[1])
    browser.submit()
    assert devices(app) == []
    assert refused(phone.refreshes) == (401, "device_unknown")


def test_a_device_that_waits_for_its_browser_is_not_unlinked(app: Flask) -> None:
    person(app)
    browser = Browser(app)
    browser.enters()
    browser.open(DEVICES)
    browser.submit(device_name=NAME)
    phone = new_app(app)
    phone.pairs(link(browser, "pair"))
    assert refused(phone.unlinks) == (403, "device_waiting")
