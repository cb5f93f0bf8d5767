"""The pages of patients, the dashboard and their query budgets, as a browser sees them."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from cpms_client import colleagues, consents, patients
from cpms_client.db import db
from cpms_client.models import Patient
from cpms_client.states import ConsentKind
from tests.support.cpms_browser import csrf
from tests.support.cpms_builders import (
    access,
    browser_of,
    counted_queries,
    panel_of,
    patient_of,
    person,
    post,
    seat,
)

MOST_QUERIES = 6
FORM = {
    "place": "ERN-RND DE22 DE",
    "nickname": "Bluebird",
    "sex": "female",
    "birth": "12/05/1979",
    "status": "alive",
    "onset": "date",
    "onset_date": "2014",
    "diagnosed": "undetermined",
    "disease": "Spinocerebellar ataxia type 3",
    "orpha": "98757",
    "phenotype": "Ataxia HP:0001251",
    "care": "y",
}


@pytest.fixture
def hp(app: Flask) -> FlaskClient:
    with app.app_context():
        return browser_of(app, person(name="Lena Hartwig"))


def enrolled(browser: FlaskClient, **fields: Any) -> Any:
    return post(browser, "/patients/enrol", "/patients/enrol", **(FORM | fields))


def test_a_clinician_enrols_a_patient_and_sees_the_record(hp: FlaskClient) -> None:
    answer = enrolled(hp, form_key="key")
    page = hp.get(answer.location).text
    for text in ("Bluebird is enrolled.", "ORPHA:98757", "HP:0001251", "born 1979", "2014", "University Hospital"):
        assert text in page
    assert "12 May 1979" not in page
    assert "12 May 1979" in hp.get(f"{answer.location}/birth").text


def test_the_form_sent_twice_enrols_one_patient(app: Flask, hp: FlaskClient) -> None:
    assert enrolled(hp, form_key="key").location == enrolled(hp, form_key="key").location
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Patient)) == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"nickname": " "}, "Choose a nickname"),
        ({"nickname": "x" * 61}, "60 characters at most"),
        ({"sex": ""}, "sex at birth."),
        ({"sex": "other"}, "Choose one of the values on offer."),
        ({"birth": "2999"}, "Type a past date"),
        ({"onset": "birth"}, "There is a date below"),
        ({"onset_date": ""}, "You chose Date"),
        ({"onset_date": "1970"}, "before the birth"),
        ({"death": "2020"}, "choose Dead"),
        ({"orpha": "HP:1"}, "An ORPHAcode is a number"),
        ({"phenotype": "Ataxia HP:12"}, "Look at: Ataxia HP:12"),
        ({"phenotype": "<b>HP:12"}, "Look at: &lt;b&gt;HP:12"),
        ({"disease": "", "orpha": ""}, "tick Undiagnosed case"),
        ({"undiagnosed": "y"}, "not both"),
        ({"care": ""}, "Without consent to care"),
        ({"place": "ReCONNET IT08 IT"}, "Choose one of the values on offer."),
        ({"phenotype": "x" * 4001}, "4000 characters at most"),
    ],
)
def test_bad_input_gets_a_plain_sentence_and_loses_nothing(
    hp: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    sent = {name: value for name, value in (FORM | fields).items() if value or name not in {"care"}}
    answer = post(hp, "/patients/enrol", "/patients/enrol", genetic="ATXN3, expanded", **sent)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<title>Error: " in answer.text
    assert answer.text.index('role="alert"') < answer.text.index("<label")
    assert 'value="ATXN3, expanded"' in answer.text


def test_an_undiagnosed_patient_is_enrolled_without_a_disease(hp: FlaskClient) -> None:
    answer = enrolled(hp, disease="", orpha="", undiagnosed="y")
    assert "Undiagnosed case" in hp.get(answer.location).text


def test_an_outdated_edit_is_refused_and_keeps_what_was_typed(app: Flask, hp: FlaskClient) -> None:
    address = enrolled(hp).location
    outdated = {**FORM, "version": "1", "nickname": "Larch"}
    assert post(hp, f"{address}/edit", "/patients/enrol", **outdated).status_code == 303
    answer = post(hp, f"{address}/edit", "/patients/enrol", **(outdated | {"nickname": "Harbour"}))
    assert answer.status_code == 422
    assert "Somebody changed this record" in answer.text
    assert 'value="Harbour"' in answer.text
    assert "Larch" in hp.get(address).text


def test_the_withdrawal_says_what_happens_before_it_is_done(hp: FlaskClient) -> None:
    address = enrolled(hp).location
    asked = hp.get(f"{address}/consents/care/withdraw").text
    assert "Panels hide the patient at once" in asked
    post(hp, f"{address}/consents/care/withdraw", f"{address}/consents")
    page = hp.get(address).text
    assert "Withdrawn" in page
    assert "Start a panel" not in page
    twice = post(hp, f"{address}/consents/care/withdraw", f"{address}/consents")
    assert "Nothing was changed" in hp.get(twice.location).text


@pytest.mark.parametrize("kind", ["sale", "care%00", ""])
def test_an_unknown_consent_is_not_found(hp: FlaskClient, kind: str) -> None:
    address = enrolled(hp).location
    assert hp.get(f"{address}/consents/{kind}/withdraw").status_code in {400, 404}


def test_a_form_without_its_protection_is_refused(hp: FlaskClient) -> None:
    assert hp.post("/patients/enrol", data=FORM).status_code == 400


def test_who_opened_the_record_is_told_to_the_hospital(app: Flask, hp: FlaskClient) -> None:
    address = enrolled(hp).location
    with app.app_context():
        reader = browser_of(app, person(access("Coordinator"), name="Jonas Feldkamp"))
    reader.get(address)
    assert "Jonas Feldkamp" in hp.get(address).text
    assert "Opened the record" in hp.get(f"{address}/openings").text


def test_a_nickname_with_markup_stays_text(hp: FlaskClient) -> None:
    address = enrolled(hp, nickname="<script>alert(1)</script>").location
    assert "<script>alert" not in hp.get(address).text
    assert "&lt;script&gt;" in hp.get("/patients").text


def test_empty_pages_say_how_to_fill_them(app: Flask, hp: FlaskClient) -> None:
    assert "Enrol the first patient" in hp.get("/patients").text
    assert "Nothing waits for you" in hp.get("/dashboard").text
    with app.app_context():
        guest = browser_of(app, person(access(guest="consult")))
    assert "Your profile does not enrol patients" in guest.get("/patients").text
    assert "Enrol a patient" not in guest.get("/dashboard").text


def test_lists_page_by_links_that_keep_the_search(app: Flask) -> None:
    with app.app_context():
        visitor = person()
        for number in range(12):
            patient_of(visitor, nickname=f"Bird {number:02}")
        browser = browser_of(app, visitor)
    first = browser.get("/patients?q=bird&size=10").text
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = browser.get(following).text
    assert "Bird 11" in first
    assert "Bird 00" not in first
    assert "Bird 00" in second
    assert 'value="bird"' in second


def test_every_page_has_one_heading_and_only_links_that_lead_somewhere(app: Flask, hp: FlaskClient) -> None:
    address = enrolled(hp).location
    seen, todo = set(), ["/dashboard", address]
    while todo:
        path = todo.pop()
        page = hp.get(path)
        assert page.status_code == 200, path
        assert page.text.count("<h1") == page.text.count("<main") == 1, path
        seen.add(path)
        links = {
            link.replace("&amp;", "&")
            for link in re.findall(r'href="(/(?:dashboard|patients|panels|requests|reports)[^"]*)"', page.text)
        }
        todo += [link for link in links - seen if "lang=" not in link and link not in todo]
    assert len(seen) >= 15


PAGES = (
    "/dashboard",
    "/patients",
    "/patients?which=mine",
    "/panels",
    "/requests",
    "/reports/figures",
    "/reports/openings",
)


def queries(app: Flask, browser: FlaskClient, path: str) -> int:
    with app.app_context(), counted_queries() as seen:
        assert browser.get(path).status_code == 200, path
    return len(seen)


def test_pages_cost_at_most_six_queries_however_many_rows_there_are(app: Flask) -> None:
    with app.app_context():
        visitor, expert = person(access("HP", "Coordinator")), person(access(hcp="DE03"))
        browser = browser_of(app, visitor)
        patient = patient_of(visitor)
        panel = panel_of(visitor, patient)
        pseudonym, number = patient.pseudonym, panel.number
        seat(visitor, panel, expert)
    pages = [
        *PAGES,
        f"/patients/{pseudonym}",
        f"/patients/{pseudonym}/openings",
        f"/panels/{number}",
        f"/panels/{number}/invite",
    ]
    few = {path: queries(app, browser, path) for path in pages}
    with app.app_context():
        for _ in range(12):
            seat(visitor, panel, person(access(hcp="DE03")))
            panel_of(visitor, patient_of(visitor))
        for _ in range(5):
            panel_of(visitor, patients.find(visitor, pseudonym).patient)
    many = {path: queries(app, browser, path) for path in pages}
    assert few == many
    assert max(many.values()) <= MOST_QUERIES, many


def test_the_page_of_a_hidden_panel_tells_nothing_of_the_patient(app: Flask) -> None:
    with app.app_context():
        visitor = person()
        browser = browser_of(app, visitor)
        patient = patient_of(visitor)
        number = panel_of(visitor, patient, question="Which diet?").number
        consents.withdraw(visitor, patient.pseudonym, ConsentKind.CARE)
        colleagues.remember(visitor)
    page = browser.get(f"/panels/{number}").text
    assert "took back the consent to care" in page
    assert "Bluebird" not in page + browser.get("/panels").text
    assert "Which diet?" not in page


def test_csrf_protection_is_on_each_form(hp: FlaskClient) -> None:
    address = enrolled(hp).location
    assert csrf(hp, f"{address}/edit")
    assert csrf(hp, f"{address}/consents")
