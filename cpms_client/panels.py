"""Panels: ask for assistance, go from stage to stage, contribute, write down and sign the outcome, close, archive."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from cpms_client import clock, networks, openings, panel_records, patients, policy
from cpms_client.claims import Visitor
from cpms_client.db import db, transactional
from cpms_client.errors import Conflict, Refusal
from cpms_client.models import Contribution, Panel, PanelNetwork, PanelSeat, PanelYear, Patient
from cpms_client.openings import Reason
from cpms_client.panel_records import PanelRecord
from cpms_client.policy import Act, Grant
from cpms_client.single_effect import changes_one, insert_once
from cpms_client.states import ConsentState, SeatState, Stage, Urgency

MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.REQUEST: frozenset({Stage.SELECTION, Stage.CLOSED}),
    Stage.SELECTION: frozenset({Stage.ASSESSMENT, Stage.CLOSED}),
    Stage.ASSESSMENT: frozenset({Stage.OUTCOME, Stage.CLOSED}),
    Stage.OUTCOME: frozenset({Stage.ASSESSMENT, Stage.SIGN_OFF, Stage.CLOSED}),
    Stage.SIGN_OFF: frozenset({Stage.OUTCOME, Stage.CLOSED}),
    Stage.CLOSED: frozenset({Stage.ARCHIVED}),
    Stage.ARCHIVED: frozenset(),
}


@dataclass(frozen=True)
class PanelRequest:
    """What is asked of a panel, and of which further networks."""

    question: str
    urgency: Urgency
    deadline: date | None = None
    networks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PanelPage:
    """What the page of one panel shows, and what the visitor may do there."""

    record: PanelRecord
    contributions: tuple[Contribution, ...]
    acts: frozenset[Act]
    seat: PanelSeat | None
    sees_patient: bool


def _next_number(year: int) -> str:
    step = update(PanelYear).where(PanelYear.year == year).values(last=PanelYear.last + 1).returning(PanelYear.last)
    insert_once(PanelYear(year=year, last=0), select(PanelYear).where(PanelYear.year == year))
    return f"{year}-{db.session.execute(step).scalar_one():04d}"


@transactional
def open_panel(visitor: Visitor, pseudonym: str, request: PanelRequest, form_key: str) -> Panel:
    """Open a panel for a patient, the visitor being its lead; the same form sent twice gives one panel.

    Raises Conflict "consent_withdrawn" and Refusal "unknown_network".
    """
    found = patients.find(visitor, pseudonym)
    granted = policy.require(visitor, Act.OPEN_PANEL, found.subject, Act.SEE_PATIENT)
    if found.patient.care_consent is not ConsentState.GIVEN:
        raise Conflict("consent_withdrawn", _l("The patient took back the consent to care: no panel can be opened."))
    if request.networks - networks.labels().keys():
        raise Refusal("unknown_network", _l("Choose networks from the list."))
    same_form = select(Panel).where(Panel.opened_by == visitor.sub, Panel.form_key == form_key)
    if known := db.session.scalar(same_form):
        return known
    panel, new = insert_once(_panel(visitor, found.patient, request, form_key), same_form)
    if new:
        db.session.add_all(PanelNetwork(panel_id=panel.id, ern=ern) for ern in request.networks | {panel.ern})
        db.session.add(_lead_seat(visitor, granted, panel))
        openings.record(visitor, granted, found.patient.id, Reason(Act.OPEN_PANEL, "panels.open_panel"))
    return panel


def _panel(visitor: Visitor, patient: Patient, request: PanelRequest, form_key: str) -> Panel:
    now = clock.now()
    panel = Panel(number=_next_number(now.year), patient_id=patient.id, ern=patient.ern, form_key=form_key)
    panel.opened_by, panel.opened_by_name = visitor.sub, visitor.name
    panel.lead_sub, panel.lead_name = visitor.sub, visitor.name
    panel.opened_at = panel.changed_at = now
    panel.stage, panel.question = Stage.REQUEST, request.question
    panel.urgency, panel.deadline = request.urgency, request.deadline
    return panel


def _lead_seat(visitor: Visitor, granted: Grant, panel: Panel) -> PanelSeat:
    access = granted.access
    seat = PanelSeat(panel_id=panel.id, sub=visitor.sub, name=visitor.name, ern=access.ern, hcp=access.hcp)
    seat.guest, seat.state, seat.invited_by_name = access.guest, SeatState.ACCEPTED, visitor.name
    seat.invited_at = seat.answered_at = panel.opened_at
    return seat


@transactional
def open_page(visitor: Visitor, number: str, why: str) -> PanelPage:
    """Open a panel for reading; its text tells of the patient, so the access log notes it as an opening."""
    record, granted = panel_records.require(visitor, number, Act.SEE_PANEL)
    acts = frozenset(act for act in Act if policy.may(visitor, act, record.subject))
    if record.hidden:
        return PanelPage(record, (), acts & panel_records.ACTS_WITHOUT_CONSENT, record.seat_of(visitor.sub), False)
    rows = select(Contribution).where(Contribution.panel_id == record.panel.id).order_by(Contribution.id)
    said = tuple(db.session.scalars(rows))
    openings.record(visitor, granted, record.patient.id, Reason(Act.SEE_PANEL, why))
    return PanelPage(record, said, acts, record.seat_of(visitor.sub), _sees_patient(acts, record))


def _sees_patient(acts: frozenset[Act], record: PanelRecord) -> bool:
    return Act.SEE_PATIENT in acts and record.panel.stage is not Stage.ARCHIVED


@transactional
def request_of(visitor: Visitor, number: str, why: str) -> PanelRecord:
    """Open a panel for the lead's forms (request, outcome); logged like any opening."""
    record, granted = panel_records.require(visitor, number, Act.LEAD_PANEL)
    openings.record(visitor, granted, record.patient.id, Reason(Act.LEAD_PANEL, why))
    return record


@transactional
def edit_request(visitor: Visitor, number: str, request: PanelRequest, version: int) -> Panel:
    """Change question, urgency and deadline while the panel is open; Conflict if somebody else did meanwhile."""
    record, granted = panel_records.require(visitor, number, Act.LEAD_PANEL)
    panel_records.require_stage(record, panel_records.INVITING_STAGES)
    panel = record.panel
    texts = {"question": request.question, "urgency": request.urgency, "deadline": request.deadline}
    row = update(Panel).where(Panel.id == panel.id, Panel.version == version, Panel.stage == panel.stage)
    if not changes_one(row.values(**texts, version=version + 1, changed_at=clock.now())):
        raise Conflict(
            "changed_meanwhile", _l("Somebody changed this request while you typed. Compare, then save again.")
        )
    openings.record(visitor, granted, record.patient.id, Reason(Act.LEAD_PANEL, "panels.edit_request"))
    return panel


@transactional
def contribute(visitor: Visitor, number: str, text: str, form_key: str) -> bool:
    """Add a contribution; the same form sent twice adds one. Tells whether this call added it."""
    record, granted = panel_records.require(visitor, number, Act.CONTRIBUTE)
    panel, access, now = record.panel, granted.access, clock.now()
    same_form = select(Contribution).where(
        Contribution.panel_id == panel.id, Contribution.author_sub == visitor.sub, Contribution.form_key == form_key
    )
    if db.session.scalar(same_form):
        return False
    panel_records.require_stage(record, (Stage.ASSESSMENT,))
    said = Contribution(panel_id=panel.id, author_sub=visitor.sub, author_name=visitor.name, form_key=form_key)
    said.hcp, said.guest, said.text, said.at = access.hcp, access.guest, text, now
    _, new = insert_once(said, same_form)
    mine = update(PanelSeat).where(PanelSeat.panel_id == panel.id, PanelSeat.sub == visitor.sub)
    db.session.execute(mine.values(contributed_at=now))
    db.session.execute(update(Panel).where(Panel.id == panel.id).values(changed_at=now))
    if new:
        openings.record(visitor, granted, record.patient.id, Reason(Act.CONTRIBUTE, "panels.contribute"))
    return new


def _move(visitor: Visitor, number: str, act: Act, path: tuple[Stage, Stage], **values: Any) -> PanelRecord:
    record, granted = panel_records.require(visitor, number, act)
    if record.panel.stage is not path[0]:
        raise Conflict("no_such_move", ALREADY.get(path[1], _GONE_ON))
    _moved(visitor, record, granted, Reason(act, f"panels.to_{path[1].value}"), stage=path[1], **values)
    return record


def _moved(visitor: Visitor, record: PanelRecord, granted: Grant, reason: Reason, **values: Any) -> None:
    """Change the stage if MOVES allows it and nobody was faster: the update asks for the stage that was read."""
    panel, to = record.panel, values["stage"]
    row = update(Panel).where(Panel.id == panel.id, Panel.stage == panel.stage)
    allowed = to in MOVES[panel.stage]
    if not allowed or not changes_one(row.values(changed_at=clock.now(), **values)):
        raise Conflict("no_such_move", ALREADY.get(to, _GONE_ON))
    openings.record(visitor, granted, record.patient.id, reason)


_GONE_ON = _l("The panel has gone on meanwhile. Look at its stage, then decide again.")
ALREADY = {
    Stage.CLOSED: _l("This panel is closed already. Nothing was changed."),
    Stage.ARCHIVED: _l("Only a closed panel can be archived, and only once. Nothing was changed."),
}


@transactional
def take_up(visitor: Visitor, number: str) -> None:
    """Accept the request: the network now chooses who takes part."""
    _move(visitor, number, Act.MANAGE_PANEL, (Stage.REQUEST, Stage.SELECTION))


@transactional
def start_assessment(visitor: Visitor, number: str) -> None:
    """Let the members contribute."""
    _move(visitor, number, Act.MANAGE_PANEL, (Stage.SELECTION, Stage.ASSESSMENT))


@transactional
def ask_for_outcome(visitor: Visitor, number: str) -> None:
    """End the contributions: the lead writes the outcome."""
    _move(visitor, number, Act.MANAGE_PANEL, (Stage.ASSESSMENT, Stage.OUTCOME))


@transactional
def back_to_assessment(visitor: Visitor, number: str) -> None:
    """Ask the members once more before the outcome is written."""
    _move(visitor, number, Act.LEAD_PANEL, (Stage.OUTCOME, Stage.ASSESSMENT))


@transactional
def write_outcome(visitor: Visitor, number: str, text: str) -> None:
    """Write down the outcome and lay it before the members to sign."""
    _move(visitor, number, Act.LEAD_PANEL, (Stage.OUTCOME, Stage.SIGN_OFF), outcome=text)


@transactional
def reopen_outcome(visitor: Visitor, number: str) -> None:
    """Take the outcome back to change it; the signatures under the old text fall."""
    record = _move(visitor, number, Act.LEAD_PANEL, (Stage.SIGN_OFF, Stage.OUTCOME))
    db.session.execute(update(PanelSeat).where(PanelSeat.panel_id == record.panel.id).values(signed_at=None))


@transactional
def sign_off(visitor: Visitor, number: str) -> None:
    """Sign the outcome; a second time changes nothing and raises Conflict "already_signed"."""
    record, granted = panel_records.require(visitor, number, Act.SIGN_OFF)
    panel_records.require_stage(record, (Stage.SIGN_OFF,))
    mine = update(PanelSeat).where(PanelSeat.panel_id == record.panel.id, PanelSeat.sub == visitor.sub)
    if not changes_one(mine.where(PanelSeat.signed_at.is_(None)).values(signed_at=clock.now())):
        raise Conflict("already_signed", _l("You signed this outcome already."))
    openings.record(visitor, granted, record.patient.id, Reason(Act.SIGN_OFF, "panels.sign_off"))


@transactional
def close(visitor: Visitor, number: str, note: str) -> None:
    """End a panel: after sign-off by its lead, or before it with a reason.

    Raises Refusal "reason_missing" or "lead_not_signed", Conflict "no_such_move" if it is closed already.
    """
    record, granted = panel_records.require(visitor, number, Act.CLOSE_PANEL)
    lead = record.seat_of(record.panel.lead_sub)
    if record.panel.stage is Stage.SIGN_OFF and not note and not (lead and lead.signed_at):
        raise Refusal("lead_not_signed", _l("The lead has not signed the outcome. Say why you close the panel now."))
    if record.panel.stage in panel_records.OPEN_STAGES[:-1] and not note:
        raise Refusal("reason_missing", _l("Say why the panel ends before an outcome was signed."))
    values = {"stage": Stage.CLOSED, "closed_at": clock.now(), "closed_by_name": visitor.name, "close_note": note}
    _moved(visitor, record, granted, Reason(Act.CLOSE_PANEL, "panels.close"), **values)


@transactional
def archive(visitor: Visitor, number: str) -> None:
    """Put a closed panel away: its members no longer open the patient's record."""
    _move(visitor, number, Act.CLOSE_PANEL, (Stage.CLOSED, Stage.ARCHIVED))


STEPS: dict[str, Callable[[Visitor, str], None]] = {
    "take_up": take_up,
    "start_assessment": start_assessment,
    "ask_for_outcome": ask_for_outcome,
    "back_to_assessment": back_to_assessment,
    "reopen_outcome": reopen_outcome,
    "archive": archive,
}


def step(visitor: Visitor, number: str, name: str) -> None:
    """Take the step that a button of the panel page names; Refusal "unknown_step" for any other name."""
    if name not in STEPS:
        raise Refusal("unknown_step", _GONE_ON)
    STEPS[name](visitor, number)
