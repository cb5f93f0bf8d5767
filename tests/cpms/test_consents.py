"""Consents: given and withdrawn with date and person, and what panels no longer show without them."""

from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask

from cpms_client import consents, panel_lists, panels, patients
from cpms_client.errors import Conflict, NotAllowed, NotFound
from cpms_client.paging import Wanted
from cpms_client.policy import Act
from cpms_client.states import ConsentKind, ConsentState, Stage
from tests.support.cpms_builders import access, brought_to, panel_of, patient_of, person, seat


@pytest.fixture(autouse=True)
def in_app(app: Flask):
    with app.app_context():
        yield


def test_each_change_is_kept_with_its_date_and_person() -> None:
    hp = person(name="Lena Hartwig")
    with time_machine.travel(datetime(2026, 11, 6, 9, tzinfo=UTC), tick=False):
        pseudonym = patient_of(hp, ConsentKind.CARE).pseudonym
    with time_machine.travel(datetime(2026, 11, 8, 9, tzinfo=UTC), tick=False):
        consents.give(hp, pseudonym, ConsentKind.REGISTRY)
    sheet = consents.sheet(hp, pseudonym, "patient.consents")
    assert sheet.patient.registry_consent is ConsentState.GIVEN
    assert (sheet.patient.registry_at.day, sheet.patient.care_at.day, sheet.patient.research_at.day) == (8, 6, 6)
    newest = sheet.changes[0]
    assert (newest.kind, newest.state, newest.by_name) == (ConsentKind.REGISTRY, ConsentState.GIVEN, "Lena Hartwig")
    assert len(sheet.changes) == 4


@pytest.mark.parametrize("kind", ConsentKind)
def test_a_consent_can_be_withdrawn_once_and_given_again(kind: ConsentKind) -> None:
    hp = person()
    pseudonym = patient_of(hp, *ConsentKind).pseudonym
    consents.withdraw(hp, pseudonym, kind)
    with pytest.raises(Conflict) as twice:
        consents.withdraw(hp, pseudonym, kind)
    assert twice.value.key == "consent_unchanged"
    consents.give(hp, pseudonym, kind)
    assert getattr(patients.find(hp, pseudonym).patient, f"{kind.value}_consent") is ConsentState.GIVEN


def test_a_consent_never_given_cannot_be_withdrawn() -> None:
    hp = person()
    pseudonym = patient_of(hp, ConsentKind.CARE).pseudonym
    with pytest.raises(Conflict):
        consents.withdraw(hp, pseudonym, ConsentKind.RESEARCH)


def test_only_the_treating_hospital_changes_consents() -> None:
    hp, expert = person(), person(access(hcp="DE03"))
    patient = patient_of(hp)
    pseudonym, panel = patient.pseudonym, panel_of(hp, patient)
    with pytest.raises(NotFound):
        consents.withdraw(expert, pseudonym, ConsentKind.CARE)
    seat(hp, panel, expert)
    with pytest.raises(NotAllowed):
        consents.withdraw(expert, pseudonym, ConsentKind.CARE)


def test_without_consent_to_care_a_panel_hides_everything_and_can_only_end() -> None:
    hp, expert = person(), person(access(hcp="DE03"))
    patient = patient_of(hp)
    pseudonym, panel = patient.pseudonym, panel_of(hp, patient)
    seat(hp, panel, expert)
    number = brought_to(Stage.ASSESSMENT, hp, panel).number
    panels.contribute(expert, number, "Physiotherapy.", "key")
    consents.withdraw(hp, pseudonym, ConsentKind.CARE)
    for who in (hp, expert):
        page = panels.open_page(who, number, "panel.show")
        assert page.record.hidden
        assert page.contributions == ()
        assert page.acts <= {Act.SEE_PANEL, Act.CLOSE_PANEL}
        assert panel_lists.waiting(who) == []
        assert panel_lists.mine(who, Wanted(search="Bluebird")).total == 0
    with pytest.raises(Conflict) as refused:
        panels.contribute(expert, number, "More.", "another key")
    assert refused.value.key == "consent_withdrawn"
    with pytest.raises(Conflict):
        panel_of(hp, patients.find(hp, pseudonym).patient)
    panels.close(hp, number, "The patient took the consent back.")
    panels.archive(hp, number)


def test_a_consent_given_again_shows_the_panel_again() -> None:
    hp = person()
    patient = patient_of(hp)
    pseudonym, number = patient.pseudonym, panel_of(hp, patient).number
    consents.withdraw(hp, pseudonym, ConsentKind.CARE)
    consents.give(hp, pseudonym, ConsentKind.CARE)
    assert not panels.open_page(hp, number, "panel.show").record.hidden
