"""A clinician who owns one phone and no computer: pages and app in two tabs of one browser, from no account to CPMS."""

import pytest
from playwright.sync_api import Browser as Engine
from playwright.sync_api import expect

from tests.browser.app_people import PIN, Phone
from tests.browser.chromium import TELEPHONE, Chromium, Findings
from tests.support import people
from tests.support.people import Person
from tests.support.servers.system import System

NUMBERS = {"en": "73", "fr": "74"}


@pytest.fixture
def lina(system: System, engine: Engine, findings: Findings) -> Person:
    """She has no account yet; the number is never used."""
    person = Person(system, "Lina", "Ferran", "lina@hospital.example", "+491713920073")
    person.browser = Chromium(engine, findings, size=TELEPHONE)
    return person


def test_the_phone_that_shows_the_pages_is_the_second_factor_too(lina: Person) -> None:
    lina.registers()
    phone = pairs_on_the_same_phone(lina)
    lina.asks_for_access()
    people.demo(lina.system, "coordinator.rnd").approves(lina)
    lina.opens(f"{lina.system.login}/account")
    lina.leaves()
    signs_in_by_pin(lina, phone)
    lina.enrols_patient("Bluebird")
    assert lina.page.heading == "Bluebird"
    assert phone.troubles == []


def pairs_on_the_same_phone(lina: Person) -> Phone:
    """The link beside the QR code opens the app in a second tab; the first one hears of it and asks."""
    chromium: Chromium = lina.browser
    lina.follows("ERN Login Mobile App")
    lina.presses("Show me the QR code", device_name="My phone")
    with chromium.context.expect_page() as opened:
        chromium.window.get_by_role("link", name="Open the app on this phone").click()
    phone = Phone(chromium.context, lina.system.login, opened.value)
    phone.sees("Add an account")
    phone.presses("Go on")
    phone.sees("Choose a PIN")
    phone.chooses_a_pin()
    phone.sees("Go on in your browser")
    expect(chromium.window.get_by_role("heading", level=1)).to_have_text("Add this device?")
    chromium.reads()
    lina.presses("Add this device")
    phone.sees("Account added")
    phone.presses("Done")
    phone.sees("Your accounts")
    return phone


def signs_in_by_pin(lina: Person, phone: Phone) -> None:
    """The number on one tab is typed in the other; the first goes on by itself."""
    chromium: Chromium = lina.browser
    lina.opens(lina.system.cpms)
    lina.follows("Login via ERN Login")
    lina.answers_one_question()
    lina.presses("ERN Login Mobile App PIN Code")
    number = chromium.window.locator("p.num").inner_text().strip()
    phone.sees("Is this you?")
    phone.says("CPMS")
    phone.taps(number + PIN)
    phone.presses("Confirm")
    phone.sees("Confirmed")
    expect(chromium.window).to_have_url(f"{lina.system.cpms}/dashboard")
    chromium.reads()
