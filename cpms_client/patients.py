"""Patients: enrol, find, change and list them, each under a pseudonym and a nickname."""

import secrets
from dataclasses import asdict, dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, false, or_, select, tuple_, update

from cpms_client import clock, openings, policy
from cpms_client.claims import Access, Visitor
from cpms_client.db import db, transactional
from cpms_client.errors import Conflict, NotFound, Refusal
from cpms_client.models import ConsentChange, Opening, Panel, PanelSeat, Patient
from cpms_client.openings import Reason
from cpms_client.paging import Page, Wanted, paginate
from cpms_client.policy import Act, Grant, Seat, Standing, Subject
from cpms_client.single_effect import changes_one, insert_once
from cpms_client.states import AgeKind, ConsentKind, ConsentState, LifeStatus, SeatState, Sex, Stage

# No letter or digit that is mistaken for another when read out on the telephone.
FEW = 10
ALPHABET = "23456789ABCDEFGHJKMNPQRTVWXYZ"


@dataclass(frozen=True)
class PatientData:
    """The common data elements of one patient, as checked by the form; dates may be a year only (`1979`, `1979-05`)."""

    nickname: str
    sex: Sex
    birth: str
    status: LifeStatus = LifeStatus.ALIVE
    death: str | None = None
    first_contact: str | None = None
    onset: AgeKind = AgeKind.UNDETERMINED
    onset_date: str | None = None
    diagnosed: AgeKind = AgeKind.UNDETERMINED
    diagnosed_date: str | None = None
    undiagnosed: bool = False
    disease: str = ""
    orpha: str | None = None
    genetic: str = ""
    phenotype: str = ""
    sample: bool = False
    biobank: str = ""
    disability: str = ""


@dataclass(frozen=True)
class Found:
    """A patient that the visitor may see, with the panels and what the rules need to know."""

    patient: Patient
    subject: Subject
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class PatientRecord:
    """What the page of one patient shows."""

    patient: Patient
    panels: tuple[Panel, ...]
    openings: tuple[Opening, ...]
    acts: frozenset[Act]


def _prefix(ern: str) -> str:
    letters = ern.upper().replace("ERN-", "").replace("-ERN", "")
    return "".join(letter for letter in letters if letter.isalnum())[:10]


def _new_pseudonym(ern: str) -> str:
    while True:
        middle = "".join(secrets.choice(ALPHABET) for _ in range(4))
        pseudonym = f"{_prefix(ern)}-{middle}-{secrets.randbelow(10_000):04d}"
        if db.session.scalar(select(Patient.id).where(Patient.pseudonym == pseudonym)) is None:
            return pseudonym


@transactional
def enrol(
    visitor: Visitor, place: Access, data: PatientData, consents: frozenset[ConsentKind], form_key: str
) -> Patient:
    """Enrol a patient for one network and hospital of the visitor; the same form sent twice gives one patient.

    Raises Refusal "no_care_consent" without consent to care and NotFound for a place that is not the visitor's.
    """
    if place not in policy.accesses(visitor, Act.ENROL_PATIENT):
        raise NotFound()
    if ConsentKind.CARE not in consents:
        raise Refusal("no_care_consent", _l("Without consent to care the patient cannot be enrolled."))
    now = clock.now()
    states = {kind: ConsentState.GIVEN if kind in consents else ConsentState.NOT_GIVEN for kind in ConsentKind}
    patient = Patient(
        pseudonym=_new_pseudonym(place.ern),
        ern=place.ern,
        country=place.country,
        hcp=place.hcp,
        hcp_name=place.hcp_name,
        enrolled_by=visitor.sub,
        enrolled_by_name=visitor.name,
        enrolled_at=now,
        form_key=form_key,
        **asdict(data),
        **{f"{kind.value}_consent": state for kind, state in states.items()},
        **{f"{kind.value}_at": now for kind in ConsentKind},
    )
    same_form = select(Patient).where(Patient.enrolled_by == visitor.sub, Patient.form_key == form_key)
    patient, new = insert_once(patient, same_form)
    if new:
        _note_enrolment(visitor, place, patient, states)
    return patient


def _note_enrolment(visitor: Visitor, place: Access, patient: Patient, states: dict[ConsentKind, ConsentState]) -> None:
    for kind, state in states.items():
        change = ConsentChange(patient_id=patient.id, kind=kind, state=state, at=patient.enrolled_at)
        change.by_sub, change.by_name = visitor.sub, visitor.name
        db.session.add(change)
    granted = next(Grant(place, role) for role in policy.roles(place) if policy.MAY[Act.ENROL_PATIENT][role])
    openings.record(visitor, granted, patient.id, Reason(Act.ENROL_PATIENT, "patients.enrol"))


def find(visitor: Visitor, pseudonym: str) -> Found:
    """Load a patient with its panels and the visitor's seats in them, in two queries; NotFound if there is none."""
    patient = db.session.scalar(select(Patient).where(Patient.pseudonym == pseudonym))
    if patient is None:
        raise NotFound()
    rows = _panels(visitor, patient)
    seats = tuple(
        Seat(seat.ern, seat.hcp, Standing.MEMBER)
        for panel, seat in rows
        if seat is not None and seat.state is SeatState.ACCEPTED and panel.stage is not Stage.ARCHIVED
    )
    # A patient who took back the consent to care is shown to the treating hospital only.
    seats = seats if patient.care_consent is ConsentState.GIVEN else ()
    subject = Subject(patient.ern, patient.hcp, patient.enrolled_by, seats=seats)
    at_home = policy.may(visitor, Act.OPEN_PANEL, subject)
    shown = tuple(panel for panel, seat in rows if at_home or (seat is not None and seat.state is SeatState.ACCEPTED))
    return Found(patient, subject, shown)


def _panels(visitor: Visitor, patient: Patient) -> list[tuple[Panel, PanelSeat | None]]:
    own_seat = and_(PanelSeat.panel_id == Panel.id, PanelSeat.sub == visitor.sub)
    rows = select(Panel, PanelSeat).outerjoin(PanelSeat, own_seat).where(Panel.patient_id == patient.id)
    return [(row[0], row[1]) for row in db.session.execute(rows.order_by(Panel.id.desc()))]


@transactional
def open_record(visitor: Visitor, pseudonym: str, why: str) -> PatientRecord:
    """Open a patient's record for reading, and write that into the access log; NotFound to who may not see it."""
    found = find(visitor, pseudonym)
    granted = policy.require(visitor, Act.SEE_PATIENT, found.subject, Act.SEE_PATIENT)
    acts = frozenset(act for act in Act if policy.may(visitor, act, found.subject))
    latest = tuple(openings.recent(found.patient.id)) if Act.SEE_OPENINGS in acts else ()
    openings.record(visitor, granted, found.patient.id, Reason(Act.SEE_PATIENT, why))
    return PatientRecord(found.patient, found.panels, latest, acts)


@transactional
def open_for(visitor: Visitor, pseudonym: str, reason: Reason) -> Patient:
    """Open a patient for an act that starts with a form (edit, consents, new panel), and log that."""
    found = find(visitor, pseudonym)
    granted = policy.require(visitor, reason.act, found.subject, Act.SEE_PATIENT)
    openings.record(visitor, granted, found.patient.id, reason)
    return found.patient


@transactional
def edit(visitor: Visitor, pseudonym: str, data: PatientData, version: int) -> Patient:
    """Change a patient's data; Conflict "changed_meanwhile" if somebody else did since `version` was read."""
    found = find(visitor, pseudonym)
    granted = policy.require(visitor, Act.EDIT_PATIENT, found.subject, Act.SEE_PATIENT)
    row = update(Patient).where(Patient.id == found.patient.id, Patient.version == version)
    if not changes_one(row.values(version=version + 1, **asdict(data))):
        raise Conflict(
            "changed_meanwhile",
            _l("Somebody changed this record while you typed. Open it in another tab, compare, then save again."),
        )
    openings.record(visitor, granted, found.patient.id, Reason(Act.EDIT_PATIENT, "patients.edit"))
    return found.patient


def places(visitor: Visitor) -> tuple[Access, ...]:
    """List the networks and hospitals for which the visitor may enrol a patient."""
    return policy.accesses(visitor, Act.ENROL_PATIENT)


def has_hospital(visitor: Visitor) -> bool:
    """Tell whether the visitor works at a hospital whose patients he or she may see; guests do not."""
    return bool(policy.accesses(visitor, Act.SEE_PATIENT, policy.own_hospital))


def _at(accesses: tuple[Access, ...]) -> ColumnElement[bool]:
    pairs = [(access.ern, access.hcp) for access in accesses]
    return tuple_(Patient.ern, Patient.hcp).in_(pairs) if pairs else false()


def few(visitor: Visitor) -> list[Patient]:
    """List the newest patients of the visitor's hospital, or a guest's own, for the dashboard."""
    which = _at(policy.accesses(visitor, Act.SEE_PATIENT, policy.own_hospital))
    if not has_hospital(visitor):
        which = and_(Patient.enrolled_by == visitor.sub, _at(places(visitor)))
    return list(db.session.scalars(select(Patient).where(which).order_by(Patient.id.desc()).limit(FEW)))


def _listed(which: ColumnElement[bool], wanted: Wanted) -> Page[Patient]:
    rows = select(Patient).where(which).order_by(Patient.id.desc())
    if wanted.search:
        fields = (Patient.nickname, Patient.pseudonym, Patient.disease, Patient.orpha)
        rows = rows.where(or_(*(field.icontains(wanted.search, autoescape=True) for field in fields)))
    return paginate(rows, wanted, Patient)


def of_my_hospital(visitor: Visitor, wanted: Wanted) -> Page[Patient]:
    """List the patients of the visitor's own hospitals, newest first; guests have no hospital, so none."""
    return _listed(_at(policy.accesses(visitor, Act.SEE_PATIENT, policy.own_hospital)), wanted)


def mine(visitor: Visitor, wanted: Wanted) -> Page[Patient]:
    """List the patients whom the visitor enrolled, where the visitor still works."""
    return _listed(and_(Patient.enrolled_by == visitor.sub, _at(places(visitor))), wanted)
