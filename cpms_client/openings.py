"""The access log: who opened or changed which patient's data, when, with which access, by which page. Append-only."""

from dataclasses import dataclass

from sqlalchemy import Row, or_, select

from cpms_client import clock, policy
from cpms_client.claims import Visitor
from cpms_client.db import db
from cpms_client.models import Opening, Patient
from cpms_client.paging import Page, Wanted, paginate
from cpms_client.policy import Act, Grant

RECENT = 3


@dataclass(frozen=True)
class Reason:
    """Why a patient was opened: the act of the policy and the page (route) that asked."""

    act: Act
    why: str


def record(visitor: Visitor, granted: Grant, patient_id: int, reason: Reason) -> None:
    """Write one line into the access log, inside the caller's transaction."""
    db.session.add(
        Opening(
            patient_id=patient_id,
            sub=visitor.sub,
            name=visitor.name,
            at=clock.now(),
            ern=granted.access.ern,
            hcp=granted.access.hcp,
            role=granted.role.value,
            act=reason.act.value,
            why=reason.why,
        )
    )


def recent(patient_id: int) -> list[Opening]:
    """List the last openings of a patient, newest first."""
    newest = select(Opening).where(Opening.patient_id == patient_id).order_by(Opening.id.desc()).limit(RECENT)
    return list(db.session.scalars(newest))


def of_patient(patient_id: int, wanted: Wanted) -> Page[Opening]:
    """Answer "who opened this patient", newest first; the caller has asked the policy for SEE_OPENINGS."""
    rows = select(Opening).where(Opening.patient_id == patient_id).order_by(Opening.id.desc())
    return paginate(rows, wanted, Opening)


def of_person(visitor: Visitor, wanted: Wanted) -> Page[Row[Opening, str]]:
    """Answer "what did this person open" (name or identifier in `wanted.search`), in the coordinator's own networks."""
    policy.require_page(visitor, Act.SEE_COLLEAGUE_OPENINGS)
    networks = {access.ern for access in policy.accesses(visitor, Act.SEE_COLLEAGUE_OPENINGS)}
    rows = select(Opening, Patient.pseudonym).join(Patient, Patient.id == Opening.patient_id)
    if wanted.search:
        rows = rows.where(or_(Opening.sub == wanted.search, Opening.name.icontains(wanted.search, autoescape=True)))
    return paginate(rows.where(Patient.ern.in_(networks)).order_by(Opening.id.desc()), wanted)


def of_sub(sub: str, wanted: Wanted) -> Page[Row[Opening, str]]:
    """Answer the same for the operator's command: everything that one identifier opened."""
    rows = select(Opening, Patient.pseudonym).join(Patient, Patient.id == Opening.patient_id)
    return paginate(rows.where(Opening.sub == sub).order_by(Opening.id.desc()), wanted)
