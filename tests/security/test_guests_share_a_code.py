"""All guests have the hospital code 0000: it must never make the patients of one those of another."""

import pytest
from flask import Flask

from cpms_client.policy import GUEST_HOSPITAL
from tests.security.programs import Programs
from tests.support.cpms_builders import access, browser_of, panel_of, patient_of, person

LISTS = (
    "/dashboard",
    "/patients",
    "/patients?which=mine",
    "/patients?which=hospital",
    "/patients?q=Bluebird",
    "/panels",
    "/panels?which=managed",
    "/panels?q=Bluebird",
    "/requests",
    "/reports/openings",
    "/reports/counts",
)
PAGES = ("", "/edit", "/birth", "/consents", "/openings", "/panels/new")


@pytest.fixture
def hospital(programs: Programs) -> Flask:
    return programs("cpms")


@pytest.mark.parametrize("kind", ["virtual_centre", "consult"])
def test_a_guest_never_meets_the_patient_of_another_guest(hospital: Flask, kind: str) -> None:
    with hospital.app_context():
        owner, other = person(access(guest="virtual_centre")), person(access(guest=kind))
        patient = patient_of(owner)
        assert patient.hcp == GUEST_HOSPITAL
        number, pseudonym = panel_of(owner, patient).number, patient.pseudonym
        mine, theirs = browser_of(hospital, owner), browser_of(hospital, other)
    assert "Bluebird" in mine.get("/dashboard").text
    told = {path: theirs.get(path).text for path in LISTS}
    assert [path for path, page in told.items() if pseudonym in page or number in page] == []
    pages = [f"/patients/{pseudonym}{page}" for page in PAGES] + [f"/panels/{number}", f"/panels/{number}/invite"]
    assert {path: theirs.get(path).status_code for path in pages} == dict.fromkeys(pages, 404)


def test_a_member_with_the_code_of_guests_is_nobody(hospital: Flask) -> None:
    """A claim that names 0000 as a hospital, with a clinical profile, opens no patient of any guest."""
    with hospital.app_context():
        patient = patient_of(person(access(guest="virtual_centre")))
        browser = browser_of(hospital, person(access("HP", "Coordinator", hcp=GUEST_HOSPITAL)))
        pseudonym = patient.pseudonym
    assert browser.get(f"/patients/{pseudonym}").status_code == 404
    assert pseudonym not in browser.get("/patients").text
