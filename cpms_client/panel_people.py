"""The people of a panel: invite, accept or decline, remove, hand over the lead, ask a further network."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from cpms_client import clock, colleagues, networks, openings, panel_records
from cpms_client.claims import Visitor
from cpms_client.db import db, transactional
from cpms_client.errors import Conflict, NotFound, Refusal
from cpms_client.models import ColleagueAccess, Panel, PanelNetwork, PanelSeat
from cpms_client.openings import Reason
from cpms_client.paging import Page, Wanted
from cpms_client.panel_records import INVITING_STAGES, OPEN_STAGES, PanelRecord
from cpms_client.policy import Act
from cpms_client.single_effect import changes_one, insert_once
from cpms_client.states import SeatState

INVITABLE_AGAIN = (SeatState.DECLINED, SeatState.REMOVED)


def candidates(visitor: Visitor, number: str, wanted: Wanted) -> tuple[PanelRecord, Page[ColleagueAccess]]:
    """List the colleagues of the panel's networks whom the visitor could invite."""
    record, _granted = panel_records.require(visitor, number, Act.INVITE_MEMBER)
    return record, colleagues.in_networks(record.networks, wanted)


@transactional
def invite(visitor: Visitor, number: str, access_id: int) -> PanelSeat:
    """Invite a colleague with the access that was chosen from the list.

    Raises Refusal "choose_colleague", "other_network" or "no_panel_profile", Conflict "already_invited", and
    NotAllowed for a guest whom only others may invite.
    """
    record, _granted = panel_records.require(visitor, number, Act.INVITE_MEMBER)
    held = colleagues.find(access_id)
    if held is None:
        raise Refusal("choose_colleague", _l("Choose a colleague from the list, or type an e-mail address."))
    return _invite(visitor, record, held)


@transactional
def invite_by_email(visitor: Visitor, number: str, email: str) -> PanelSeat:
    """Invite the person who entered CPMS with this address; Refusal "unknown_address" if nobody did."""
    record, _granted = panel_records.require(visitor, number, Act.INVITE_MEMBER)
    known = colleagues.by_email(email)
    if not known:
        raise Refusal(
            "unknown_address",
            _l(
                "Nobody has entered CPMS with this e-mail address yet. Ask the person to request access to CPMS "
                "and to sign in once. Then invite the person again."
            ),
        )
    fitting = [held for held in known if held.ern in record.networks and colleagues.can_take_part(held)]
    return _invite(visitor, record, next(iter(fitting), known[0]))


def _invite(visitor: Visitor, record: PanelRecord, held: ColleagueAccess) -> PanelSeat:
    act = Act.INVITE_GUEST if held.guest else Act.INVITE_MEMBER
    _record, granted = panel_records.require(visitor, record.panel.number, act)
    panel_records.require_stage(record, INVITING_STAGES)
    _check_candidate(record, held)
    seat = PanelSeat(panel_id=record.panel.id, sub=held.sub, name=held.colleague.name, ern=held.ern, hcp=held.hcp)
    seat.guest, seat.state, seat.invited_by_name, seat.invited_at = (
        held.guest,
        SeatState.INVITED,
        visitor.name,
        clock.now(),
    )
    mine = select(PanelSeat).where(PanelSeat.panel_id == seat.panel_id, PanelSeat.sub == seat.sub)
    seat, new = insert_once(seat, mine)
    if not new:
        _invite_again(seat, held, visitor)
    openings.record(visitor, granted, record.patient.id, Reason(act, "panel_people.invite"))
    return seat


def _check_candidate(record: PanelRecord, held: ColleagueAccess) -> None:
    if held.ern not in record.networks:
        raise Refusal(
            "other_network",
            _l("This person works in a network that does not take part in the panel. Ask that network first."),
        )
    if not colleagues.can_take_part(held):
        raise Refusal("no_panel_profile", _l("This person's profile takes no part in panels. Choose somebody else."))


def _invite_again(seat: PanelSeat, held: ColleagueAccess, visitor: Visitor) -> None:
    row = update(PanelSeat).where(PanelSeat.id == seat.id, PanelSeat.state.in_(INVITABLE_AGAIN))
    values = {"ern": held.ern, "hcp": held.hcp, "guest": held.guest, "invited_by_name": visitor.name}
    if not changes_one(row.values(state=SeatState.INVITED, invited_at=clock.now(), answered_at=None, **values)):
        raise Conflict("already_invited", _l("This person is invited already. No second invitation was made."))


@transactional
def answer(visitor: Visitor, number: str, joins: bool) -> None:
    """Accept or decline an invitation; Conflict "already_answered" the second time."""
    record = panel_records.load(visitor, number)
    seat = record.seat_of(visitor.sub)
    if seat and seat.state in {SeatState.ACCEPTED, SeatState.DECLINED}:
        raise Conflict("already_answered", _l("You answered this invitation already. Nothing was changed."))
    record, granted = panel_records.require(visitor, number, Act.ANSWER_INVITATION)
    panel_records.require_stage(record, OPEN_STAGES)
    state = SeatState.ACCEPTED if joins else SeatState.DECLINED
    mine = update(PanelSeat).where(PanelSeat.panel_id == record.panel.id, PanelSeat.sub == visitor.sub)
    values = {"state": state, "answered_at": clock.now()}
    if not changes_one(mine.where(PanelSeat.state == SeatState.INVITED).values(values)):
        raise Conflict("already_answered", _l("You answered this invitation already. Nothing was changed."))
    openings.record(visitor, granted, record.patient.id, Reason(Act.ANSWER_INVITATION, "panel_people.answer"))


def _seat(record: PanelRecord, seat_id: int) -> PanelSeat:
    found = next((seat for seat in record.seats if seat.id == seat_id), None)
    if found is None:
        raise NotFound()
    return found


@transactional
def remove(visitor: Visitor, number: str, seat_id: int) -> PanelSeat:
    """Take a person out of an open panel; the lead cannot be taken out (Refusal "lead_stays")."""
    record, granted = panel_records.require(visitor, number, Act.MANAGE_PANEL)
    panel_records.require_stage(record, OPEN_STAGES)
    seat = _seat(record, seat_id)
    if seat.sub == record.panel.lead_sub:
        raise Refusal("lead_stays", _l("The lead cannot be removed. Hand over the lead first."))
    row = update(PanelSeat).where(PanelSeat.id == seat.id, PanelSeat.state.not_in(INVITABLE_AGAIN))
    if not changes_one(row.values(state=SeatState.REMOVED)):
        raise Conflict("already_removed", _l("This person is not in the panel any more. Nothing was changed."))
    openings.record(visitor, granted, record.patient.id, Reason(Act.MANAGE_PANEL, "panel_people.remove"))
    return seat


@transactional
def assign_lead(visitor: Visitor, number: str, seat_id: int) -> PanelSeat:
    """Make a member the lead; Refusal "cannot_lead" for who has not joined or holds no profile that may lead."""
    record, granted = panel_records.require(visitor, number, Act.ASSIGN_LEAD)
    panel_records.require_stage(record, OPEN_STAGES)
    seat = _seat(record, seat_id)
    if seat.state is not SeatState.ACCEPTED or not _may_lead(seat):
        raise Refusal(
            "cannot_lead", _l("This person cannot lead: only members who joined, with a clinical profile, can.")
        )
    row = update(Panel).where(Panel.id == record.panel.id, Panel.lead_sub == record.panel.lead_sub)
    if not changes_one(row.values(lead_sub=seat.sub, lead_name=seat.name, changed_at=clock.now())):
        raise Conflict("changed_meanwhile", _l("Somebody else changed the lead meanwhile. Look again, then decide."))
    openings.record(visitor, granted, record.patient.id, Reason(Act.ASSIGN_LEAD, "panel_people.assign_lead"))
    return seat


def _may_lead(seat: PanelSeat) -> bool:
    here = (ColleagueAccess.sub == seat.sub, ColleagueAccess.ern == seat.ern, ColleagueAccess.hcp == seat.hcp)
    return any(colleagues.can_lead(held) for held in db.session.scalars(select(ColleagueAccess).where(*here)))


@transactional
def invite_network(visitor: Visitor, number: str, ern: str) -> None:
    """Ask a further network: its coordinators see the request and may invite; Conflict if it takes part already."""
    record, granted = panel_records.require(visitor, number, Act.MANAGE_PANEL)
    panel_records.require_stage(record, INVITING_STAGES)
    if ern not in networks.labels():
        raise Refusal("unknown_network", _l("Choose a network from the list."))
    row = PanelNetwork(panel_id=record.panel.id, ern=ern)
    same = select(PanelNetwork).where(PanelNetwork.panel_id == record.panel.id, PanelNetwork.ern == ern)
    _row, new = insert_once(row, same)
    if not new:
        raise Conflict("network_takes_part", _l("This network takes part already. Nothing was changed."))
    openings.record(visitor, granted, record.patient.id, Reason(Act.MANAGE_PANEL, "panel_people.invite_network"))
