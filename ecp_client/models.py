"""What this platform remembers: people, where they belong, what they posted, and who is signed in."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ecp_client.db import Model, UtcDateTime


class Person(Model):
    """Somebody who has signed in here; `subject` is the `sub` of ERN Login."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), unique=True)
    identifier: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(200))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    memberships: Mapped[list["Membership"]] = relationship(
        back_populates="person", order_by="Membership.ern, Membership.hcp", cascade="all, delete-orphan"
    )


class Membership(Model):
    """A person belongs to an ERN with a hospital, as ERN Login last said."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "ern", "hcp"), Index(None, "ern", "sort_key"))

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    ern: Mapped[str] = mapped_column(String(64))
    country: Mapped[str] = mapped_column(String(8))
    hcp: Mapped[str] = mapped_column(String(64))
    hcp_name: Mapped[str] = mapped_column(String(300))
    profiles: Mapped[list[str]] = mapped_column(JSON)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    sort_key: Mapped[str] = mapped_column(String(200))
    search_key: Mapped[str] = mapped_column(Text)

    person: Mapped[Person] = relationship(back_populates="memberships")


class Post(Model):
    """A non-clinical note on the board of one ERN; `once` makes a double submission one post."""

    __tablename__ = "post"
    __table_args__ = (Index(None, "ern", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ern: Mapped[str] = mapped_column(String(64))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    once: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(150))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    author: Mapped[Person] = relationship()


class Meeting(Model):
    """A meeting of one ERN that a member announced; `once` makes a double submission one meeting."""

    __tablename__ = "meeting"
    __table_args__ = (Index(None, "ern", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ern: Mapped[str] = mapped_column(String(64))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    once: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(150))
    place: Mapped[str] = mapped_column(String(300))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)

    author: Mapped[Person] = relationship()


class BrowserSession(Model):
    """A signed-in browser; the cookie holds the token, this row only its hash."""

    __tablename__ = "browser_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    sid: Mapped[str] = mapped_column(String(255), index=True)
    acr: Mapped[str] = mapped_column(String(100))
    access_token: Mapped[bytes] = mapped_column(LargeBinary)
    id_token: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    token_ends_at: Mapped[datetime] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()


class SignInAttempt(Model):
    """One way to ERN Login and back: bound to a browser, usable once."""

    __tablename__ = "sign_in_attempt"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(128))
    next_path: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
