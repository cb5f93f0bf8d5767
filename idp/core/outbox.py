"""The transactional outbox: a message is a row written with the act it tells of, delivered after the commit.

What a message says is sealed at rest (it may carry codes and links) and wiped once it is delivered for real.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask import render_template
from flask_babel import force_locale
from sqlalchemy import Enum, Index, LargeBinary, String, Text, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from idp.core import clock, settings, vault
from idp.core.db import Model, act, db, transactional, upsert
from idp.core.signed import new_token
from idp.core.values import frozen

SEAL = "outbox"
# The provider's statuses of a text or a telephone call that is over (Twilio, Message and Call resources).
FAILED = frozenset({"failed", "undelivered", "canceled", "busy", "no-answer"})
FINAL = FAILED | {"delivered", "read", "completed"}
BACKOFF_SECONDS = 15
LONGEST_BACKOFF_SECONDS = 3600
KEPT_DAYS = 30


class Channel(StrEnum):
    """How a message travels."""

    MAIL = "mail"
    SMS = "sms"
    CALL = "call"
    VOICE = "voice"


class MessageState(StrEnum):
    """Where a message is: waiting, in a worker's hands, delivered, or given up."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class Message(Model):
    """One message to one person; `key` makes it exist once however often its act is tried.

    `route` counts the senders that failed before; `status` is what the provider reported last.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    channel: Mapped[Channel] = mapped_column(Enum(Channel, native_enum=False, length=8))
    recipient: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[MessageState] = mapped_column(Enum(MessageState, native_enum=False, length=8))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(Text, index=True)
    route: Mapped[int] = mapped_column(default=0)
    status: Mapped[str | None] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(Text)


@frozen
class Content:
    """What a message says: the subject (mail only), the text, the code in it (if any), the person's uid (mail foot)."""

    subject: str
    text: str
    code: str | None = None
    uid: str | None = None


def post_mail(to: str, template: str, language: str, *, key: str | None = None, **values: Any) -> None:
    """Queue a mail made from `templates/<template>.txt` in `language`; its first line is `Subject: ...`."""
    with force_locale(language):
        rendered = render_template(f"{template}.txt", **values)
    first, _, text = rendered.partition("\n")
    if not first.startswith("Subject: "):
        raise ValueError(f"the first line of {template}.txt is not its subject")
    content = Content(first.removeprefix("Subject: ").strip(), text.strip(), uid=values.get("uid"))
    _post(Channel.MAIL, to, content, language, key)


def post_sms(to: str, text: str, *, code: str | None = None, key: str | None = None) -> None:
    """Queue a text message to a number in E.164; `code` is named for the development outbox."""
    _post(Channel.SMS, to, Content("", text, code=code), "", key)


def post_spoken(to: str, text: str, language: str, *, code: str, key: str | None = None) -> None:
    """Queue a telephone call to a number in E.164: a voice says the text, then the signs of the code, slowly."""
    _post(Channel.VOICE, to, Content("", text, code=code), language, key)


def post_call(to: str, what: str, details: str, *, key: str | None = None) -> None:
    """Queue a call of another program; `jobs.CALLS` knows how to make it from where it goes, its kind and details."""
    _post(Channel.CALL, to, Content(what, details), "", key)


def _post(channel: Channel, to: str, content: Content, language: str, key: str | None) -> None:
    act()
    now = clock.now()
    values = upsert(Message.__table__, db.session()).values(
        key=key or new_token(),
        channel=channel,
        recipient=to,
        language=language,
        sealed=vault.seal_json(SEAL, asdict(content)),
        state=MessageState.QUEUED,
        attempts=0,
        route=0,
        due_at=now,
        created_at=now,
    )
    db.session.execute(values.on_conflict_do_nothing(index_elements=["key"]))


def content_of(message: Message) -> Content | None:
    """Return what a message says, or None once it is wiped."""
    return Content(**vault.unseal_json(SEAL, message.sealed)) if message.sealed else None


@transactional
def claim() -> Message | None:
    """Take the next due message into this worker's hands, for the time of the lease; None if nothing is due.

    A message whose worker died comes back when its lease is over.
    """
    now = clock.now()
    due = (
        select(Message.id)
        .where(
            or_(
                (Message.state == MessageState.QUEUED) & (Message.due_at <= now),
                (Message.state == MessageState.SENDING) & (Message.lease_until <= now),
            )
        )
        .order_by(Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    lease = now + timedelta(seconds=settings.current().outbox.lease_seconds)
    return db.session.scalar(
        update(Message)
        .where(Message.id == due.scalar_subquery())
        .values(state=MessageState.SENDING, attempts=Message.attempts + 1, lease_until=lease)
        .returning(Message)
    )


@transactional
def delivered(message_id: int, provider_id: str | None, *, keep: bool) -> None:
    """Note that a message left; its content is wiped unless `keep` (the development outbox shows it)."""
    values: dict[str, Any] = {"state": MessageState.SENT, "sent_at": clock.now(), "provider_id": provider_id}
    if not keep:
        values["sealed"] = None
    db.session.execute(update(Message).where(Message.id == message_id).values(**values))


@transactional
def postpone(message_id: int, error: str, *, final: bool = False) -> None:
    """Note a failed try: later again with growing distance, or given up after the last try or when `final`."""
    message = db.session.get_one(Message, message_id)
    if final and _rerouted(message, error):
        return
    give_up = final or message.attempts >= settings.current().outbox.max_attempts
    message.state = MessageState.FAILED if give_up else MessageState.QUEUED
    message.error = error[:500]
    wait = min(BACKOFF_SECONDS * 2 ** (message.attempts - 1), LONGEST_BACKOFF_SECONDS)
    message.due_at = clock.now() + timedelta(seconds=wait)


@transactional
def reported(provider_id: str, status: str) -> None:
    """Note what the provider says became of a text; one that failed goes out by the next sender, if there is one.

    Reports come late, twice and out of order: nothing follows what is final.
    """
    message = db.session.scalar(select(Message).where(Message.provider_id == provider_id).with_for_update())
    if message is None or message.status in FINAL or message.state is not MessageState.SENT:
        return
    message.status = status
    if status in FAILED and not _rerouted(message, status):
        message.state = MessageState.FAILED
    if status in FINAL and message.state is not MessageState.QUEUED:
        message.sealed = None


def undelivered(key: str) -> bool:
    """Say whether a message (its key) was given up."""
    found = select(Message.id).where(Message.key == key, Message.state == MessageState.FAILED)
    return db.session.scalar(found) is not None


def kept_for_next_sender(message: Message) -> bool:
    """Say whether what a text says has to be kept until the provider reports, for another sender may be needed."""
    return message.channel is Channel.SMS and message.route + 1 < len(settings.current().sms.routes)


@transactional
def sweep() -> None:
    """Wipe the texts about which no report came in time: their codes are over.

    Messages that left, or were given up, long ago go altogether, and with them the addresses of people.
    """
    ended = Message.state.in_((MessageState.SENT, MessageState.FAILED))
    long_ago = clock.now() - timedelta(days=KEPT_DAYS)
    db.session.execute(delete(Message).where(ended, Message.created_at < long_ago))
    over = clock.now() - timedelta(minutes=settings.current().limits.challenge_minutes)
    sent = (
        Message.channel.in_((Channel.SMS, Channel.VOICE)),
        Message.state == MessageState.SENT,
        Message.provider_id.is_not(None),
    )
    db.session.execute(update(Message).where(*sent, Message.sent_at < over).values(sealed=None))


def _rerouted(message: Message, error: str) -> bool:
    """Hand a text that failed to the next sender; say whether there is one."""
    if message.sealed is None or not kept_for_next_sender(message):
        return False
    message.state, message.route, message.attempts = MessageState.QUEUED, message.route + 1, 0
    message.status, message.provider_id, message.error = None, None, error[:500]
    message.due_at = clock.now()
    return True


def latest(limit: int) -> list[Message]:
    """Return the newest messages to people, newest first (for the development outbox)."""
    to_people = select(Message).where(Message.channel != Channel.CALL)
    return list(db.session.scalars(to_people.order_by(Message.id.desc()).limit(limit)))
