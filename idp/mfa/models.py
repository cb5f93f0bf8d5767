"""Second factors as they are stored: what an account holds, and what it is being asked."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from idp.accounts.models import Account
from idp.core import vault
from idp.core.db import Model, where


class Authenticator(Model):
    """One thing an account can prove itself with; `kind` names its factor, the secret is sealed, the hint is public.

    `handle` is the name under which an answer finds it (see `AnyOf`). `failures` counts wrong answers in a row, where
    they are counted. A suspended one proves nothing any more; `unlinked_at` says that its app gave the account up.
    `last_used_as` names the factor that it was used with last.
    """

    __tablename__ = "authenticator"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    label: Mapped[str] = mapped_column(String(64), default="")
    hint: Mapped[str] = mapped_column(String(64), default="")
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    handle: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    last_used_as: Mapped[str | None] = mapped_column(String(24))
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    suspended_at: Mapped[datetime | None]
    unlinked_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()

    @property
    def name(self) -> str:
        """What its owner calls it: the name given later, else what tells it from others."""
        return self.label or self.hint

    @property
    def secret(self) -> dict[str, Any]:
        """What its factor proves it with."""
        secret: dict[str, Any] = vault.unseal_json(seal_of_secret(self.account_id), self.sealed)
        return secret


class KeyModel(Model):
    """A model of security keys as FIDO metadata describe it; `warning` is the worst that was reported ("": nothing).

    `roots`: the certificates (base64 of DER) under which its maker attests it.
    """

    __tablename__ = "key_model"

    aaguid: Mapped[str] = mapped_column(String(36), primary_key=True)
    description: Mapped[str] = mapped_column(String(200))
    warning: Mapped[str] = mapped_column(String(40))
    blob_number: Mapped[int]
    roots: Mapped[list[str]] = mapped_column(JSON, server_default="[]")


class Purpose(StrEnum):
    """What a challenge is for: to prove who one is, or to add a factor."""

    SIGN_IN = "sign_in"
    ENROL = "enrol"


class ChallengeState(StrEnum):
    """Where a challenge is: open (while tries and time are left), answered, or replaced by a newer one.

    Approved: the person's device answered, and the browser has not gone on yet. Denied: the person knows nothing of it.
    """

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    PASSED = "passed"
    REPLACED = "replaced"


class Challenge(Model):
    """One question to one person; `binding` names the sign-in attempt or the session that may answer it.

    Without an authenticator any of the person's kind may answer, without an account anybody's: the answer tells whose.
    The sealed part holds what only we know, and what only this browser is shown: both may be secrets.
    """

    __tablename__ = "challenge"
    __table_args__ = (Index("ix_challenge_binding", "binding", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(String(43), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    authenticator_id: Mapped[int | None] = mapped_column(ForeignKey("authenticator.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(24))
    purpose: Mapped[Purpose] = mapped_column(Enum(Purpose, native_enum=False, length=16))
    binding: Mapped[str] = mapped_column(String(64))
    application: Mapped[str | None] = mapped_column(String(200))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[ChallengeState] = mapped_column(Enum(ChallengeState, native_enum=False, length=16))
    tries_left: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    account: Mapped[Account | None] = relationship()
    authenticator: Mapped[Authenticator | None] = relationship()

    @property
    def content(self) -> dict[str, Any]:
        """The sealed part: `page`, `memo`, what was `given` to begin, where a text went `to`, a new `secret`."""
        content: dict[str, Any] = vault.unseal_json(seal_of(self.account_id), self.sealed)
        return content

    @property
    def page(self) -> dict[str, Any]:
        """What the browser is shown."""
        page: dict[str, Any] = self.content["page"]
        return page


class PushSubscription(Model):
    """Where pushes to a device go (Push API); sealed, since whoever knows it can send."""

    __tablename__ = "push_subscription"

    authenticator_id: Mapped[int] = mapped_column(
        ForeignKey("authenticator.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class AppKeyUse(StrEnum):
    """What a key of ours signs for the mobile app."""

    QUESTION = "question"
    PUSH = "push"


class AppKey(Model):
    """A key of ours that the mobile apps know."""

    __tablename__ = "app_key"

    kid: Mapped[str] = mapped_column(String(8), primary_key=True)
    use: Mapped[AppKeyUse] = mapped_column(Enum(AppKeyUse, native_enum=False, length=16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


def seal_of_secret(account_id: int) -> str:
    """Return what an authenticator's secret is sealed for, so that it cannot be moved to another account."""
    return f"authenticator.{account_id}"


def seal_of(account_id: int | None) -> str:
    """Return what a challenge's content is sealed for, so that it cannot be moved to another account."""
    return f"challenge.{account_id}"


class Panic(Model):
    """All factors of an account were deleted at `begun_at`; open until the person is recognised (`recognised_at`).

    `pressed_at` is the last time the button was pressed since; recognised at that very moment says that nothing was at
    stake. `sealed` holds the recovery codes that were saved
    before; the `code_` columns the code that was mailed last, with the number of answers to it.
    """

    __tablename__ = "panic"
    __table_args__ = (
        Index(
            "uq_panic_open",
            "account_id",
            unique=True,
            **where("recognised_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    begun_at: Mapped[datetime]
    pressed_at: Mapped[datetime]
    recognised_at: Mapped[datetime | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_expires_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
