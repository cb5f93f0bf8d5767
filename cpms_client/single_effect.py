"""One effect for one act: a keyed row is written once, a conditional update tells whether it found its row."""

from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Select, Update
from sqlalchemy.exc import IntegrityError

from cpms_client.db import Model, db

M = TypeVar("M", bound=Model)


def insert_once(row: M, existing: Select[Any]) -> tuple[M, bool]:
    """Insert the row, or give the one that `existing` finds; the second value tells whether this call inserted it."""
    if (found := db.session.scalar(existing)) is not None:
        return found, False
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        # Another request inserted it between our look and our insert; if not, the fault is elsewhere.
        if (found := db.session.scalar(existing)) is None:
            raise
        return found, False
    return row, True


def changes_one(statement: Update) -> bool:
    """Run a conditional update; tells whether it changed exactly one row, that is, whether nobody was faster."""
    return cast(CursorResult[Any], db.session.execute(statement)).rowcount == 1
