"""Consents: give and withdraw them, with date and person, and tell what each withdrawal does."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from cpms_client import clock, openings, patients, policy
from cpms_client.claims import Visitor
from cpms_client.db import db, transactional
from cpms_client.errors import Conflict
from cpms_client.models import ConsentChange, Patient
from cpms_client.openings import Reason
from cpms_client.policy import Act
from cpms_client.single_effect import changes_one
from cpms_client.states import ConsentKind, ConsentState

MOVES: dict[ConsentState, frozenset[ConsentState]] = {
    ConsentState.NOT_GIVEN: frozenset({ConsentState.GIVEN}),
    ConsentState.GIVEN: frozenset({ConsentState.WITHDRAWN}),
    ConsentState.WITHDRAWN: frozenset({ConsentState.GIVEN}),
}


# What stands on the page that asks for confirmation.
EFFECTS = {
    ConsentKind.CARE: (
        _l("Panels hide the patient at once: question, contributions, outcome and nickname."),
        _l("Colleagues outside the treating hospital can no longer open the record."),
        _l("Open panels can only be closed. No new panel can be opened."),
        _l("The record stays with the treating hospital, and the access log is kept."),
    ),
    ConsentKind.REGISTRY: (
        _l("The patient no longer counts in queries for research."),
        _l("Care and panels go on as before."),
    ),
    ConsentKind.RESEARCH: (
        _l("Nobody may contact the patient for research."),
        _l("Care and panels go on as before."),
    ),
}


@dataclass(frozen=True)
class ConsentSheet:
    """The consents of one patient and how they came about, newest change first."""

    patient: Patient
    changes: tuple[ConsentChange, ...]


@transactional
def sheet(visitor: Visitor, pseudonym: str, why: str) -> ConsentSheet:
    """Open the consents of a patient; NotFound or NotAllowed as the policy says."""
    patient = patients.open_for(visitor, pseudonym, Reason(Act.CHANGE_CONSENT, why))
    changes = select(ConsentChange).where(ConsentChange.patient_id == patient.id).order_by(ConsentChange.id.desc())
    return ConsentSheet(patient, tuple(db.session.scalars(changes)))


@transactional
def give(visitor: Visitor, pseudonym: str, kind: ConsentKind) -> Patient:
    """Write down that the patient gives this consent; Conflict "consent_unchanged" if it is given already."""
    return _change(visitor, pseudonym, kind, ConsentState.GIVEN)


@transactional
def withdraw(visitor: Visitor, pseudonym: str, kind: ConsentKind) -> Patient:
    """Write down that the patient takes this consent back; without care consent panels hide the patient."""
    return _change(visitor, pseudonym, kind, ConsentState.WITHDRAWN)


def _change(visitor: Visitor, pseudonym: str, kind: ConsentKind, state: ConsentState) -> Patient:
    found = patients.find(visitor, pseudonym)
    granted = policy.require(visitor, Act.CHANGE_CONSENT, found.subject, Act.SEE_PATIENT)
    now = clock.now()
    before = [known for known, allowed in MOVES.items() if state in allowed]
    row = update(Patient).where(Patient.id == found.patient.id, getattr(Patient, f"{kind.value}_consent").in_(before))
    if not changes_one(row.values({f"{kind.value}_consent": state, f"{kind.value}_at": now})):
        raise Conflict("consent_unchanged", _l("Nothing was changed: this consent already stands like that."))
    who = {"by_sub": visitor.sub, "by_name": visitor.name}
    db.session.add(ConsentChange(patient_id=found.patient.id, kind=kind, state=state, at=now, **who))
    reason = Reason(Act.CHANGE_CONSENT, f"consents.{'give' if state is ConsentState.GIVEN else 'withdraw'}")
    openings.record(visitor, granted, found.patient.id, reason)
    return found.patient
