"""Call me instead: the same code, the same limits, for people who cannot read a text message."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.levels import MFA
from idp.core.outbox import Channel, Message, content_of
from idp.signin.attempt import Wanted
from tests.signin.browser import EMAIL, PHONE, Browser, person
from tests.support.identity_server import reconfigured

CPMS = Wanted(MFA, application="CPMS")


@pytest.fixture
def calling(app: Flask) -> Flask:
    return reconfigured(app, ERN_SMS__VOICE_CALLS="true")


def spoken(app: Flask) -> list[tuple[str, str, str, str]]:
    """Every call: number, language, what is said, code."""
    with app.app_context():
        found = db.session.query(Message).filter_by(channel=Channel.VOICE).order_by(Message.id)
        return [(one.recipient, one.language, content_of(one).text, content_of(one).code) for one in found]


def asked(browser: Browser) -> None:
    browser.wants(CPMS)
    browser.gives_password()
    browser.chooses()


def test_a_call_brings_the_code_that_signs_in(calling: Flask) -> None:
    person(calling, EMAIL, PHONE)
    browser = Browser(calling)
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        asked(browser)
        assert "Call me instead" in browser.page.text
        browser.submit(again="call")
        assert "You can ask for" in browser.words() or "again in" in browser.words(), "a call counts as a text does"
        assert spoken(calling) == []
        clock.shift(timedelta(minutes=1))
        browser.submit(again="call")
        assert browser.heading() == "Enter the code from the call"
        assert "We are calling +49 ••• ••• 017" in browser.words()
        [(number, language, said, code)] = spoken(calling)
        assert (number, language) == (PHONE, "en")
        assert said == "This is ERN Login. Tell nobody this code. Your code for CPMS is:"
        browser.gives_code(code)
    assert browser.signed_in().acr == MFA
    with calling.app_context():
        trail = [one.after for one in db.session.query(AuditEvent).filter_by(act="mfa.challenge.ask")]
    assert [one.get("by") for one in trail] == [None, "call"]


def test_a_call_speaks_the_language_of_the_page(calling: Flask) -> None:
    person(calling, EMAIL, PHONE)
    browser = Browser(calling)
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        asked(browser)
        browser.open(f"{browser.path}&lang=fr")
        clock.shift(timedelta(minutes=1))
        browser.submit(again="call")
        browser.open("/account/phones")
    assert [(language, said[:16]) for _, language, said, _ in spoken(calling)] == [("fr", "Ici ERN Login. N")]


def test_a_new_number_can_be_confirmed_by_a_call(calling: Flask) -> None:
    person(calling)
    browser = Browser(calling)
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        browser.signs_in()
        browser.open("/account/phones")
        browser.submit(phone_number=PHONE)
        clock.shift(timedelta(minutes=1))
        browser.submit(again="call")
        [(number, _, _, code)] = spoken(calling)
        browser.submit(code=code)
    assert number == PHONE
    assert browser.path == "/account/phones"
    assert "Number added" in browser.words()


def test_without_the_operators_wish_nobody_is_called(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    browser = Browser(app)
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        asked(browser)
        assert "Call me instead" not in browser.page.text
        clock.shift(timedelta(minutes=1))
        browser.submit(again="call")
    assert spoken(app) == []
    assert browser.heading() == "Enter the code from the text message"
