"""Panels: numbers, stages, people, contributions, outcome and end; and that a second try has no second effect."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from cpms_client import colleagues, panel_lists, panel_people, panels
from cpms_client.app import assemble
from cpms_client.claims import Visitor
from cpms_client.db import db
from cpms_client.errors import Conflict, NotAllowed, NotFound, Refusal
from cpms_client.models import Contribution, Panel, PanelSeat
from cpms_client.paging import Wanted
from cpms_client.panel_lists import Task
from cpms_client.panels import MOVES, PanelRequest
from cpms_client.policy import Act
from cpms_client.settings import Settings
from cpms_client.states import SeatState, Stage, Urgency
from tests.support.cpms_browser import close
from tests.support.cpms_builders import STEPS, access, brought_to, panel_of, patient_of, person, seat


@pytest.fixture
def lead(app: Flask) -> Iterator[Visitor]:
    with app.app_context():
        yield person(name="Lena Hartwig")


@pytest.fixture
def expert(lead: Visitor) -> Visitor:
    return person(access(hcp="DE03"), name="Jonas Feldkamp")


@pytest.fixture
def panel(lead: Visitor) -> Panel:
    return panel_of(lead, patient_of(lead))


def seat_in(panel: Panel, who: Visitor) -> PanelSeat:
    return db.session.scalar(select(PanelSeat).where(PanelSeat.panel_id == panel.id, PanelSeat.sub == who.sub))


def test_panels_are_numbered_within_their_year(lead: Visitor) -> None:
    with time_machine.travel(datetime(2026, 12, 31, 12, tzinfo=UTC)):
        patient = patient_of(lead)
        numbers = [panel_of(lead, patient).number for _ in range(2)]
    with time_machine.travel(datetime(2027, 1, 1, 12, tzinfo=UTC)):
        numbers.append(panel_of(lead, patient).number)
    assert numbers == ["2026-0001", "2026-0002", "2027-0001"]


def test_a_panel_goes_through_its_stages_to_the_archive(lead: Visitor, panel: Panel) -> None:
    for stage in Stage:
        assert db.session.get(Panel, panel.id, populate_existing=True).stage is stage
        if stage in STEPS:
            STEPS[stage](lead, panel.number)
    assert panel.closed_by_name == "Lena Hartwig"


@pytest.mark.parametrize("stage", Stage)
def test_at_each_stage_only_the_moves_of_the_table_work(lead: Visitor, panel: Panel, stage: Stage) -> None:
    number = brought_to(stage, lead, panel).number
    for name in panels.STEPS:
        before = db.session.get(Panel, panel.id, populate_existing=True).stage
        try:
            panels.step(lead, number, name)
        except Conflict:
            assert db.session.get(Panel, panel.id, populate_existing=True).stage is before
        else:
            assert db.session.get(Panel, panel.id, populate_existing=True).stage in MOVES[before]


def test_an_unknown_step_is_refused(lead: Visitor, panel: Panel) -> None:
    with pytest.raises(Refusal):
        panels.step(lead, panel.number, "explode")


def test_closing_twice_is_told_plainly(lead: Visitor, panel: Panel) -> None:
    panels.close(lead, panel.number, "Solved by telephone.")
    with pytest.raises(Conflict) as twice:
        panels.close(lead, panel.number, "Solved by telephone.")
    assert "closed already" in str(twice.value.message)


def test_a_panel_without_signed_outcome_closes_only_with_a_reason(lead: Visitor, panel: Panel) -> None:
    with pytest.raises(Refusal) as missing:
        panels.close(lead, panel.number, "")
    assert missing.value.key == "reason_missing"
    number = brought_to(Stage.SIGN_OFF, lead, panel).number
    with pytest.raises(Refusal) as unsigned:
        panels.close(lead, number, "")
    assert unsigned.value.key == "lead_not_signed"


def test_a_changed_outcome_has_to_be_signed_anew(lead: Visitor, panel: Panel) -> None:
    number = brought_to(Stage.SIGN_OFF, lead, panel).number
    panels.sign_off(lead, number)
    with pytest.raises(Conflict) as twice:
        panels.sign_off(lead, number)
    assert twice.value.key == "already_signed"
    panels.step(lead, number, "reopen_outcome")
    db.session.expire_all()
    assert seat_in(panel, lead).signed_at is None


def test_an_expert_is_invited_joins_and_contributes(lead: Visitor, expert: Visitor, panel: Panel) -> None:
    seat(lead, panel, expert, joins=None)
    assert [item.task for item in panel_lists.waiting(expert)] == [Task.ANSWER]
    panel_people.answer(expert, panel.number, True)
    number = brought_to(Stage.ASSESSMENT, lead, panel).number
    assert [item.task for item in panel_lists.waiting(expert)] == [Task.CONTRIBUTE]
    assert panels.contribute(expert, number, "Physiotherapy.", "key")
    page = panels.open_page(lead, number, "panel.show")
    assert [(said.author_name, said.text) for said in page.contributions] == [("Jonas Feldkamp", "Physiotherapy.")]
    assert panel_lists.waiting(expert) == []


def test_a_contribution_sent_twice_counts_once(lead: Visitor, panel: Panel) -> None:
    number = brought_to(Stage.ASSESSMENT, lead, panel).number
    assert panels.contribute(lead, number, "Physiotherapy.", "one key")
    assert not panels.contribute(lead, number, "Physiotherapy.", "one key")
    panels.step(lead, number, "ask_for_outcome")
    assert not panels.contribute(lead, number, "Physiotherapy.", "one key")
    assert db.session.scalar(select(func.count()).select_from(Contribution)) == 1


def test_a_contribution_outside_the_assessment_is_refused(lead: Visitor, panel: Panel) -> None:
    with pytest.raises(Conflict) as refused:
        panels.contribute(lead, panel.number, "Too early.", "key")
    assert refused.value.key == "wrong_stage"


def test_an_invitation_sent_twice_is_one_invitation(lead: Visitor, expert: Visitor, panel: Panel) -> None:
    seat(lead, panel, expert, joins=None)
    with pytest.raises(Conflict) as twice:
        panel_people.invite_by_email(lead, panel.number, expert.email.upper())
    assert twice.value.key == "already_invited"
    assert db.session.scalar(select(func.count()).select_from(PanelSeat)) == 2


def test_who_declined_can_be_invited_again(lead: Visitor, expert: Visitor, panel: Panel) -> None:
    seat(lead, panel, expert, joins=False)
    with pytest.raises(Conflict):
        panel_people.answer(expert, panel.number, True)
    seat(lead, panel, expert, joins=True)
    db.session.expire_all()
    assert seat_in(panel, expert).state is SeatState.ACCEPTED


def test_an_unknown_address_gets_a_sentence_that_says_what_to_do(lead: Visitor, panel: Panel) -> None:
    with pytest.raises(Refusal) as unknown:
        panel_people.invite_by_email(lead, panel.number, "nobody@hospital.example")
    assert "Ask the person to request access" in str(unknown.value.message)


def test_a_researcher_alone_takes_no_part_in_panels(lead: Visitor, panel: Panel) -> None:
    researcher = person(access("Researcher"))
    with pytest.raises(Refusal) as refused:
        panel_people.invite_by_email(lead, panel.number, researcher.email)
    assert refused.value.key == "no_panel_profile"


def test_a_person_of_another_network_is_invited_once_that_network_is_asked(lead: Visitor, panel: Panel) -> None:
    coordinator = person(access("Coordinator", ern="ReCONNET", hcp="IT08"))
    expert = person(access(ern="ReCONNET", hcp="IT08"))
    number = panel.number
    with pytest.raises(Refusal) as refused:
        panel_people.invite_by_email(lead, number, expert.email)
    assert refused.value.key == "other_network"
    assert panel_lists.requests(coordinator, Wanted()).total == 0
    panel_people.invite_network(lead, number, "ReCONNET")
    with pytest.raises(Conflict):
        panel_people.invite_network(lead, number, "ReCONNET")
    assert [row.number for row in panel_lists.requests(coordinator, Wanted()).rows] == [number]
    seat(coordinator, panel, expert)
    assert panels.open_page(expert, number, "panel.show").sees_patient
    assert not panels.open_page(coordinator, number, "panel.show").sees_patient


def test_only_lead_and_network_invite_guests(lead: Visitor, panel: Panel) -> None:
    guest, manager = person(access(guest="consult")), person(access("Panel Manager HCP"))
    with pytest.raises(NotAllowed):
        panel_people.invite_by_email(manager, panel.number, guest.email)
    seat(lead, panel, guest)
    assert Act.CONTRIBUTE in panels.open_page(guest, panel.number, "panel.show").acts


def test_the_coordinator_hands_the_lead_to_a_member_who_may_lead(lead: Visitor, expert: Visitor, panel: Panel) -> None:
    coordinator, guest = person(access("Coordinator", hcp="DE30")), person(access(guest="consult"))
    seat(lead, panel, guest)
    seat(lead, panel, expert, joins=None)
    for unfit in (guest, expert):
        with pytest.raises(Refusal) as refused:
            panel_people.assign_lead(coordinator, panel.number, seat_in(panel, unfit).id)
        assert refused.value.key == "cannot_lead"
    panel_people.answer(expert, panel.number, True)
    panel_people.assign_lead(coordinator, panel.number, seat_in(panel, expert).id)
    assert Act.LEAD_PANEL in panels.open_page(expert, panel.number, "panel.show").acts
    assert Act.LEAD_PANEL not in panels.open_page(lead, panel.number, "panel.show").acts


def test_a_removed_person_sees_the_panel_no_more_and_the_lead_stays(
    lead: Visitor, expert: Visitor, panel: Panel
) -> None:
    seat(lead, panel, expert)
    panel_people.remove(lead, panel.number, seat_in(panel, expert).id)
    with pytest.raises(NotFound):
        panels.open_page(expert, panel.number, "panel.show")
    with pytest.raises(Refusal) as refused:
        panel_people.remove(lead, panel.number, seat_in(panel, lead).id)
    assert refused.value.key == "lead_stays"


def test_who_lost_the_access_lost_the_seat(lead: Visitor, expert: Visitor, panel: Panel) -> None:
    seat(lead, panel, expert)
    moved = replace(expert, accesses=(access(hcp="DE30"),))
    with pytest.raises(NotFound):
        panels.open_page(moved, panel.number, "panel.show")
    assert panel_lists.mine(moved, Wanted()).total == 0


def test_a_request_with_an_unknown_network_is_refused(lead: Visitor) -> None:
    patient = patient_of(lead)
    request = PanelRequest("What do you advise?", Urgency.ROUTINE, None, frozenset({"ERN-NONE"}))
    with pytest.raises(Refusal):
        panels.open_panel(lead, patient.pseudonym, request, "key")


def test_a_colleague_is_remembered_with_the_accesses_of_the_last_sign_in(lead: Visitor) -> None:
    before = [held.id for held in colleagues.by_email(lead.email)]
    colleagues.remember(lead)
    assert [held.id for held in colleagues.by_email(lead.email)] == before
    colleagues.remember(replace(lead, name="Lena H.", accesses=(access("HP", "Coordinator", hcp="DE30"),)))
    held = colleagues.by_email(lead.email)
    assert [(one.colleague.name, one.hcp, one.profiles) for one in held] == [("Lena H.", "DE30", "Coordinator\nHP")]


def at_once(app: Flask, act: Callable[[], Any], times: int = 6) -> list[str]:
    """Run the same act in several threads at once; gives "done" or the name of what was raised."""
    gate, ends = threading.Barrier(times), []

    def run() -> None:
        with app.app_context():
            gate.wait(10)
            try:
                act()
            except Refusal as refusal:
                ends.append(refusal.key)
            else:
                ends.append("done")

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(ends)


@pytest.fixture
def raced(settings: Settings, database_url: str) -> Iterator[Flask]:
    app = assemble(replace(settings, database_url=database_url))
    with app.app_context():
        db.create_all()
    yield app
    close(app)


def test_races_have_one_effect_on_every_database(raced: Flask) -> None:
    with raced.app_context():
        lead, expert = person(), person(access(hcp="DE03"))
        patient = patient_of(lead)
        pseudonym, panel = patient.pseudonym, panel_of(lead, patient)
        number, panel_id = panel.number, panel.id
    request = PanelRequest("What do you advise?", Urgency.ROUTINE)
    at_once(raced, lambda: panels.open_panel(lead, pseudonym, request, "one key"))
    invited = at_once(raced, lambda: panel_people.invite_by_email(lead, number, expert.email))
    answered = at_once(raced, lambda: panel_people.answer(expert, number, True))
    taken_up = at_once(raced, lambda: panels.take_up(lead, number))
    with raced.app_context():
        panels.start_assessment(lead, number)
    at_once(raced, lambda: panels.contribute(expert, number, "Physiotherapy.", "one key"))
    closed = at_once(raced, lambda: panels.close(lead, number, "Solved."))
    assert [ends.count("done") for ends in (invited, answered, taken_up, closed)] == [1, 1, 1, 1]
    with raced.app_context():
        assert db.session.scalars(select(Panel.number).order_by(Panel.id)).all() == [number, f"{number[:5]}0002"]
        assert db.session.scalar(select(func.count()).where(PanelSeat.panel_id == panel_id)) == 2
        assert db.session.scalar(select(func.count()).select_from(Contribution)) == 1
