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


def test_without_script_a_newcomer_gets_from_no_account_to_a_patient(
    system: System, engine: Engine, findings: Findings
) -> None:
    ada = newcomer(system, engine, findings, "plain")
    story.creates_an_account(ada)
    story.adds_a_second_factor(ada)
    story.asks_for_access(ada)
    story.is_told(ada)
    story.enters_and_enrols(ada)
    ada.leaves()
    ada.browser = ada.browser.anew()
    ada.opens(f"{system.login}/account")
    ada.presses("Sign in", identifier=ada.email, password="not my password")
    assert ada.page.errors == ["E-mail address, identifier or password is not right."]
    ada.proves_who_it_is()
    assert ada.page.path == "/account"
