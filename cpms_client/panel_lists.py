"""Lists of panels: mine, those that wait for me, and the requests for assistance of my networks."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Row, Select, and_, false, or_, select, tuple_
from sqlalchemy.orm import contains_eager

from cpms_client import policy
from cpms_client.claims import Visitor
from cpms_client.db import db
from cpms_client.models import Panel, PanelNetwork, PanelSeat, Patient
from cpms_client.paging import Page, Wanted, paginate
from cpms_client.panel_records import OPEN_STAGES
from cpms_client.policy import Act
from cpms_client.states import ConsentState, SeatState, Stage

Ts = TypeVarTuple("Ts")

MOST_TASKS = 12
FEW = 10


class Task(StrEnum):
    """What a panel may wait for."""

    ANSWER = "answer"
    CONTRIBUTE = "contribute"
    WRITE_OUTCOME = "write_outcome"
    SIGN = "sign"


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for the visitor."""

    task: Task
    number: str
    nickname: str | None
    ern: str
    deadline: date | None


def shown_nickname(panel: Panel) -> str | None:
    """Give the patient's nickname, or nothing when the consent to care was taken back."""
    return panel.patient.nickname if panel.patient.care_consent is ConsentState.GIVEN else None


def _with_seat(visitor: Visitor) -> Select[Panel, PanelSeat]:
    rows = select(Panel, PanelSeat).join(Panel.patient).options(contains_eager(Panel.patient))
    return rows.join(PanelSeat, _mine(visitor))


def _mine(visitor: Visitor) -> ColumnElement[bool]:
    """Hold for the seats that belong to an access that the visitor still has."""
    pairs = [(access.ern, access.hcp) for access in policy.accesses(visitor, Act.CONTRIBUTE)]
    here = tuple_(PanelSeat.ern, PanelSeat.hcp).in_(pairs) if pairs else false()
    return and_(PanelSeat.panel_id == Panel.id, PanelSeat.sub == visitor.sub, here)


def _searched(rows: Select[*Ts], search: str) -> Select[*Ts]:
    if not search:
        return rows
    known = and_(Patient.care_consent == ConsentState.GIVEN, Patient.nickname.icontains(search, autoescape=True))
    return rows.where(or_(Panel.number.icontains(search, autoescape=True), known))


def _mine_listed(visitor: Visitor) -> Select[Panel, PanelSeat]:
    rows = _with_seat(visitor).where(PanelSeat.state.in_((SeatState.ACCEPTED, SeatState.INVITED)))
    return rows.order_by(Panel.changed_at.desc(), Panel.id.desc())


def mine(visitor: Visitor, wanted: Wanted) -> Page[Row[Panel, PanelSeat]]:
    """List the panels in which the visitor sits or is invited, the last changed first, with the visitor's seat."""
    return paginate(_searched(_mine_listed(visitor), wanted.search), wanted)


def few(visitor: Visitor) -> list[tuple[Panel, PanelSeat]]:
    """List the last changed of them, for the dashboard."""
    return [(row[0], row[1]) for row in db.session.execute(_mine_listed(visitor).limit(FEW))]


def waiting(visitor: Visitor) -> list[Waiting]:
    """List what waits for the visitor in open panels whose patient consents, the nearest deadline first."""
    mine_open = and_(Panel.stage.in_(OPEN_STAGES), Patient.care_consent == ConsentState.GIVEN)
    to_do = or_(
        PanelSeat.state == SeatState.INVITED,
        and_(
            PanelSeat.state == SeatState.ACCEPTED,
            or_(
                and_(Panel.stage == Stage.ASSESSMENT, PanelSeat.contributed_at.is_(None)),
                and_(Panel.stage == Stage.OUTCOME, Panel.lead_sub == visitor.sub),
                and_(Panel.stage == Stage.SIGN_OFF, PanelSeat.signed_at.is_(None)),
            ),
        ),
    )
    rows = _with_seat(visitor).where(mine_open, to_do)
    found = db.session.execute(rows.order_by(Panel.deadline.is_(None), Panel.deadline, Panel.id).limit(MOST_TASKS))
    return [_waiting(panel, seat) for panel, seat in found]


TASKS = {Stage.ASSESSMENT: Task.CONTRIBUTE, Stage.OUTCOME: Task.WRITE_OUTCOME, Stage.SIGN_OFF: Task.SIGN}


def _waiting(panel: Panel, seat: PanelSeat) -> Waiting:
    task = Task.ANSWER if seat.state is SeatState.INVITED else TASKS[panel.stage]
    return Waiting(task, panel.number, shown_nickname(panel), panel.ern, panel.deadline)


def handles_requests(visitor: Visitor) -> bool:
    """Tell whether requests for assistance come to this visitor."""
    return bool(policy.accesses(visitor, Act.DISPATCH_REQUEST))


def requests(visitor: Visitor, wanted: Wanted, stages: tuple[Stage, ...] = OPEN_STAGES) -> Page[Panel]:
    """List the requests for assistance to the visitor's networks, the newest first."""
    policy.require_page(visitor, Act.DISPATCH_REQUEST)
    return paginate(_searched(_requests(visitor, stages), wanted.search), wanted, Panel)


def new_requests(visitor: Visitor) -> list[Panel]:
    """List the newest requests that nobody has taken up."""
    return list(db.session.scalars(_requests(visitor, (Stage.REQUEST,)).limit(FEW)))


def _requests(visitor: Visitor, stages: tuple[Stage, ...]) -> Select[Panel]:
    erns = {access.ern for access in policy.accesses(visitor, Act.DISPATCH_REQUEST)}
    asked = select(PanelNetwork.panel_id).where(PanelNetwork.ern.in_(erns))
    return _panels().where(Panel.id.in_(asked), Panel.stage.in_(stages)).order_by(Panel.id.desc())


def _panels() -> Select[Panel]:
    return select(Panel).join(Panel.patient).options(contains_eager(Panel.patient))


def manages(visitor: Visitor) -> bool:
    """Tell whether the visitor manages panels of a network or a hospital, led by others."""
    return bool(_networks_managed(visitor) or _hospitals_managed(visitor))


def managed(visitor: Visitor, wanted: Wanted) -> Page[Panel]:
    """List the panels that the visitor may manage because of network or hospital, the last changed first."""
    pairs = _hospitals_managed(visitor)
    here = tuple_(Patient.ern, Patient.hcp).in_(pairs) if pairs else false()
    rows = _panels().where(or_(Panel.ern.in_(_networks_managed(visitor)), here))
    return paginate(_searched(rows, wanted.search).order_by(Panel.changed_at.desc(), Panel.id.desc()), wanted, Panel)


def _networks_managed(visitor: Visitor) -> set[str]:
    return {access.ern for access in policy.accesses(visitor, Act.MANAGE_PANEL, policy.own_network)}


def _hospitals_managed(visitor: Visitor) -> list[tuple[str, str]]:
    found = policy.accesses(visitor, Act.MANAGE_PANEL, policy.own_hospital)
    return [(access.ern, access.hcp) for access in found]
