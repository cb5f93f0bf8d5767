"""What happened to a person's account, from the audit trail, in sentences and page by page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from idp.accounts import origins
from idp.accounts.event_words import EVENTS, Details
from idp.accounts.models import Account
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.levels import MFA, PHR, SFA
from idp.core.values import frozen

PER_PAGE = 25
LARGEST_ID = 2**31 - 1
LEVELS: dict[str | None, Any] = {
    SFA: _l("One factor"),
    MFA: _l("Two factors"),
    PHR: _l("Two factors, safe from phishing"),
}


@frozen
class Shown:
    """One event as its owner sees it; `by_others`: somebody else, or the server, did it."""

    at: datetime
    text: str
    by_others: bool
    place: str
    level: str


@frozen
class EventPage:
    """Some events, the newest first; `older` is where the next page begins (None: there is none)."""

    events: list[Shown]
    older: int | None


def shown(account: Account, before: int | None = None) -> EventPage:
    """Return the events about an account from before an event (its id; None: the newest); one read of an index."""
    mine = select(AuditEvent).where(AuditEvent.subject == account.uid, AuditEvent.act.in_(EVENTS))
    if before is not None:
        mine = mine.where(AuditEvent.id < max(0, min(before, LARGEST_ID)))
    found = db.session.scalars(mine.order_by(AuditEvent.id.desc()).limit(PER_PAGE + 1)).all()
    page = found[:PER_PAGE]
    texts = _texts(page)
    rows = [_row(event, texts[event.id], account.uid) for event in page]
    return EventPage(rows, page[-1].id if len(found) > PER_PAGE else None)


def _texts(events: Sequence[AuditEvent]) -> dict[int, str]:
    """Write the sentences; whoever knows details is asked once for all events, so that many cost as much as few."""
    details: dict[int, Details] = {}
    for tell in {EVENTS[event.act].details for event in events}:
        alike = [event for event in events if EVENTS[event.act].details is tell]
        details |= {event.id: values for event, values in zip(alike, tell(alike), strict=True)}
    return {event.id: EVENTS[event.act].written(details[event.id]) for event in events}


def _row(event: AuditEvent, text: str, uid: str) -> Shown:
    return Shown(
        at=event.at,
        text=text,
        by_others=event.actor not in (None, uid),
        place=origins.place(event.source),
        level=str(LEVELS.get(event.acr, "")),
    )
