"""People: their accounts, e-mail addresses, mailed links and sessions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from idp.core.db import Model, where


class AccountState(StrEnum):
    """What an account can do: sign in (active), nothing until support unfreezes it (frozen), nothing ever (closed)."""

    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


class Account(Model):
    """One person; `uid` is the identifier that every application sees as `sub`.

    `password_reset_at`: when the password was last replaced by somebody who only showed the mailbox.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(8), unique=True)
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[AccountState] = mapped_column(Enum(AccountState, native_enum=False, length=16))
    password_hash: Mapped[str] = mapped_column(Text)
    password_changed_at: Mapped[datetime]
    password_reset_at: Mapped[datetime | None]
    is_administrator: Mapped[bool] = mapped_column(default=False)
    always_mfa: Mapped[bool] = mapped_column(default=False)
    notify_by_mail: Mapped[bool] = mapped_column(default=True)
    warn_applications: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    # Read when they are used, since almost no page shows one; who shows many people reads theirs along.
    addresses: Mapped[list["EmailAddress"]] = relationship(back_populates="account")

    @property
    def name(self) -> str:
        """The full name as people read it."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def email(self) -> str:
        """The primary address."""
        return next((address.address for address in self.addresses if address.is_primary), "")


class PersonalDetails(Model):
    """What people may add to their account: where they work, and in which time zone; there is a row once they did.

    `further` are claims of OpenID Connect Core, 5.1 for which there is no field, set by the operator.
    """

    __tablename__ = "personal_details"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    zoneinfo: Mapped[str] = mapped_column(String(64))
    street_address: Mapped[str] = mapped_column(String(200))
    postal_code: Mapped[str] = mapped_column(String(20))
    locality: Mapped[str] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(100))
    further: Mapped[dict[str, str]] = mapped_column(JSON)
    updated_at: Mapped[datetime]


class EmailAddress(Model):
    """A verified address; `normalized` decides which account it belongs to."""

    __tablename__ = "email_address"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    normalized: Mapped[str] = mapped_column(String(254), unique=True)
    is_primary: Mapped[bool]
    verified_at: Mapped[datetime]

    account: Mapped[Account] = relationship(back_populates="addresses")


class MailedLink(Model):
    """A single-use link of limited validity; only the hash of its token is kept."""

    __tablename__ = "mailed_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class UserSession(Model):
    """A browser in which a person is signed in; the cookie holds a token, this row its hash.

    `acr` and `amr` say how the person proved who they are, `methods` with which factors (names), the last one at the
    end, for several share a value of `amr`; `auth_time` when the password was last given,
    `proved_at` when the last proof of any kind was given. `sid` is the name of the session in tokens.
    """

    __tablename__ = "user_session"
    __table_args__ = (Index("ix_user_session_open", "account_id", **where("ended_at IS NULL", "postgresql")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sid: Mapped[str] = mapped_column(String(43), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    acr: Mapped[str] = mapped_column(String(64))
    amr: Mapped[list[str]] = mapped_column(JSON)
    methods: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    auth_time: Mapped[datetime]
    proved_at: Mapped[datetime]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(32))
    user_agent: Mapped[str] = mapped_column(String(400))
    source: Mapped[str] = mapped_column(String(64))

    account: Mapped[Account] = relationship(lazy="joined")
