"""What cannot be undone for a patient needs a fresh proof, for the page that asks and for the form itself."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from cpms_client import clock
from cpms_client.db import db
from cpms_client.models import Patient
from cpms_client.sessions import Session
from cpms_client.states import ConsentKind, ConsentState
from tests.security.programs import Programs
from tests.support.cpms_builders import browser_of, patient_of, person, post


@pytest.fixture
def hospital(programs: Programs) -> Flask:
    return programs("cpms")


@pytest.mark.parametrize("kind", ConsentKind)
@pytest.mark.parametrize("asks_first", [True, False])
def test_no_consent_is_withdrawn_with_an_old_proof(hospital: Flask, kind: ConsentKind, asks_first: bool) -> None:
    with hospital.app_context():
        doctor = person(name="Lena Hartwig")
        pseudonym = patient_of(doctor, *ConsentKind).pseudonym
        browser = browser_of(hospital, doctor)
    address = f"/patients/{pseudonym}/consents/{kind.value}/withdraw"
    _grows_old(hospital, timedelta(minutes=11))
    answer = browser.get(address) if asks_first else _sends(browser, address, pseudonym)
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in?")
    assert "max_age=600" in answer.location
    assert _consent(hospital, pseudonym, kind) is ConsentState.GIVEN
    _grows_old(hospital, timedelta(minutes=9))
    _sends(browser, address, pseudonym)
    assert _consent(hospital, pseudonym, kind) is ConsentState.WITHDRAWN


def _sends(browser: FlaskClient, address: str, pseudonym: str) -> object:
    return post(browser, address, f"/patients/{pseudonym}/consents")


def _grows_old(hospital: Flask, age: timedelta) -> None:
    with hospital.app_context():
        db.session.execute(update(Session).values(auth_time=clock.now() - age))
        db.session.commit()


def _consent(hospital: Flask, pseudonym: str, kind: ConsentKind) -> ConsentState:
    with hospital.app_context():
        patient = db.session.query(Patient).filter_by(pseudonym=pseudonym).one()
        state: ConsentState = getattr(patient, f"{kind.value}_consent")
        return state
