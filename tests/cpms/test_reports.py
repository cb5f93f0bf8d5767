"""Reports: key figures for coordinators, and counts for researchers from which nobody can be found again."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from flask import Flask

from cpms_client import consents, panels, reports
from cpms_client.errors import NotFound
from cpms_client.panels import PanelRequest
from cpms_client.reports import Breakdown
from cpms_client.states import ConsentKind, Sex, Stage, Urgency
from tests.support.cpms_builders import access, browser_of, counted_queries, panel_of, patient_of, person

BOTH = (ConsentKind.CARE, ConsentKind.REGISTRY)


@pytest.fixture(autouse=True)
def in_app(app: Flask):
    with app.app_context():
        yield


def enrolled(number: int, *consents_given: ConsentKind, **changes: object) -> None:
    hp = person()
    for _ in range(number):
        patient_of(hp, *(consents_given or BOTH), **changes)


def counts(breakdown: Breakdown, orpha: str | None = None) -> reports.Counts:
    return reports.count(person(access("Researcher")), "ERN-RND", breakdown, orpha)


def cells(found: reports.Counts) -> dict[object, int | None]:
    return {cell.value: cell.count for cell in found.cells}


def test_cells_below_five_are_not_told_nor_what_gives_them_away() -> None:
    enrolled(7)
    enrolled(6, sex=Sex.MALE)
    enrolled(4, sex=Sex.UNDETERMINED)
    found = counts(Breakdown.SEX)
    assert cells(found) == {Sex.FEMALE: 7, Sex.MALE: None, Sex.UNDETERMINED: None}
    assert found.total is None


def test_without_small_cells_the_total_is_told() -> None:
    enrolled(5)
    enrolled(6, sex=Sex.MALE)
    found = counts(Breakdown.SEX)
    assert (cells(found), found.total) == ({Sex.FEMALE: 5, Sex.MALE: 6}, 11)


def test_only_patients_who_agreed_to_the_registry_and_to_care_count() -> None:
    enrolled(5)
    enrolled(5, ConsentKind.CARE)
    hp = person()
    consents.withdraw(hp, patient_of(hp, *BOTH).pseudonym, ConsentKind.CARE)
    consents.withdraw(hp, patient_of(hp, *BOTH).pseudonym, ConsentKind.REGISTRY)
    assert counts(Breakdown.STATUS).total == 5


def test_counts_by_disease_decade_and_year_and_for_one_disease() -> None:
    with time_machine.travel(datetime(2026, 11, 22, tzinfo=UTC)):
        enrolled(5, orpha="ORPHA:98757", birth="1979-05-12")
        enrolled(6, birth="1983")
        assert cells(counts(Breakdown.DIAGNOSIS)) == {"ORPHA:98757": 5, "": 6}
        assert cells(counts(Breakdown.DECADE)) == {"197": 5, "198": 6}
        assert cells(counts(Breakdown.ENROLLED)) == {2026: 11}
        assert counts(Breakdown.SEX, "ORPHA:98757").total == 5
        assert counts(Breakdown.SEX, "ORPHA:1").cells == ()


def test_a_researcher_counts_in_the_own_network_only() -> None:
    with pytest.raises(NotFound):
        reports.count(person(access("Researcher")), "ReCONNET", Breakdown.SEX)
    with pytest.raises(NotFound):
        reports.count(person(access("HP", "Coordinator")), "ERN-RND", Breakdown.SEX)


def test_the_page_of_counts_shows_words_and_keeps_a_mistake(app: Flask) -> None:
    enrolled(5, orpha="ORPHA:98757")
    browser = browser_of(app, person(access("Researcher")))
    for by, text in (("sex", "Female"), ("decade", "1970-1979"), ("diagnosis", "ORPHA:98757"), ("status", "Alive")):
        assert text in browser.get(f"/reports/counts?by={by}").text
    mistake = browser.get("/reports/counts?by=sex&orpha=x")
    assert mistake.status_code == 422
    assert "An ORPHAcode is a number" in mistake.text
    assert 'value="x"' in mistake.text
    assert browser.get("/reports/counts?ern=ReCONNET").status_code == 422
    assert "fits" in browser.get("/reports/counts?orpha=1").text


def test_key_figures_count_the_coordinators_network_in_three_queries() -> None:
    hp, coordinator = person(), person(access("Coordinator", hcp="DE30"), access("HP"))
    with time_machine.travel(datetime(2026, 11, 1, 12, tzinfo=UTC), tick=False):
        patient = patient_of(hp)
        closed = panel_of(hp, patient).number
        late = PanelRequest("What do you advise?", Urgency.URGENT, date(2026, 11, 3))
        panels.open_panel(hp, patient.pseudonym, late, "late")
    with time_machine.travel(datetime(2026, 11, 11, 12, tzinfo=UTC), tick=False):
        panels.close(hp, closed, "Solved by telephone.")
        with counted_queries() as seen:
            (found,) = reports.key_figures(coordinator)
    assert (found.ern, found.patients, found.hospitals, found.open_panels, found.overdue) == ("ERN-RND", 1, 1, 1, 1)
    assert (found.stages[Stage.CLOSED], found.opened_last_year, found.days_to_close) == (1, 2, 10.0)
    assert len(seen) == 3


def test_an_empty_network_has_figures_too(app: Flask) -> None:
    browser = browser_of(app, person(access("Coordinator", ern="ReCONNET", hcp="IT08")))
    assert "None closed in the last year" in browser.get("/reports/figures").text


def test_who_has_no_report_is_told_who_has(app: Flask) -> None:
    assert "Reports are for Coordinators" in browser_of(app, person()).get("/reports").text
