"""People with the mobile app: pair it by the page's QR code, and read what the pages show."""

import re
from html import unescape

from flask import Flask

from idp.accounts import people
from idp.core.db import db
from idp.mfa import challenges, enrolment
from idp.mfa.challenges import Asking
from idp.mfa.mobile_app import KIND
from idp.mfa.models import Authenticator, Purpose
from tests.signin.browser import EMAIL, Browser
from tests.support.companion_app import CompanionApp, over, scanned

PHONE_BROWSER = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36"
DEVICES = "/account/devices"


def new_app(app: Flask, **changed) -> CompanionApp:
    client = app.test_client()
    client.environ_base |= {"REMOTE_ADDR": "198.51.100.9", "HTTP_USER_AGENT": PHONE_BROWSER}
    return CompanionApp(over(client), **changed)


def pairs(browser: Browser, phone: CompanionApp, name: str = "Pixel of Mira") -> CompanionApp:
    """Add the app in My Account, from the QR code to the confirmation."""
    browser.open(DEVICES)
    browser.submit(device_name=name)
    phone.pairs(scanned(browser.page.text))
    browser.open(browser.path)
    browser.submit(state="approved")
    return phone


def has_the_app(app: Flask, identifier: str = EMAIL, name: str = "Pixel of Mira") -> CompanionApp:
    """Pair the first device of a person who has no factor yet, by the verbs that the pages call."""
    phone, binding = new_app(app), f"pairing of {identifier}"
    with app.test_request_context():
        account = people.by_address(identifier)
        begun = enrolment.begin(Asking(account, Purpose.ENROL, binding), KIND, {"device_name": name})
        shown = begun.content["page"]["link"]
    phone.pairs(shown)
    with app.test_request_context():
        enrolment.confirm(challenges.current(binding, Purpose.ENROL), {"state": "approved"}, first=True)
    return phone


def number(browser: Browser) -> str:
    """The two digits that the page shows."""
    found = re.search(r'<p class="num"[^>]*>(\d\d)</p>', browser.page.text)
    assert found, browser.words()
    return found[1]


def another(shown: str) -> str:
    return "11" if shown != "11" else "12"


def link(browser: Browser, kind: str = "login") -> str:
    """The link for a browser on the phone, the same as the QR code."""
    found = re.search(rf'href="([^"]+/app/#{kind}=[^"]+)"', browser.page.text)
    assert found, browser.words()
    return unescape(found[1])


def devices(app: Flask) -> list[tuple[str, int, bool]]:
    """Every device, oldest first: its name, the wrong answers in a row, whether it is suspended."""
    with app.app_context():
        found = db.session.query(Authenticator).filter_by(kind="app_pin").order_by(Authenticator.id)
        return [(one.name, one.failures, one.suspended_at is not None) for one in found]
