"""The tables of CPMS: patients under a pseudonym, consents, panels, and who opened what."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, Enum, ForeignKey, Index, String, Text, UniqueConstraint, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from cpms_client.db import Model, UtcDateTime
from cpms_client.states import AgeKind, ConsentKind, ConsentState, LifeStatus, SeatState, Sex, Stage, Urgency

# The longest text that claims.py lets in.
CLAIM = 255


def _values(members: type[StrEnum]) -> list[str]:
    return [member.value for member in members]


def _enum(kind: type[StrEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=20, values_callable=_values)


class Patient(Model):
    """One enrolled patient; no name, address or number of a real person has a column here."""

    __tablename__ = "patient"
    __table_args__ = (
        UniqueConstraint("enrolled_by", "form_key"),
        Index("ix_patient_place", "ern", "hcp", "id"),
        Index("ix_patient_owner", "enrolled_by", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(40), unique=True)
    nickname: Mapped[str] = mapped_column(String(60))
    ern: Mapped[str] = mapped_column(String(CLAIM))
    country: Mapped[str] = mapped_column(String(CLAIM))
    hcp: Mapped[str] = mapped_column(String(CLAIM))
    hcp_name: Mapped[str] = mapped_column(String(CLAIM))
    enrolled_by: Mapped[str] = mapped_column(String(CLAIM))
    enrolled_by_name: Mapped[str] = mapped_column(String(CLAIM))
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    form_key: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)

    sex: Mapped[Sex] = mapped_column(_enum(Sex))
    birth: Mapped[str] = mapped_column(String(10))
    status: Mapped[LifeStatus] = mapped_column(_enum(LifeStatus))
    death: Mapped[str | None] = mapped_column(String(10))
    first_contact: Mapped[str | None] = mapped_column(String(10))
    onset: Mapped[AgeKind] = mapped_column(_enum(AgeKind))
    onset_date: Mapped[str | None] = mapped_column(String(10))
    diagnosed: Mapped[AgeKind] = mapped_column(_enum(AgeKind))
    diagnosed_date: Mapped[str | None] = mapped_column(String(10))
    undiagnosed: Mapped[bool]
    disease: Mapped[str] = mapped_column(String(200))
    orpha: Mapped[str | None] = mapped_column(String(20))
    genetic: Mapped[str] = mapped_column(String(500))
    phenotype: Mapped[str] = mapped_column(Text)
    sample: Mapped[bool]
    biobank: Mapped[str] = mapped_column(String(200))
    disability: Mapped[str] = mapped_column(Text)

    care_consent: Mapped[ConsentState] = mapped_column(_enum(ConsentState))
    care_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registry_consent: Mapped[ConsentState] = mapped_column(_enum(ConsentState))
    registry_at: Mapped[datetime] = mapped_column(UtcDateTime)
    research_consent: Mapped[ConsentState] = mapped_column(_enum(ConsentState))
    research_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConsentChange(Model):
    """One change of one consent; the last one of a kind is repeated in the patient's own row."""

    __tablename__ = "consent_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    kind: Mapped[ConsentKind] = mapped_column(_enum(ConsentKind))
    state: Mapped[ConsentState] = mapped_column(_enum(ConsentState))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_sub: Mapped[str] = mapped_column(String(CLAIM))
    by_name: Mapped[str] = mapped_column(String(CLAIM))


class PanelYear(Model):
    """The last panel number given out in a year."""

    __tablename__ = "panel_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class Panel(Model):
    """One request for assistance and what became of it."""

    __tablename__ = "panel"
    __table_args__ = (
        UniqueConstraint("opened_by", "form_key"),
        Index("ix_panel_ern_opened", "ern", "opened_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    ern: Mapped[str] = mapped_column(String(CLAIM))
    opened_by: Mapped[str] = mapped_column(String(CLAIM))
    opened_by_name: Mapped[str] = mapped_column(String(CLAIM))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    form_key: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    lead_sub: Mapped[str] = mapped_column(String(CLAIM))
    lead_name: Mapped[str] = mapped_column(String(CLAIM))
    stage: Mapped[Stage] = mapped_column(_enum(Stage), index=True)
    question: Mapped[str] = mapped_column(Text)
    urgency: Mapped[Urgency] = mapped_column(_enum(Urgency))
    deadline: Mapped[date | None] = mapped_column(Date)
    outcome: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_name: Mapped[str | None] = mapped_column(String(CLAIM))
    close_note: Mapped[str] = mapped_column(String(1000), default="")

    patient: Mapped[Patient] = relationship(lazy="raise")


class PanelNetwork(Model):
    """A network that takes part in a panel; the panel's own network is one of them."""

    __tablename__ = "panel_network"

    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"), primary_key=True)
    ern: Mapped[str] = mapped_column(String(CLAIM), primary_key=True, index=True)


class PanelSeat(Model):
    """A person in a panel, with the one access (network, hospital) for which the person was invited."""

    __tablename__ = "panel_seat"
    __table_args__ = (UniqueConstraint("panel_id", "sub"), Index("ix_panel_seat_sub_state", "sub", "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"))
    sub: Mapped[str] = mapped_column(String(CLAIM))
    name: Mapped[str] = mapped_column(String(CLAIM))
    ern: Mapped[str] = mapped_column(String(CLAIM))
    hcp: Mapped[str] = mapped_column(String(CLAIM))
    guest: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[SeatState] = mapped_column(_enum(SeatState))
    invited_by_name: Mapped[str] = mapped_column(String(CLAIM))
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contributed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    panel: Mapped[Panel] = relationship(lazy="raise")


class Contribution(Model):
    """What one person said in a panel; never changed afterwards."""

    __tablename__ = "contribution"
    __table_args__ = (UniqueConstraint("panel_id", "author_sub", "form_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"))
    author_sub: Mapped[str] = mapped_column(String(CLAIM))
    author_name: Mapped[str] = mapped_column(String(CLAIM))
    hcp: Mapped[str] = mapped_column(String(CLAIM))
    guest: Mapped[str | None] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    form_key: Mapped[str] = mapped_column(String(64))


class Opening(Model):
    """One look at, or change of, one patient's data: who, when, with which access, by which page."""

    __tablename__ = "opening"
    __table_args__ = (Index("ix_opening_patient", "patient_id", "id"), Index("ix_opening_person", "sub", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    sub: Mapped[str] = mapped_column(String(CLAIM))
    name: Mapped[str] = mapped_column(String(CLAIM))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    ern: Mapped[str] = mapped_column(String(CLAIM))
    hcp: Mapped[str] = mapped_column(String(CLAIM))
    role: Mapped[str] = mapped_column(String(40))
    act: Mapped[str] = mapped_column(String(40))
    why: Mapped[str] = mapped_column(String(80))


class Colleague(Model):
    """A person who entered CPMS at least once, as seen at the last sign-in."""

    __tablename__ = "colleague"

    sub: Mapped[str] = mapped_column(String(CLAIM), primary_key=True)
    name: Mapped[str] = mapped_column(String(CLAIM))
    email: Mapped[str] = mapped_column(String(CLAIM), index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ColleagueAccess(Model):
    """One access of a colleague, as seen at the last sign-in."""

    __tablename__ = "colleague_access"
    __table_args__ = (UniqueConstraint("sub", "ern", "hcp", "country"), Index("ix_colleague_access_ern", "ern", "hcp"))

    id: Mapped[int] = mapped_column(primary_key=True)
    sub: Mapped[str] = mapped_column(ForeignKey("colleague.sub"))
    ern: Mapped[str] = mapped_column(String(CLAIM))
    country: Mapped[str] = mapped_column(String(CLAIM))
    hcp: Mapped[str] = mapped_column(String(CLAIM))
    hcp_name: Mapped[str] = mapped_column(String(CLAIM))
    guest: Mapped[str | None] = mapped_column(String(20))
    profiles: Mapped[str] = mapped_column(Text)

    colleague: Mapped[Colleague] = relationship(lazy="raise")


def _refuse(_mapper: Mapper[Opening], _connection: Connection, _target: Model) -> None:
    raise RuntimeError("this table is append-only")


for _table in (Opening, ConsentChange, Contribution):
    event.listen(_table, "before_update", _refuse)
    event.listen(_table, "before_delete", _refuse)
