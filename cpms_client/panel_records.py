"""One panel as loaded for a page or an act: the panel, its patient, its networks and seats, and what the rules say."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from cpms_client import policy
from cpms_client.claims import Visitor
from cpms_client.db import db
from cpms_client.errors import Conflict, NotFound
from cpms_client.models import Panel, PanelNetwork, PanelSeat, Patient
from cpms_client.policy import Act, Grant, Seat, Standing, Subject
from cpms_client.states import ConsentState, SeatState, Stage

OPEN_STAGES = (Stage.REQUEST, Stage.SELECTION, Stage.ASSESSMENT, Stage.OUTCOME, Stage.SIGN_OFF)
INVITING_STAGES = (Stage.REQUEST, Stage.SELECTION, Stage.ASSESSMENT)
# Without the patient's consent to care a panel can only come to its end.
ACTS_WITHOUT_CONSENT = frozenset({Act.SEE_PANEL, Act.CLOSE_PANEL})


@dataclass(frozen=True)
class PanelRecord:
    """A panel with everything that the rules need to know."""

    panel: Panel
    networks: tuple[str, ...]
    seats: tuple[PanelSeat, ...]
    subject: Subject

    @property
    def patient(self) -> Patient:
        """Give the patient whom the panel is about."""
        return self.panel.patient

    @property
    def hidden(self) -> bool:
        """Tell whether the patient's data must not be shown: the consent to care was taken back."""
        return self.patient.care_consent is not ConsentState.GIVEN

    def seat_of(self, sub: str) -> PanelSeat | None:
        """Find a person's seat."""
        return next((seat for seat in self.seats if seat.sub == sub), None)


def load(visitor: Visitor, number: str) -> PanelRecord:
    """Load a panel in three queries; NotFound if there is none."""
    panel = db.session.scalar(
        select(Panel).join(Panel.patient).options(contains_eager(Panel.patient)).where(Panel.number == number)
    )
    if panel is None:
        raise NotFound()
    networks = db.session.scalars(select(PanelNetwork.ern).where(PanelNetwork.panel_id == panel.id)).all()
    seats = db.session.scalars(select(PanelSeat).where(PanelSeat.panel_id == panel.id).order_by(PanelSeat.id)).all()
    own = tuple(_standing(panel, seat) for seat in seats if seat.sub == visitor.sub and _counts(seat))
    patient = panel.patient
    subject = Subject(patient.ern, patient.hcp, patient.enrolled_by, frozenset(networks), own)
    return PanelRecord(panel, tuple(sorted(networks)), tuple(seats), subject)


def _counts(seat: PanelSeat) -> bool:
    return seat.state in {SeatState.INVITED, SeatState.ACCEPTED}


def _standing(panel: Panel, seat: PanelSeat) -> Seat:
    if seat.state is SeatState.INVITED:
        return Seat(seat.ern, seat.hcp, Standing.INVITED)
    return Seat(seat.ern, seat.hcp, Standing.LEAD if panel.lead_sub == seat.sub else Standing.MEMBER)


def require(visitor: Visitor, number: str, act: Act) -> tuple[PanelRecord, Grant]:
    """Load a panel for an act; NotFound, NotAllowed or Conflict "consent_withdrawn" if it cannot be done."""
    record = load(visitor, number)
    granted = policy.require(visitor, act, record.subject, Act.SEE_PANEL)
    if record.hidden and act not in ACTS_WITHOUT_CONSENT:
        raise Conflict(
            "consent_withdrawn",
            _l("The patient took back the consent to care. The panel can only be closed or archived."),
        )
    return record, granted


def require_stage(record: PanelRecord, stages: tuple[Stage, ...]) -> None:
    """Raise Conflict "wrong_stage" unless the panel stands at one of these stages."""
    if record.panel.stage not in stages:
        raise Conflict("wrong_stage", _l("The panel has gone on meanwhile. Look at its stage, then decide again."))
