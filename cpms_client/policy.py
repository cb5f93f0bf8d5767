"""Who may do what: one table, act x role; each cell lists alternatives, one of which must hold for ONE access."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from cpms_client.claims import Access, Visitor
from cpms_client.errors import NotAllowed, NotFound

GUEST_HOSPITAL = "0000"


class Role(StrEnum):
    """What an access makes of a person; a guest is nothing but a guest, whatever profile the claim names."""

    HP = "HP"
    COORDINATOR = "Coordinator"
    DISPATCHER = "Dispatcher"
    PANEL_MANAGER_ERN = "Panel Manager ERN"
    PANEL_MANAGER_HCP = "Panel Manager HCP"
    RESEARCHER = "Researcher"
    CONSULT_GUEST = "consult"
    VIRTUAL_CENTRE = "virtual_centre"


class Standing(Enum):
    """What a person is in one panel."""

    INVITED = auto()
    MEMBER = auto()
    LEAD = auto()


@dataclass(frozen=True)
class Seat:
    """The visitor's place in a panel; it belongs to the network and hospital for which the visitor was invited."""

    ern: str
    hcp: str
    standing: Standing


@dataclass(frozen=True)
class Subject:
    """What the rules need to know of a patient or a panel; `seats` are those of the visitor who asks."""

    ern: str
    hcp: str
    owner: str
    networks: frozenset[str] = frozenset()
    seats: tuple[Seat, ...] = ()


NOTHING = Subject("", "", "")


@dataclass(frozen=True)
class Case:
    """One question to the table: this person, with this access alone, about this subject."""

    sub: str
    access: Access
    subject: Subject


@dataclass(frozen=True)
class Grant:
    """A yes, with the access and the role that gave it; both go into the access log."""

    access: Access
    role: Role


Predicate = Callable[[Case], bool]


def anywhere(_case: Case) -> bool:
    """Hold for everybody who has the role."""
    return True


def own_hospital(case: Case) -> bool:
    """Hold for the patient's own network and hospital; never for guests, who all share one code."""
    access, subject = case.access, case.subject
    shared_code = access.guest is not None or access.hcp == GUEST_HOSPITAL
    return not shared_code and (access.ern, access.hcp) == (subject.ern, subject.hcp)


def own_patient(case: Case) -> bool:
    """Hold for what this person enrolled with this very access."""
    access, subject = case.access, case.subject
    return subject.owner == case.sub and (access.ern, access.hcp) == (subject.ern, subject.hcp)


def own_network(case: Case) -> bool:
    """Hold for the network that the patient was enrolled for."""
    return case.access.guest is None and case.access.ern == case.subject.ern


def asked_network(case: Case) -> bool:
    """Hold for each network that takes part in the panel."""
    return case.access.guest is None and case.access.ern in case.subject.networks


def _seated(case: Case, *standings: Standing) -> bool:
    place = (case.access.ern, case.access.hcp)
    return any((seat.ern, seat.hcp) == place and seat.standing in standings for seat in case.subject.seats)


def invited(case: Case) -> bool:
    """Hold for who was asked to join and has not answered."""
    return _seated(case, Standing.INVITED)


def member(case: Case) -> bool:
    """Hold for who joined the panel, its lead included."""
    return _seated(case, Standing.MEMBER, Standing.LEAD)


def lead(case: Case) -> bool:
    """Hold for the lead of the panel."""
    return _seated(case, Standing.LEAD)


class Act(StrEnum):
    """Everything that a person can do here."""

    ENROL_PATIENT = "enrol_patient"
    SEE_PATIENT = "see_patient"
    EDIT_PATIENT = "edit_patient"
    CHANGE_CONSENT = "change_consent"
    SEE_OPENINGS = "see_openings"
    OPEN_PANEL = "open_panel"
    SEE_PANEL = "see_panel"
    ANSWER_INVITATION = "answer_invitation"
    CONTRIBUTE = "contribute"
    LEAD_PANEL = "lead_panel"
    SIGN_OFF = "sign_off"
    MANAGE_PANEL = "manage_panel"
    INVITE_MEMBER = "invite_member"
    INVITE_GUEST = "invite_guest"
    CLOSE_PANEL = "close_panel"
    ASSIGN_LEAD = "assign_lead"
    DISPATCH_REQUEST = "dispatch_request"
    SEE_KPIS = "see_kpis"
    SEE_COLLEAGUE_OPENINGS = "see_colleague_openings"
    QUERY_ANONYMISED = "query_anonymised"


Cell = tuple[Predicate, ...]

NO: Cell = ()
YES: Cell = (anywhere,)
HOSP: Cell = (own_hospital,)
OWN: Cell = (own_patient,)
MEMB: Cell = (member,)
LEAD: Cell = (lead,)
INVT: Cell = (invited,)
CARE: Cell = (own_hospital, member)
MINE: Cell = (own_patient, member)
SEAT: Cell = (invited, member)
SE_H: Cell = (invited, member, own_hospital)
SE_E: Cell = (invited, member, own_network)
SE_N: Cell = (invited, member, own_hospital, asked_network)
SE_O: Cell = (invited, member, own_patient)
LE_E: Cell = (lead, own_network)
LE_N: Cell = (lead, asked_network)
NETW: Cell = (asked_network,)
ERN_: Cell = (own_network,)

# fmt: off
COLUMNS = (Role.HP, Role.COORDINATOR, Role.DISPATCHER, Role.PANEL_MANAGER_ERN,
           Role.PANEL_MANAGER_HCP, Role.RESEARCHER, Role.CONSULT_GUEST, Role.VIRTUAL_CENTRE)
ROWS: dict[Act, tuple[Cell, ...]] = {
    #                            HP    Coord Disp  M-ERN M-HCP Resea Guest GuestVC
    Act.ENROL_PATIENT:          (YES,  YES,  YES,  NO,   NO,   NO,   NO,   YES),
    Act.SEE_PATIENT:            (CARE, CARE, CARE, MEMB, MEMB, NO,   MEMB, MINE),
    Act.EDIT_PATIENT:           (HOSP, HOSP, HOSP, NO,   NO,   NO,   NO,   OWN),
    Act.CHANGE_CONSENT:         (HOSP, HOSP, HOSP, NO,   NO,   NO,   NO,   OWN),
    Act.SEE_OPENINGS:           (HOSP, HOSP, HOSP, NO,   NO,   NO,   NO,   OWN),
    Act.OPEN_PANEL:             (HOSP, HOSP, HOSP, NO,   NO,   NO,   NO,   OWN),
    Act.SEE_PANEL:              (SE_H, SE_N, SE_N, SE_E, SE_H, NO,   SEAT, SE_O),
    Act.ANSWER_INVITATION:      (INVT, INVT, INVT, INVT, INVT, NO,   INVT, INVT),
    Act.CONTRIBUTE:             (MEMB, MEMB, MEMB, MEMB, MEMB, NO,   MEMB, MEMB),
    Act.LEAD_PANEL:             (LEAD, LEAD, LEAD, NO,   NO,   NO,   NO,   LEAD),
    Act.SIGN_OFF:               (MEMB, MEMB, MEMB, MEMB, MEMB, NO,   MEMB, MEMB),
    Act.MANAGE_PANEL:           (LEAD, LE_E, LE_E, ERN_, HOSP, NO,   NO,   LEAD),
    Act.INVITE_MEMBER:          (LEAD, LE_N, LE_N, ERN_, HOSP, NO,   NO,   LEAD),
    Act.INVITE_GUEST:           (LEAD, LE_E, LE_E, ERN_, NO,   NO,   NO,   LEAD),
    Act.CLOSE_PANEL:            (LEAD, LE_E, LE_E, ERN_, HOSP, NO,   NO,   LEAD),
    Act.ASSIGN_LEAD:            (NO,   ERN_, ERN_, NO,   NO,   NO,   NO,   NO),
    Act.DISPATCH_REQUEST:       (NO,   NETW, NETW, NO,   NO,   NO,   NO,   NO),
    Act.SEE_KPIS:               (NO,   YES,  NO,   NO,   NO,   NO,   NO,   NO),
    Act.SEE_COLLEAGUE_OPENINGS: (NO,   YES,  NO,   NO,   NO,   NO,   NO,   NO),
    Act.QUERY_ANONYMISED:       (NO,   NO,   NO,   NO,   NO,   YES,  NO,   NO),
}
# fmt: on
MAY: dict[Act, dict[Role, Cell]] = {act: dict(zip(COLUMNS, cells, strict=True)) for act, cells in ROWS.items()}


def roles(access: Access) -> tuple[Role, ...]:
    """Tell the roles of one access in the order of the table; unknown profiles give none."""
    if access.guest is not None or access.hcp == GUEST_HOSPITAL:
        return tuple(role for role in (Role.CONSULT_GUEST, Role.VIRTUAL_CENTRE) if role.value == access.guest)
    return tuple(role for role in COLUMNS[:6] if role.value in access.profiles)


def grant(visitor: Visitor, act: Act, subject: Subject | None = None) -> Grant | None:
    """Find one access and role of the visitor that allow the act; two accesses are never added up."""
    for access, role in ((held, role) for held in visitor.accesses for role in roles(held)):
        case = Case(visitor.sub, access, subject or NOTHING)
        if any(holds(case) for holds in MAY[act][role]):
            return Grant(access, role)
    return None


def may(visitor: Visitor, act: Act, subject: Subject | None = None) -> bool:
    """Tell whether the visitor may do this."""
    return grant(visitor, act, subject) is not None


def require(visitor: Visitor, act: Act, subject: Subject, sees: Act) -> Grant:
    """Give the grant, or raise NotFound to who may not even see the subject and NotAllowed to who may only see it."""
    if given := grant(visitor, act, subject):
        return given
    raise NotAllowed() if may(visitor, sees, subject) else NotFound()


def require_page(visitor: Visitor, act: Act) -> None:
    """Raise NotFound unless some access of the visitor allows an act that has no subject."""
    if not accesses(visitor, act):
        raise NotFound()


def accesses(visitor: Visitor, act: Act, by: Predicate | None = None) -> tuple[Access, ...]:
    """List the accesses for which the table has an alternative for this act (this very one with `by`), for lists."""
    return tuple(
        access
        for access in visitor.accesses
        if any((by in MAY[act][role]) if by else MAY[act][role] for role in roles(access))
    )
