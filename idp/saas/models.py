"""Who asked for what, what was decided, and what people hold."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from idp.core.db import Model, where
from idp.saas.catalogue_models import Application, Organisation, Profile, enum_column


class ItemState(StrEnum):
    """Where a wanted profile is; `asked`: the approver asked the person something and waits for the answer."""

    SUBMITTED = "submitted"
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class AccessState(StrEnum):
    """What an access is worth; only `active` ones open anything, `locked` ones can be opened again."""

    ACTIVE = "active"
    LOCKED = "locked"
    REVOKED = "revoked"
    EXPIRED = "expired"


class GuestKind(StrEnum):
    """`consult`: takes part in panels of others; `virtual_centre`: also enrols patients in the Guest Virtual Centre."""

    CONSULT = "consult"
    VIRTUAL_CENTRE = "virtual_centre"


# The reason of accesses that PANIC locked.
PANIC = "panic"
OPEN_STATES = (ItemState.SUBMITTED, ItemState.ASKED)
LIVING_STATES = (AccessState.ACTIVE, AccessState.LOCKED)


class AccessRequest(Model):
    """The envelope of what one person asked for at once; `form_key` makes a form that is sent twice one request."""

    __tablename__ = "access_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(43), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    comment: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    form_key: Mapped[str] = mapped_column(String(43), unique=True)
    submitted_at: Mapped[datetime] = mapped_column(index=True)

    items: Mapped[list["RequestItem"]] = relationship(back_populates="request", order_by="RequestItem.id")


class RequestItem(Model):
    """One wanted profile with its own state and decision; `version` rises with every change.

    `account_id` repeats the request's, so that the database itself refuses the same wish twice at the same time.
    """

    __tablename__ = "request_item"
    __table_args__ = (
        Index(
            "uq_request_item_open",
            "account_id",
            "organisation_id",
            "profile_id",
            unique=True,
            **where("state IN ('submitted', 'asked')"),
        ),
        Index("ix_request_item_state", "state", "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("access_request.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    profile_id: Mapped[int] = mapped_column(ForeignKey("access_profile.id"))
    state: Mapped[ItemState] = mapped_column(enum_column(ItemState))
    version: Mapped[int] = mapped_column(default=1)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_as: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(Text)

    request: Mapped[AccessRequest] = relationship(back_populates="items")
    application: Mapped[Application] = relationship()
    organisation: Mapped[Organisation] = relationship()
    profile: Mapped[Profile] = relationship()

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return self.state in OPEN_STATES


class RequestNote(Model):
    """A question of an approver about a request, or the person's answer."""

    __tablename__ = "request_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("access_request.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]


class Access(Model):
    """What a person holds; it exists only through a decided item, and is valid until `valid_until` (None: no end)."""

    __tablename__ = "access"
    __table_args__ = (
        Index(
            "uq_access_living",
            "account_id",
            "organisation_id",
            "profile_id",
            unique=True,
            **where("state IN ('active', 'locked')"),
        ),
        Index("ix_access_due", "state", "valid_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("request_item.id"), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("access_profile.id"))
    state: Mapped[AccessState] = mapped_column(enum_column(AccessState))
    guest: Mapped[GuestKind | None] = mapped_column(enum_column(GuestKind))
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str | None] = mapped_column(Text)

    item: Mapped[RequestItem] = relationship()
    application: Mapped[Application] = relationship()
    organisation: Mapped[Organisation] = relationship()
    profile: Mapped[Profile] = relationship()


class AccessVersion(Model):
    """A number per person that rises with every change of what the person may use (claim `ern_access_version`)."""

    __tablename__ = "access_version"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    version: Mapped[int]


class Delegation(Model):
    """A coordinator's right to decide, lent to somebody for a country or a hospital of the network, for a time."""

    __tablename__ = "delegation"

    id: Mapped[int] = mapped_column(primary_key=True)
    delegator_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    delegate_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    valid_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Proposal(Model):
    """A hospital that a person added to the tree, and what was decided about it; `accepted` is None while it waits.

    An organisation has at most one that waits, and one more each time it is proposed again after a refusal.
    """

    __tablename__ = "hospital_proposal"
    __table_args__ = (
        Index(
            "uq_hospital_proposal_open",
            "organisation_id",
            unique=True,
            **where("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    proposed_at: Mapped[datetime]
    accepted: Mapped[bool | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str | None] = mapped_column(Text)

    organisation: Mapped[Organisation] = relationship()


class Draft(Model):
    """What a person has filled in and not sent yet, so that a reload, a sign-in or a second tab loses nothing.

    `request_id` is set when it was sent.
    """

    __tablename__ = "request_draft"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("access_request.id"))
    changed_at: Mapped[datetime] = mapped_column(index=True)

    application: Mapped[Application | None] = relationship(lazy="joined")
    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
