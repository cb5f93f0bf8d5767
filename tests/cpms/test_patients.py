"""Patients: enrolment under a pseudonym, changes, lists, codes, and who opened them."""

import json
from datetime import date
from enum import StrEnum
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from cpms_client import cli, coding, consents, openings, panel_people, patients, words
from cpms_client.db import db, transactional
from cpms_client.errors import Conflict, NotFound, Refusal
from cpms_client.models import Opening, Patient
from cpms_client.openings import Reason
from cpms_client.paging import Wanted
from cpms_client.policy import Act
from cpms_client.states import AgeKind, ConsentKind, ConsentState, LifeStatus, Sex
from tests.support.cpms_builders import access, data, panel_of, patient_of, person, seat

CDE = Path(__file__).parents[2] / "config" / "reference" / "cde.json"
CARE = frozenset({ConsentKind.CARE})


@pytest.fixture(autouse=True)
def in_app(app: Flask):
    with app.app_context():
        yield


def test_a_patient_gets_a_pseudonym_of_the_network_and_no_real_name() -> None:
    patient = patient_of(person())
    assert patient.pseudonym.startswith("RND-")
    assert [len(part) for part in patient.pseudonym.split("-")] == [3, 4, 4]
    assert not {"first_name", "last_name", "name", "address", "phone"} & set(Patient.__table__.columns.keys())


def test_a_pseudonym_is_made_from_any_networks_name() -> None:
    reconnet = person(access(ern="ReCONNET", hcp="IT08"))
    assert patient_of(reconnet).pseudonym.startswith("RECONNET-")
    assert patient_of(person(access(ern="Endo-ERN", hcp="NL05"))).pseudonym.startswith("ENDO-")


def test_nobody_is_enrolled_without_consent_to_care() -> None:
    hp = person()
    with pytest.raises(Refusal) as refused:
        patients.enrol(hp, hp.accesses[0], data(), frozenset({ConsentKind.REGISTRY}), "key")
    assert refused.value.key == "no_care_consent"
    assert db.session.scalar(select(func.count()).select_from(Patient)) == 0


def test_nobody_enrols_for_a_hospital_of_others() -> None:
    with pytest.raises(NotFound):
        patients.enrol(person(), access(hcp="DE03"), data(), CARE, "key")


def test_the_same_form_sent_twice_enrols_one_patient() -> None:
    hp = person()
    first, second = (patients.enrol(hp, hp.accesses[0], data(), CARE, "one key") for _ in range(2))
    assert first.pseudonym == second.pseudonym
    assert db.session.scalar(select(func.count()).select_from(Patient)) == 1


def test_a_change_on_an_outdated_form_is_refused_and_changes_nothing() -> None:
    hp = person()
    pseudonym = patient_of(hp).pseudonym
    patients.edit(hp, pseudonym, data(nickname="Larch"), 1)
    with pytest.raises(Conflict):
        patients.edit(hp, pseudonym, data(nickname="Harbour"), 1)
    assert patients.find(hp, pseudonym).patient.nickname == "Larch"


def test_the_hospitals_list_shows_its_patients_and_no_others() -> None:
    here, colleague, elsewhere = person(), person(), person(access(hcp="DE03"))
    mine, theirs, foreign = (patient_of(who).pseudonym for who in (here, colleague, elsewhere))
    assert {row.pseudonym for row in patients.of_my_hospital(here, Wanted()).rows} == {mine, theirs}
    assert [row.pseudonym for row in patients.mine(here, Wanted()).rows] == [mine]
    assert [row.pseudonym for row in patients.of_my_hospital(elsewhere, Wanted()).rows] == [foreign]


def test_lists_page_search_and_survive_odd_arguments() -> None:
    hp = person()
    for number in range(12):
        patient_of(hp, nickname=f"Bird {number}_%")
    second = patients.of_my_hospital(hp, Wanted(page=99, size=10))
    assert (second.number, second.last, len(second.rows)) == (2, 2, 2)
    assert patients.of_my_hospital(hp, Wanted(search="bird 3_%")).total == 1
    assert patients.of_my_hospital(hp, Wanted(search="%%")).total == 0
    assert Wanted.of("x", "17", " a\x00b ") == Wanted(1, 25, "ab")


def test_every_opening_is_in_the_log_with_the_access_that_allowed_it() -> None:
    hp, reader = person(name="Lena Hartwig"), person(access("Coordinator"), name="Jonas Feldkamp")
    pseudonym = patient_of(hp).pseudonym
    patients.open_record(reader, pseudonym, "patient.show")
    patient = patients.find(hp, pseudonym).patient
    last = openings.of_patient(patient.id, Wanted()).rows[0]
    assert (last.sub, last.name, last.hcp) == (reader.sub, "Jonas Feldkamp", "DE22")
    assert (last.role, last.act, last.why) == ("Coordinator", "see_patient", "patient.show")


def test_a_refused_opening_is_not_in_the_log() -> None:
    pseudonym = patient_of(person()).pseudonym
    stranger = person(access(hcp="DE03"))
    with pytest.raises(NotFound):
        patients.open_record(stranger, pseudonym, "patient.show")
    assert openings.of_sub(stranger.sub, Wanted()).total == 0


def test_a_change_that_fails_leaves_no_line_in_the_log() -> None:
    hp = person()
    patient = patient_of(hp)
    before = openings.of_sub(hp.sub, Wanted()).total
    with pytest.raises(Conflict):
        patients.edit(hp, patient.pseudonym, data(), 7)
    assert openings.of_sub(hp.sub, Wanted()).total == before


def test_the_log_cannot_be_changed_or_emptied() -> None:
    patient_of(person())

    @transactional
    def forge() -> None:
        db.session.scalars(select(Opening)).first().name = "Somebody else"

    @transactional
    def forget() -> None:
        db.session.delete(db.session.scalars(select(Opening)).first())

    for attempt in (forge, forget):
        with pytest.raises(RuntimeError, match="append-only"):
            attempt()


def test_a_coordinator_learns_what_a_person_opened_in_the_own_network_only() -> None:
    hp = person(name="Lena Hartwig")
    pseudonym = patient_of(hp).pseudonym
    here, elsewhere = person(access("Coordinator")), person(access("Coordinator", ern="ReCONNET", hcp="IT08"))
    found = openings.of_person(here, Wanted(search="lena"))
    assert {row[1] for row in found.rows} == {pseudonym}
    assert openings.of_person(elsewhere, Wanted(search="lena")).total == 0
    with pytest.raises(NotFound):
        openings.of_person(hp, Wanted())


def test_an_expert_sees_the_patient_from_joining_until_the_consent_is_withdrawn() -> None:
    hp, expert = person(), person(access(hcp="DE03"))
    patient = patient_of(hp)
    pseudonym, panel = patient.pseudonym, panel_of(hp, patient)
    seat(hp, panel, expert, joins=None)
    with pytest.raises(NotFound):
        patients.open_record(expert, pseudonym, "patient.show")
    panel_people.answer(expert, panel.number, True)
    assert Act.EDIT_PATIENT not in patients.open_record(expert, pseudonym, "patient.show").acts
    consents.withdraw(hp, pseudonym, ConsentKind.CARE)
    with pytest.raises(NotFound):
        patients.open_record(expert, pseudonym, "patient.show")
    assert patients.open_record(hp, pseudonym, "patient.show").patient.care_consent is ConsentState.WITHDRAWN


def test_an_unknown_pseudonym_is_not_found() -> None:
    with pytest.raises(NotFound):
        patients.open_for(person(), "RND-0000-0000", Reason(Act.EDIT_PATIENT, "patient.edit"))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("ORPHA:98757", "ORPHA:98757"), ("orpha 98757", "ORPHA:98757"), ("98757", "ORPHA:98757"), (" 0058 ", "ORPHA:58")],
)
def test_orpha_codes_are_brought_to_one_shape(typed: str, kept: str) -> None:
    assert coding.orpha_code(typed) == kept


@pytest.mark.parametrize("typed", ["", "ORPHA:", "ORPHA:12345678", "HP:0001251", "0", "98757; DROP"])
def test_what_cannot_be_an_orpha_code_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="ORPHAcode"):
        coding.orpha_code(typed)


def test_a_phenotype_has_one_sign_a_line_with_or_without_identifier() -> None:
    found = coding.features("Ataxia HP:0001251\n\nhp: 0001260 Dysarthria\nTremor of the hands")
    assert [(sign.label, sign.hpo) for sign in found] == [
        ("Ataxia", "HP:0001251"),
        ("Dysarthria", "HP:0001260"),
        ("Tremor of the hands", None),
    ]


@pytest.mark.parametrize("line", ["Ataxia HP:123", "HP:00012515", "HP:abc", "HP:0001251 HP:0001260", "HP_0001251"])
def test_a_malformed_hpo_identifier_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="HP"):
        coding.features(line)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1979", "1979"),
        ("5/1979", "1979-05"),
        ("12/05/1979", "1979-05-12"),
        ("12.5.1979", "1979-05-12"),
        ("1979-05", "1979-05"),
    ],
)
def test_dates_may_be_known_in_part(typed: str, kept: str) -> None:
    assert coding.partial_date(typed, date(2026, 11, 22)) == kept
    assert coding.partial_date(coding.as_typed(kept), date(2026, 11, 22)) == kept


@pytest.mark.parametrize("typed", ["", "79", "13/1979", "31/02/1979", "2027", "23/11/2026", "1899", "yesterday"])
def test_impossible_and_future_dates_are_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"date|range|month|day"):
        coding.partial_date(typed, date(2026, 11, 22))


def test_the_operator_lists_what_a_person_opened(app: Flask, monkeypatch, capsys) -> None:
    hp = person()
    pseudonym = patient_of(hp).pseudonym
    monkeypatch.setattr(cli, "assemble", lambda _settings: app)
    cli.main(["openings", hp.sub])
    printed = capsys.readouterr().out
    assert pseudonym in printed
    assert "enrol_patient" in printed
    assert "1 openings, page 1 of 1." in printed


@pytest.mark.parametrize(("number", "kind"), [("2.2", Sex), ("3.1", LifeStatus), ("5.1", AgeKind), ("5.2", AgeKind)])
def test_the_choices_are_those_of_the_common_data_elements(number: str, kind: type[StrEnum]) -> None:
    elements = json.loads(CDE.read_text("utf-8"))["elements"]
    values = next(element["values"] for element in elements if element["no"] == number)
    wanted = {value["label"].removesuffix(" (dd/mm/yyyy)") for value in values}
    assert {str(word) for word in words.TABLES[kind].values()} == wanted
