"""What somebody typed when it could not be taken: kept once, for when they are back at the same page."""

from typing import Any

from sqlalchemy import update

from ecp_client.db import db, transactional
from ecp_client.models import Person


@transactional
def keep(person_id: int, place: str, typed: dict[str, Any]) -> None:
    """Keep what somebody typed whose session ran out, for when they are back at the same page."""
    draft = {"place": place, "typed": typed}
    db.session.execute(update(Person).where(Person.id == person_id).values(draft=draft))


@transactional
def take(person: Person, place: str) -> dict[str, Any]:
    """What was kept for this page, once; empty if nothing was."""
    if not person.draft or person.draft["place"] != place:
        return {}
    typed: dict[str, Any] = person.draft["typed"]
    person.draft = None
    return typed
