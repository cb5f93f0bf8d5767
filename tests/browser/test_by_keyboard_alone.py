"""A clinician who hears the pages and never touches a mouse: from CPMS's door to a patient, by Tab, Enter and Space."""

import re

import pytest
from playwright.sync_api import Browser as Engine
from playwright.sync_api import expect

from tests.browser.chromium import Chromium, Findings
from tests.browser.keyboard import Listener
from tests.support import people
from tests.support.people import Person
from tests.support.servers.system import System

SIGN_IN = """
- main:
  - heading "Sign in" [level=1]
  - paragraph: You are signing in to CPMS - Clinical Patient Management System
  - text: E-mail address or identifier
  - textbox "E-mail address or identifier"
  - text: Password
  - textbox "Password"
  - button "Sign in"
  - link "Lost your password?"
"""


@pytest.fixture
def hp(system: System) -> Person:
    return people.demo(system, "hp.rnd")


@pytest.fixture
def ears(engine: Engine, findings: Findings) -> Listener:
    return Listener(Chromium(engine, findings))


def test_who_hears_the_pages_gets_from_the_door_to_a_patient_without_a_mouse(hp: Person, ears: Listener) -> None:
    ears.chromium.open(hp.system.cpms)
    ears.goes_to("Login via ERN Login", "link")
    ears.enters()
    gives_the_password(hp, ears)
    chooses_the_text_message(hp, ears)
    gives_the_code(hp, ears)
    enrols_a_patient(hp, ears)
    leaves(hp, ears)


def gives_the_password(hp: Person, ears: Listener) -> None:
    """The errors are said at once, with the focus on them, and nothing tells which of the two was wrong."""
    ears.arrives_at("Sign in - ERN Login", "Sign in")
    expect(ears.window.get_by_role("main")).to_match_aria_snapshot(SIGN_IN)
    stops = [(node.role, node.name) for node in ears.tabs_through()]
    assert stops[0] == ("link", "Skip to main content")
    inside = stops.index(("textbox", "E-mail address or identifier"))
    assert stops[inside + 1 : inside + 4] == [
        ("textbox", "Password"),
        ("button", "Sign in"),
        ("link", "Lost your password?"),
    ]
    ears.fills_in("E-mail address or identifier", hp.email)
    ears.fills_in("Password", "not my password")
    ears.enters()
    ears.arrives_at("Error: Sign in - ERN Login", "Sign in")
    problem = ears.window.get_by_role("alert")
    expect(problem).to_be_focused()
    expect(problem).to_contain_text("E-mail address, identifier or password is not right.")
    expect(ears.window.get_by_label("E-mail address or identifier")).to_have_value(hp.email)
    ears.fills_in("Password", hp.password)
    hp.used_codes = len(hp.post.codes(hp.phone))
    ears.enters()


def chooses_the_text_message(hp: Person, ears: Listener) -> None:
    ears.arrives_at("Choose your verification method - ERN Login", "Choose your verification method")
    ears.tabs_through()
    ears.goes_to("Mobile Phone + SMS", "button")
    ears.enters()


def gives_the_code(hp: Person, ears: Listener) -> None:
    """A wrong code is said in the summary and at the field, which says how many digits it wants too."""
    title = "Enter the code from the text message"
    ears.arrives_at(f"{title} - ERN Login", title)
    right = hp.code()
    ears.fills_in("Challenge code", f"{(int(right) + 1) % 10**6:06d}")
    ears.enters()
    ears.arrives_at(f"Error: {title} - ERN Login", title)
    problem = ears.window.get_by_role("alert")
    expect(problem).to_be_focused()
    ears.press("Tab")
    ears.press("Enter")
    field = ears.window.get_by_label("Challenge code")
    expect(field).to_be_focused()
    here = ears.focused()
    assert here and here.states["invalid"] == "true"
    assert "6 digits" in here.description and "not right" in here.description
    ears.tabs_through()
    ears.goes_to("Send a new code", "button")
    ears.press("Space")
    expect(ears.window.get_by_role("status")).to_contain_text("A new code is on its way.")
    ears.chromium.reads()
    ears.fills_in("Challenge code", hp.code())
    ears.enters()


def enrols_a_patient(hp: Person, ears: Listener) -> None:
    """CPMS: the list, the form with its lists and boxes, the patient's page."""
    expect(ears.window).to_have_url(f"{hp.system.cpms}/dashboard")
    ears.goes_to("Patients", "link")
    ears.enters()
    ears.goes_to("Enrol a patient", "link")
    ears.enters()
    ears.arrives_at("Enrol a patient - CPMS", "Enrol a patient")
    ears.tabs_through()
    ears.goes_to("Enrol the patient", "button")
    ears.enters()
    expect(ears.window).to_have_title(re.compile("^Error: "))
    expect(ears.window.get_by_role("alert")).to_be_focused()
    ears.fills_in("Nickname", "Heron")
    ears.chooses("Female")
    ears.fills_in("Year or date of birth", "1979")
    ears.fills_in("Rare disease", "Spinocerebellar ataxia type 3")
    ears.goes_to("to share these data for care", "checkbox")
    ears.press("Space")
    ears.goes_to("Enrol the patient", "button")
    ears.enters()
    ears.arrives_at("Patient Heron - CPMS", "Heron")


def leaves(hp: Person, ears: Listener) -> None:
    """The menu closes on Escape, and whoever was inside stands where it opens."""
    ears.window.keyboard.press("Home")
    ears.goes_to(hp.name)
    menu = ears.window.locator("details.pop").first
    ears.press("Enter")
    ears.goes_to("Log out", "button")
    ears.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()
    ears.press("Enter")
    ears.goes_to("Log out", "button")
    ears.enters()
    expect(ears.window).to_have_url(re.compile(re.escape(hp.system.cpms) + r"/\?state="))
