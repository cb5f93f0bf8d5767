"""The audit trail: append-only, hash-chained, written in the same transaction as the change it tells of.

No patient names, no codes, no secrets; people appear by their uid.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import has_request_context, request
from sqlalchemy import JSON, Index, LargeBinary, Text, bindparam, event, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from idp.core import clock, driver
from idp.core.db import Model, db, upsert
from idp.core.db import act as act_under_way
from idp.core.prepared import Prepared

GENESIS = bytes(32)
CHAINED = ("id", "at", "act", "actor", "subject", "object", "before", "after", "acr", "reference", "source")


class AuditEvent(Model):
    """One thing that happened; `hash` covers the row and the hash before it."""

    __tablename__ = "audit_event"
    # A person reads the own events in their order; each index more is a page more in every act.
    __table_args__ = (Index("ix_audit_event_subject", "subject", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(Text)
    actor: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    object: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    acr: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Model):
    """The end of the chain: one row, locked while events are added."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_id: Mapped[int]
    last_hash: Mapped[bytes] = mapped_column(LargeBinary)


HEAD = Prepared(select(AuditHead.last_id, AuditHead.last_hash).where(AuditHead.id == 1).with_for_update())
ADD = Prepared(insert(AuditEvent).inline())
MOVE = Prepared(
    update(AuditHead).where(AuditHead.id == 1).values(last_id=bindparam("number"), last_hash=bindparam("hash"))
)


@dataclass(frozen=True)
class Actor:
    """Who acts: a uid (or `system`, or a command's name) and the level of authentication it acts at."""

    uid: str
    acr: str | None = None


def acting(actor: Actor) -> None:
    """Remember who acts for the rest of this request or command."""
    driver.held().audit_actor = actor


def record(
    act: str,
    *,
    subject: str | None = None,
    object: str | None = None,  # noqa: A002 - the field's standard word
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add an event to the act under way: what (`saas.request.approve`), whom (uid), the thing, and its two states."""
    under_way, held = act_under_way(), driver.held()
    actor: Actor | None = held.get("audit_actor")
    under_way.at_commit["audit"] = _chain
    under_way.memory.setdefault("audit", []).append(
        {
            "at": clock.now(),
            "act": act,
            "actor": actor.uid if actor else None,
            "acr": actor.acr if actor else None,
            "subject": subject,
            "object": object,
            "before": before,
            "after": after,
            "reference": held.get("reference"),
            "source": request.remote_addr if has_request_context() else None,
        }
    )


def verify() -> int | None:
    """Return None if the chain is whole, else the id of the first event that does not fit."""
    previous = GENESIS
    expected = 1
    for found in db.session.scalars(select(AuditEvent).order_by(AuditEvent.id).execution_options(yield_per=500)):
        if found.id != expected or found.hash != _hash(previous, vars(found)):
            return found.id
        previous, expected = found.hash, expected + 1
    head = db.session.get(AuditHead, 1)
    whole = head is None if expected == 1 else head is not None and head.last_hash == previous
    return None if whole else expected


def _chain() -> None:
    """Number and chain the events of this act: at its very end, so that the head is locked only briefly.

    Without objects: each grant has its event, and they took a fifth of the code flow.
    """
    head: Any = HEAD.first()
    if head is None:
        # Two first acts at the same moment: both add the row, one of them does, both then queue for its lock.
        first = upsert(AuditHead.__table__, db.session()).values(id=1, last_id=0, last_hash=GENESIS)
        db.session.execute(first.on_conflict_do_nothing())
        head = HEAD.first()
    number, last = head
    for new in act_under_way().memory.pop("audit"):
        number += 1
        last = _hash(last, {"id": number, **new})
        ADD.run(id=number, hash=last, **new)
    MOVE.run(number=number, hash=last)


def _hash(previous: bytes, event_: Mapping[str, Any]) -> bytes:
    values = {name: event_[name] for name in CHAINED}
    values["at"] = values["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(previous + orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).digest()


@event.listens_for(AuditEvent, "before_update")
@event.listens_for(AuditEvent, "before_delete")
def _refuse(mapper: Any, connection: Any, target: AuditEvent) -> None:
    raise RuntimeError("the audit trail is append-only")
