"""The pages of panels, requests and reports, as a browser sees them."""

from typing import Any

import pytest
from flask import Flask

from cpms_client.claims import Visitor
from cpms_client.states import Stage
from tests.support.cpms_builders import (
    access,
    brought_to,
    browser_of,
    panel_of,
    patient_of,
    person,
    post,
    seat,
)

REQUEST = {"question": "Which treatment do you advise?", "urgency": "soon", "deadline": ""}


@pytest.fixture
def lead(app: Flask) -> Visitor:
    with app.app_context():
        return person(name="Lena Hartwig")


@pytest.fixture
def expert(app: Flask) -> Visitor:
    with app.app_context():
        return person(access(hcp="DE03"), name="Jonas Feldkamp")


def opened(app: Flask, lead: Visitor, stage: Stage = Stage.REQUEST) -> str:
    """Open a panel and bring it to a stage; gives the address of its page."""
    with app.app_context():
        return f"/panels/{brought_to(stage, lead, panel_of(lead, patient_of(lead))).number}"


def test_a_panel_from_question_to_archive(app: Flask, lead: Visitor, expert: Visitor) -> None:
    with app.app_context():
        mine, theirs = browser_of(app, lead), browser_of(app, expert)
        pseudonym = patient_of(lead).pseudonym
    page = f"/patients/{pseudonym}/panels/new"
    panel = post(mine, page, page, form_key="key", networks=["ReCONNET"], **REQUEST).location
    assert panel == post(mine, page, page, form_key="key", networks=["ReCONNET"], **REQUEST).location
    post(mine, f"{panel}/invite", f"{panel}/invite", email=expert.email)
    assert "Answer an invitation" in theirs.get("/dashboard").text
    post(theirs, f"{panel}/answer", panel, answer="accept")
    for step in ("take_up", "start_assessment"):
        post(mine, f"{panel}/step", panel, step=step)
    assert "Give your contribution" in theirs.get("/dashboard").text
    for _ in range(2):
        post(theirs, f"{panel}/contributions", panel, text="Physiotherapy first.", form_key="one")
    text = mine.get(panel).text
    assert text.count("Physiotherapy first.") == 1
    assert "Experts who have answered: 1 of 2." in text
    post(mine, f"{panel}/step", panel, step="ask_for_outcome")
    post(mine, f"{panel}/outcome", f"{panel}/outcome", text="The panel advises physiotherapy.")
    assert "Sign the outcome" in theirs.get("/dashboard").text
    for browser in (mine, theirs):
        post(browser, f"{panel}/signature", panel)
    post(mine, f"{panel}/close", f"{panel}/close", note="")
    post(mine, f"{panel}/step", panel, step="archive")
    text = theirs.get(panel).text
    assert "The panel advises physiotherapy." in text
    assert "The panel is archived." in text
    assert theirs.get(f"/patients/{pseudonym}").status_code == 404


def test_a_contribution_that_comes_too_late_stays_on_the_page(app: Flask, lead: Visitor) -> None:
    panel = opened(app, lead, Stage.ASSESSMENT)
    with app.app_context():
        mine = browser_of(app, lead)
    page = mine.get(panel)
    post(mine, f"{panel}/step", panel, step="ask_for_outcome")
    assert page.status_code == 200
    answer = post(mine, f"{panel}/contributions", panel, text="Two pages of thoughts.")
    assert answer.status_code == 422
    assert "The panel has gone on meanwhile" in answer.text
    assert "Two pages of thoughts.</textarea>" in answer.text


@pytest.mark.parametrize(("text", "sentence"), [(" ", "Write your contribution"), ("x" * 8001, "8000 characters")])
def test_an_empty_or_endless_contribution_is_refused(app: Flask, lead: Visitor, text: str, sentence: str) -> None:
    panel = opened(app, lead, Stage.ASSESSMENT)
    with app.app_context():
        answer = post(browser_of(app, lead), f"{panel}/contributions", panel, text=text)
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"question": ""}, "Write what you want to know"),
        ({"deadline": "2020-01-01"}, "This day is past"),
        ({"deadline": "soon"}, "Choose a day from the calendar"),
        ({"urgency": "never"}, "Choose one of the values on offer."),
        ({"networks": "ERN-NONE"}, "Choose networks from the list."),
    ],
)
def test_a_request_with_mistakes_keeps_what_was_typed(
    app: Flask, lead: Visitor, fields: dict[str, Any], sentence: str
) -> None:
    with app.app_context():
        browser, pseudonym = browser_of(app, lead), patient_of(lead).pseudonym
    page = f"/patients/{pseudonym}/panels/new"
    answer = post(browser, page, page, **(REQUEST | fields))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert fields.get("question", REQUEST["question"]) in answer.text
    assert fields.get("deadline", "") in answer.text


def test_the_request_can_be_edited_and_an_outdated_edit_is_refused(app: Flask, lead: Visitor) -> None:
    panel = opened(app, lead)
    with app.app_context():
        browser = browser_of(app, lead)
    changed = REQUEST | {"version": "1"}
    assert post(browser, f"{panel}/request", f"{panel}/request", **changed).status_code == 303
    answer = post(browser, f"{panel}/request", f"{panel}/request", **(changed | {"question": "Something else?"}))
    assert answer.status_code == 422
    assert "Somebody changed this request" in answer.text
    assert "Something else?" in answer.text


def test_unknown_colleagues_get_a_sentence_and_the_address_stays(app: Flask, lead: Visitor) -> None:
    panel = opened(app, lead)
    with app.app_context():
        browser = browser_of(app, lead)
    for typed, sentence in (("nobody@hospital.example", "Nobody has entered CPMS"), ("", "Type the e-mail address")):
        answer = post(browser, f"{panel}/invite", f"{panel}/invite", email=typed)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert f'value="{typed}"' in answer.text
    assert post(browser, f"{panel}/invite", panel, colleague="99999").status_code == 422
    assert post(browser, f"{panel}/invite", panel, colleague="x").status_code == 422


def test_a_colleague_is_invited_from_the_list_once(app: Flask, lead: Visitor, expert: Visitor) -> None:
    panel = opened(app, lead)
    with app.app_context():
        browser = browser_of(app, lead)
    page = browser.get(f"{panel}/invite?q=jonas").text
    chosen = page.partition('name="colleague" value="')[2].partition('"')[0]
    first, second = (post(browser, f"{panel}/invite", panel, colleague=chosen) for _ in range(2))
    assert first.location == second.location == panel
    assert "invited already" in browser.get(panel).text
    assert "Invited" in browser.get(f"{panel}/invite").text


def test_who_declines_goes_back_to_the_dashboard(app: Flask, lead: Visitor, expert: Visitor) -> None:
    with app.app_context():
        panel = panel_of(lead, patient_of(lead))
        seat(lead, panel, expert, joins=None)
        number, browser = panel.number, browser_of(app, expert)
    assert post(browser, f"/panels/{number}/answer", f"/panels/{number}", answer="decline").location == "/dashboard"
    assert browser.get(f"/panels/{number}").status_code == 404


def test_closing_twice_is_told_on_the_page(app: Flask, lead: Visitor) -> None:
    panel = opened(app, lead)
    with app.app_context():
        browser = browser_of(app, lead)
    missing = post(browser, f"{panel}/close", f"{panel}/close", note="")
    assert missing.status_code == 422
    assert "Say why the panel ends" in missing.text
    for _ in range(2):
        last = post(browser, f"{panel}/close", f"{panel}/close", note="Solved by telephone.")
    assert "This panel is closed already." in browser.get(last.location).text


def test_people_and_networks_are_changed_from_the_panels_page(app: Flask, lead: Visitor, expert: Visitor) -> None:
    with app.app_context():
        panel = panel_of(lead, patient_of(lead))
        seat(lead, panel, expert)
        address = f"/panels/{panel.number}"
        mine, theirs = browser_of(app, lead), browser_of(app, person(access("Coordinator", hcp="DE30")))
    post(mine, f"{address}/networks", f"{address}/networks", ern="ReCONNET")
    assert "ReCONNET now sees the request." in mine.get(address).text
    assert post(mine, f"{address}/networks", f"{address}/networks", ern="").status_code == 422
    chosen = theirs.get(f"{address}/lead").text.split('name="seat" value="')[2].partition('"')[0]
    assert post(theirs, f"{address}/lead", f"{address}/lead").status_code == 422
    post(theirs, f"{address}/lead", f"{address}/lead", seat=chosen)
    assert "Jonas Feldkamp leads the panel now." in theirs.get(address).text
    post(theirs, f"{address}/remove", address, seat=chosen)
    assert "The lead cannot be removed." in theirs.get(address).text


def test_a_coordinator_sees_requests_and_takes_one_up(app: Flask, lead: Visitor) -> None:
    panel = opened(app, lead)
    with app.app_context():
        browser = browser_of(app, person(access("Coordinator", hcp="DE30")))
    number = panel.rpartition("/")[2]
    assert number in browser.get("/dashboard").text
    assert number in browser.get("/requests").text
    post(browser, f"{panel}/step", panel, step="take_up")
    assert "Go on to Assessment" in browser.get(panel).text
    post(browser, f"{panel}/close", f"{panel}/close", note="A double request.")
    assert number not in browser.get("/requests").text
    assert number in browser.get("/requests?which=all").text
    assert "No request fits" in browser.get("/requests?q=nothing").text


def test_a_panel_manager_finds_the_panels_of_the_network(app: Flask, lead: Visitor) -> None:
    number = opened(app, lead).rpartition("/")[2]
    with app.app_context():
        browser = browser_of(app, person(access("Panel Manager ERN", hcp="DE03")))
    assert number not in browser.get("/panels").text
    assert number in browser.get("/panels?which=managed").text


def test_unknown_panels_are_not_found(app: Flask, lead: Visitor) -> None:
    with app.app_context():
        browser = browser_of(app, lead)
    assert browser.get("/panels/2026-9999").status_code == 404


def test_an_empty_page_names_only_what_its_reader_may_do(app: Flask) -> None:
    with app.app_context():
        clinician = browser_of(app, person(name="Lena Hartwig"))
        consulted = browser_of(app, person(access(hcp="0000", guest="consult"), name="Greta Durchreise"))
    for page in ("/dashboard", "/panels"):
        assert "start one from a patient" in clinician.get(page).text
        shown = consulted.get(page).text
        assert "Panels stand here once you are invited to one." in shown and "patient.list" not in shown
    assert "Go to the patients" not in consulted.get("/panels").text
