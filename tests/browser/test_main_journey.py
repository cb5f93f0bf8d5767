"""The main journey by hand: real clicks in Chromium through the running system; every page on the way is looked at."""

import pytest
from playwright.sync_api import Browser as Engine

from tests.browser.chromium import Chromium, Findings
from tests.journeys import test_newcomer_to_panel as story
from tests.support import people
from tests.support.people import Person
from tests.support.servers.system import System

NUMBERS = {"en": "70", "fr": "71", "plain": "72"}


def newcomer(system: System, engine: Engine, findings: Findings, kind: str) -> Person:
    """A clinician without an account, at Chromium; `plain` has no script."""
    language = kind if kind != "plain" else "en"
    story.speaks(language)
    email = f"chris.{kind}@hospital.example"
    person = Person(system, "Chris", "Ferran", email, f"+4917139200{NUMBERS[kind]}", language)
    person.browser = Chromium(engine, findings, language, script=kind != "plain")
    return person


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_newcomer_gets_to_a_closed_panel_and_every_page_is_accessible(
    system: System, engine: Engine, findings: Findings, language: str
) -> None:
    ada = newcomer(system, engine, findings, language)
    story.creates_an_account(ada)
    story.adds_a_second_factor(ada)
    story.asks_for_access(ada)
    story.is_told(ada)
    story.enters_and_enrols(ada)
    mira = people.demo(system, "hp.munich")
    mira.enters_cpms()
    number = story.opens_a_panel(ada, mira)
    story.contributes_and_signs(ada, mira, number)
    ada.closes(number)
    assert ada.sees("Closed")
    ada.leaves()
    assert ada.page.address.startswith(system.cpms)
    assert len(findings.looked_at) >= 23, "the pages on the way were looked at"


def test_registration_sign_in_and_the_wizard_work_without_script(
    system: System, engine: Engine, findings: Findings
) -> None:
    ada = newcomer(system, engine, findings, "plain")
    story.creates_an_account(ada)
    story.adds_a_second_factor(ada)
    story.asks_for_access(ada)
    ada.browser = ada.browser.anew()
    ada.opens(f"{system.login}/account")
    ada.presses("Sign in", identifier=ada.email, password="not my password")
    assert ada.page.errors == ["E-mail address, identifier or password is not right."]
    ada.proves_who_it_is()
    assert ada.page.path == "/account"


def test_signing_in_needs_no_mouse(system: System, engine: Engine, findings: Findings) -> None:
    hp = people.demo(system, "hp.rnd")
    chromium = Chromium(engine, findings)
    chromium.open(system.cpms)
    keys = Keys(chromium)
    keys.goes_to("Login via ERN Login")
    keys.enters()
    keys.goes_to("E-mail address or identifier")
    keys.type(hp.email)
    keys.press("Tab")
    keys.type("not my password")
    keys.enters()
    assert keys.is_at("error-summary"), "the focus is on the summary of the errors"
    keys.goes_to("Password")
    keys.type(hp.password)
    hp.used_codes = len(hp.post.codes(hp.phone))
    keys.enters()
    keys.goes_to("Mobile Phone + SMS")
    keys.enters()
    keys.goes_to("Challenge code")
    keys.type(hp.code())
    keys.enters()
    assert chromium.window.url == f"{system.cpms}/dashboard"
    keys.goes_to(hp.name)
    keys.press("Enter")
    keys.goes_to("Log out")
    keys.enters()
    assert chromium.window.url.startswith(f"{system.cpms}/?state=")


class Keys:
    """Hands on a keyboard."""

    MOST_TABS = 40
    FOCUSED = """() => { const e = document.activeElement, labels = [...(e.labels || [])].map(l => l.innerText);
      return [e.id, e === document.body ? '' : labels.join(' ') || e.innerText, getComputedStyle(e).outlineStyle] }"""

    def __init__(self, chromium: Chromium) -> None:
        self.window = chromium.window

    def press(self, key: str) -> None:
        self.window.keyboard.press(key)

    def enters(self) -> None:
        """Press Enter and wait for the page behind it."""
        with self.window.expect_navigation():
            self.press("Enter")

    def type(self, text: str) -> None:
        self.window.keyboard.type(text)

    def goes_to(self, words: str) -> None:
        """Press Tab until the focus is where these words are, and see that it shows."""
        for _ in range(self.MOST_TABS):
            _, text, outline = self.window.evaluate(self.FOCUSED)
            if words in text:
                assert outline != "none", f"no visible focus at {words}"
                return
            self.window.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {words} on {self.window.url}")

    def is_at(self, identifier: str) -> bool:
        """Say whether the focus is on an element."""
        return bool(self.window.evaluate(self.FOCUSED)[0] == identifier)
