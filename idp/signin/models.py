"""A sign-in under way, as the server remembers it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from idp.accounts import browsers
from idp.accounts.models import Account
from idp.core.db import Model


class AttemptState(StrEnum):
    """Where a sign-in is: going on, ended with a session, given up, or too old."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Attempt(Model):
    """One way from "who are you" to a session; every step raises `moves`, so that no step is taken twice.

    The first block is what was wanted and never changes (see `attempt.Wanted`), the second what happened so far:
    `account` is who proved something here, `proofs` what that was, in order.
    """

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_expires_at", "expires_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(43), unique=True)
    browser: Mapped[bytes] = mapped_column(LargeBinary)

    level: Mapped[str] = mapped_column(String(64))
    application: Mapped[str | None] = mapped_column(String(200))
    about: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    return_to: Mapped[str] = mapped_column(Text)
    cancel_to: Mapped[str | None] = mapped_column(Text)
    form_target: Mapped[str | None] = mapped_column(Text)
    force: Mapped[bool]
    max_age: Mapped[int | None]
    within: Mapped[int | None]
    methods: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    login_hint: Mapped[str | None] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(32))
    trusting: Mapped[bool]

    state: Mapped[AttemptState] = mapped_column(Enum(AttemptState, native_enum=False, length=16))
    moves: Mapped[int] = mapped_column(default=0)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    proofs: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class TrustedBrowser(Model):
    """A browser in which a person is not asked for the second factor until it expires.

    It goes with the authenticator that was shown when it was trusted, and does not outlive a change of the password.
    """

    __tablename__ = "trusted_browser"
    __table_args__ = (UniqueConstraint("account_id", "browser", name="uq_trusted_browser"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    authenticator_id: Mapped[int] = mapped_column(ForeignKey("authenticator.id", ondelete="CASCADE"), index=True)
    browser: Mapped[bytes] = mapped_column(LargeBinary)
    user_agent: Mapped[str] = mapped_column(String(400))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    @property
    def name(self) -> str:
        """Program and system, as far as they are known."""
        return ", ".join(filter(None, browsers.names(self.user_agent)))


class EidLink(Model):
    """A national electronic identity that belongs to an account: the provider's name for the person, and nothing else.

    `issuer` and `subject` together name one person for ever (OpenID Connect Core, 5.7).
    """

    __tablename__ = "eid_link"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(String(32))
    issuer: Mapped[str] = mapped_column(String(400))
    subject: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class EidVisit(Model):
    """A browser on its way to a provider and back: for a sign-in (`attempt_id`), or to link (`account_id`).

    Only the hash of the state is kept; the nonce and the PKCE verifier are sealed.
    """

    __tablename__ = "eid_visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    browser: Mapped[bytes] = mapped_column(LargeBinary)
    provider: Mapped[str] = mapped_column(String(32))
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("sign_in_attempt.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
