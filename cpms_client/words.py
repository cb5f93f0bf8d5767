"""The words and dates that pages show for what the database holds: one place, so that every page says the same."""

from datetime import date, datetime
from enum import StrEnum

from flask.sansio.app import App
from flask_babel import LazyString, format_date, format_datetime, get_locale, gettext
from flask_babel import lazy_gettext as _l

from cpms_client import networks
from cpms_client.coding import Feature, feature
from cpms_client.forms import list_address
from cpms_client.models import Opening
from cpms_client.panel_lists import Task
from cpms_client.policy import GUEST_HOSPITAL
from cpms_client.reports import Breakdown, Cell
from cpms_client.states import (
    AgeKind,
    ConsentKind,
    ConsentState,
    LifeStatus,
    SeatState,
    Sex,
    Stage,
    Urgency,
)

Words = dict[StrEnum, LazyString]

# The words of the set of common data elements; one table for each enum, since their values may be equal.
TABLES: dict[type[StrEnum], Words] = {
    Sex: {
        Sex.FEMALE: _l("Female"),
        Sex.MALE: _l("Male"),
        Sex.UNDETERMINED: _l("Undetermined"),
        Sex.FOETUS: _l("Foetus (Unknown)"),
    },
    LifeStatus: {
        LifeStatus.ALIVE: _l("Alive"),
        LifeStatus.DEAD: _l("Dead"),
        LifeStatus.LOST: _l("Lost in follow-up"),
        LifeStatus.OPTED_OUT: _l("Opted-out"),
    },
    AgeKind: {
        AgeKind.UNDETERMINED: _l("Undetermined"),
        AgeKind.ANTENATAL: _l("Antenatal"),
        AgeKind.BIRTH: _l("At birth"),
        AgeKind.DATE: _l("Date"),
    },
    ConsentKind: {
        ConsentKind.CARE: _l("Care"),
        ConsentKind.REGISTRY: _l("Registry"),
        ConsentKind.RESEARCH: _l("Contact for research"),
    },
    ConsentState: {
        ConsentState.GIVEN: _l("Given"),
        ConsentState.NOT_GIVEN: _l("Not given"),
        ConsentState.WITHDRAWN: _l("Withdrawn"),
    },
    Stage: {
        Stage.REQUEST: _l("Request"),
        Stage.SELECTION: _l("Panel selection"),
        Stage.ASSESSMENT: _l("Assessment"),
        Stage.OUTCOME: _l("Outcome"),
        Stage.SIGN_OFF: _l("Sign-off"),
        Stage.CLOSED: _l("Closed"),
        Stage.ARCHIVED: _l("Archived"),
    },
    Urgency: {
        Urgency.ROUTINE: _l("Routine"),
        Urgency.SOON: _l("Within two weeks"),
        Urgency.URGENT: _l("Urgent, within three days"),
    },
    SeatState: {
        SeatState.INVITED: _l("Invited"),
        SeatState.ACCEPTED: _l("Joined"),
        SeatState.DECLINED: _l("Declined"),
        SeatState.REMOVED: _l("Removed"),
    },
    Task: {
        Task.ANSWER: _l("Answer an invitation"),
        Task.CONTRIBUTE: _l("Give your contribution"),
        Task.WRITE_OUTCOME: _l("Write the outcome"),
        Task.SIGN: _l("Sign the outcome"),
    },
}
TONES: dict[StrEnum, str] = {
    ConsentState.GIVEN: "ok",
    ConsentState.NOT_GIVEN: "no",
    ConsentState.WITHDRAWN: "no",
    Stage.CLOSED: "ok",
    SeatState.INVITED: "wait",
    SeatState.ACCEPTED: "ok",
    SeatState.DECLINED: "no",
    SeatState.REMOVED: "no",
}
ACT_WORDS = {
    "enrol_patient": _l("Enrolled the patient"),
    "see_patient": _l("Opened the record"),
    "edit_patient": _l("Edited the record"),
    "change_consent": _l("Opened or changed the consents"),
    "see_openings": _l("Looked at who opened the record"),
    "open_panel": _l("Started a panel"),
    "see_panel": _l("Opened a panel"),
    "answer_invitation": _l("Answered an invitation to a panel"),
    "contribute": _l("Contributed to a panel"),
    "lead_panel": _l("Led a panel"),
    "sign_off": _l("Signed an outcome"),
    "manage_panel": _l("Managed a panel"),
    "invite_member": _l("Invited a colleague to a panel"),
    "invite_guest": _l("Invited a guest to a panel"),
    "close_panel": _l("Closed or archived a panel"),
    "assign_lead": _l("Handed over the lead of a panel"),
    "dispatch_request": _l("Took up a request for assistance"),
    "see_colleague_openings": _l("Looked at what colleagues opened"),
}


COUNTED: dict[Breakdown, type[StrEnum]] = {Breakdown.SEX: Sex, Breakdown.STATUS: LifeStatus}


def word(member: StrEnum) -> LazyString:
    """Give the visible word for a value."""
    return TABLES[type(member)][member]


def choices(kind: type[StrEnum]) -> dict[str, LazyString]:
    """Give the values and words of an enum for a select or radio field."""
    return {member.value: label for member, label in TABLES[kind].items()}


def tone(member: StrEnum) -> str:
    """Give the second class of a status: ok, wait, no; an open stage waits, anything else is neutral."""
    known = TONES.get(member) or ("wait" if isinstance(member, Stage) and member is not Stage.ARCHIVED else "")
    return f"st--{known}" if known else ""


def partial_day(text: str | None) -> str:
    """Write out `1979`, `1979-05` or `1979-05-12` in the reader's language; nothing for nothing."""
    parts = [int(part) for part in (text or "").split("-") if part]
    if len(parts) < 2:
        return text or ""
    known = date(parts[0], parts[1], parts[2] if len(parts) == 3 else 1)
    return _day(known) if len(parts) == 3 else str(format_date(known, "MMMM y"))


def features(text: str) -> list[Feature]:
    """Take a stored phenotype apart; it was checked when it was typed."""
    return [feature(line) for line in text.splitlines() if line.strip()]


def _day(moment: datetime | date) -> str:
    # English here is European English: the day comes before the month.
    locale = get_locale()
    return str(format_date(moment, "d MMMM y" if locale and locale.language == "en" else "long"))


def _moment(moment: datetime) -> str:
    return str(format_datetime(moment, "d MMMM y, HH:mm"))


def _act(name: str) -> LazyString | str:
    return ACT_WORDS.get(name, name)


def _network(code: str) -> str:
    return networks.labels().get(code, code)


def _held(opening: Opening) -> str:
    """Say with which access somebody opened a record."""
    if opening.hcp == GUEST_HOSPITAL:
        return ", ".join((gettext("Guest"), opening.ern))
    return f"{opening.role}, {opening.ern}, {opening.hcp}"


def _counted(cell: Cell, breakdown: Breakdown) -> str:
    """Say what a cell of an anonymised count stands for."""
    if breakdown in COUNTED:
        return str(word(COUNTED[breakdown](cell.value)))
    if breakdown is Breakdown.DECADE:
        return f"{cell.value}0-{cell.value}9"
    return str(cell.value or gettext("No ORPHAcode"))


def install(app: App) -> None:
    """Give every template the filters of this module."""
    filters = {"word": word, "tone": tone, "partial_day": partial_day, "features": features, "day": _day}
    more = {"moment": _moment, "act": _act, "network": _network, "held": _held, "counted": _counted}
    app.jinja_env.filters.update(filters | more)
    app.jinja_env.globals["list_address"] = list_address
