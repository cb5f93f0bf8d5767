"""How tests of CPMS get people, patients and panels without clicking: accesses, visitors, and the real verbs."""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from cpms_client import clock, colleagues, panel_people, panels, patients, sessions
from cpms_client.claims import Access, Visitor
from cpms_client.db import db
from cpms_client.id_token import SignIn
from cpms_client.models import Panel, Patient
from cpms_client.panels import PanelRequest
from cpms_client.patients import PatientData
from cpms_client.states import ConsentKind, Sex, Stage, Urgency
from tests.support.cpms_browser import csrf
from tests.support.fake_issuer import MFA

numbers = itertools.count(1)

PLACES = {
    ("ERN-RND", "DE22"): "University Hospital Tübingen",
    ("ERN-RND", "DE03"): "University Hospital Munich",
    ("ReCONNET", "IT08"): "University Hospital Pisa",
}


def access(*profiles: str, ern: str = "ERN-RND", hcp: str = "DE22", guest: str | None = None) -> Access:
    """Make an access: HP at DE22 for ERN-RND, unless told otherwise; guests get the code that all guests share."""
    if guest:
        return Access(ern, "DE", "0000", "Guest Access", frozenset(profiles), guest, False)
    name = PLACES.get((ern, hcp), f"Hospital {hcp}")
    return Access(ern, hcp[:2], hcp, name, frozenset(profiles or ("HP",)), None, True)


def person(*accesses: Access, name: str = "") -> Visitor:
    """Make a person who has entered CPMS before; without accesses an HP at DE22."""
    number = next(numbers)
    sub = f"n{number:07d}"
    visitor = Visitor(sub, name or f"Person {number}", f"person{number}@hospital.example", accesses or (access(),))
    colleagues.remember(visitor)
    return visitor


def data(**changes: Any) -> PatientData:
    """Make the data of an invented patient."""
    known = PatientData(nickname="Bluebird", sex=Sex.FEMALE, birth="1979", disease="Spinocerebellar ataxia type 3")
    return replace(known, **changes)


def patient_of(visitor: Visitor, *consents: ConsentKind, **changes: Any) -> Patient:
    """Enrol a patient with the visitor's first access that may; consent to care only, unless told otherwise."""
    place = patients.places(visitor)[0]
    given = frozenset(consents or (ConsentKind.CARE,))
    return patients.enrol(visitor, place, data(**changes), given, secrets.token_hex(8))


def panel_of(visitor: Visitor, patient: Patient, *further: str, question: str = "What do you advise?") -> Panel:
    """Open a panel for a patient, led by the visitor."""
    request = PanelRequest(question, Urgency.ROUTINE, None, frozenset(further))
    return panels.open_panel(visitor, patient.pseudonym, request, secrets.token_hex(8))


def seat(lead: Visitor, panel: Panel, guest: Visitor, *, joins: bool | None = True) -> None:
    """Invite a person; the person joins, declines (False) or has not answered (None)."""
    panel_people.invite_by_email(lead, panel.number, guest.email)
    if joins is not None:
        panel_people.answer(guest, panel.number, joins)


STEPS = {
    Stage.REQUEST: panels.take_up,
    Stage.SELECTION: panels.start_assessment,
    Stage.ASSESSMENT: panels.ask_for_outcome,
    Stage.OUTCOME: lambda lead, number: panels.write_outcome(lead, number, "Physiotherapy."),
    Stage.SIGN_OFF: lambda lead, number: (panels.sign_off(lead, number), panels.close(lead, number, "")),
    Stage.CLOSED: panels.archive,
}


def brought_to(stage: Stage, lead: Visitor, panel: Panel) -> Panel:
    """Let the lead take a fresh panel to a stage, by the verbs of the panel page."""
    for before in itertools.takewhile(lambda known: known is not stage, Stage):
        STEPS[before](lead, panel.number)
    db.session.refresh(panel)
    return panel


def browser_of(app: Flask, visitor: Visitor) -> FlaskClient:
    """Make a browser in which this person is signed in; the claims say what the visitor's accesses say."""
    claims = {"sub": visitor.sub, "name": visitor.name, "email": visitor.email}
    entries = [vars(held) | {"profiles": sorted(held.profiles)} for held in visitor.accesses]
    sign_in = SignIn(sub=visitor.sub, sid=secrets.token_hex(8), acr=MFA, auth_time=clock.now())
    # A session without tokens is only read in training; a token that is fresh is not asked about for a minute.
    tokens = {"access_token": "fresh", "id_token": "x.y.z"}
    token = sessions.start(sign_in, claims | {"ern_access": entries}, tokens, None)
    browser = app.test_client()
    browser.set_cookie(app.extensions["cpms_settings"].cookie("session"), token)
    return browser


def post(browser: FlaskClient, path: str, page: str = "/help", **fields: Any) -> Any:
    """Send a form with its protection, which is read from a page that shows one."""
    return browser.post(path, data={"csrf_token": csrf(browser, page)} | fields)


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Collect the statements that the database gets meanwhile, transactions aside."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
