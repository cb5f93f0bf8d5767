"""Upcoming meetings of an ERN: announced by a member, called off by the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from ecp_client import clock
from ecp_client.db import db, transactional
from ecp_client.errors import NotFound, NotYours
from ecp_client.models import Meeting, Person

PAGE_SIZE = 25
PLACE_LENGTH = 300
# A meeting that has begun stays on the list for those who are late.
LATE = timedelta(hours=1)


@dataclass(frozen=True)
class Calendar:
    """One page of the upcoming meetings, the next one first; pages count from 1."""

    meetings: Sequence[Meeting]
    found: int
    page: int
    pages: int


def upcoming(ern: str, page: int) -> Calendar:
    """The meetings of an ERN that are still to come; two queries."""
    wanted = Meeting.ern == ern, Meeting.starts_at > clock.now() - LATE
    found = db.session.scalar(select(func.count(Meeting.id)).where(*wanted)) or 0
    pages = max(1, -(-found // PAGE_SIZE))
    page = min(max(1, page), pages)
    rows = select(Meeting).where(*wanted).order_by(Meeting.starts_at, Meeting.id)
    shown = rows.options(joinedload(Meeting.author)).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return Calendar(db.session.scalars(shown).all(), found, page, pages)


def own(ern: str, meeting_id: int, person: Person) -> Meeting:
    """A meeting that this person announced; raises NotFound, NotYours."""
    meeting = db.session.scalar(select(Meeting).where(Meeting.id == meeting_id, Meeting.ern == ern))
    if meeting is None:
        raise NotFound
    if meeting.author_id != person.id:
        raise NotYours("meeting_not_yours")
    return meeting


@transactional
def announce(author: Person, once: str, ern: str, what: tuple[str, str], starts_at: datetime) -> None:
    """Put a meeting (title, place) on the list; the same form sent twice (`once`) makes one meeting."""
    if db.session.scalar(select(Meeting.id).where(Meeting.once == once)) is not None:
        return
    meeting = Meeting(ern=ern, author_id=author.id, once=once, title=what[0], place=what[1], starts_at=starts_at)
    try:
        with db.session.begin_nested():
            db.session.add(meeting)
    except IntegrityError:
        return


@transactional
def call_off(ern: str, meeting_id: int, person: Person) -> None:
    """Take one's own meeting off the list; a second time changes nothing."""
    mine = Meeting.id == meeting_id, Meeting.ern == ern, Meeting.author_id == person.id
    db.session.execute(delete(Meeting).where(*mine))
