"""What a database is for: one row says live or training, and a server of the other kind refuses to start on it."""

import os

from sqlalchemy import String, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from cpms_client.db import Model, db, transactional
from cpms_client.settings import LOOPBACK, Settings, stop


class Installation(Model):
    """The mark of a database."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))


@transactional
def mark(settings: Settings) -> None:
    """Mark a fresh database with what it is for; a marked one keeps its mark."""
    if db.session.execute(select(Installation)).scalar_one_or_none() is None:
        db.session.add(Installation(id=1, kind=_kind(settings)))


def check(settings: Settings) -> None:
    """Stop with one sentence and exit 2 unless the database is prepared and of this server's kind."""
    listening = os.environ.get("GRANIAN_HOST", LOOPBACK[0])
    if settings.training and listening not in LOOPBACK:
        stop(f"CPMS training refuses the public address {listening}; use localhost.")
    if refuse_other_kind(settings) is None:
        stop("The database of CPMS is not prepared or cannot be reached; run: python -m cpms_client.cli prepare")


def refuse_other_kind(settings: Settings) -> str | None:
    """Stop with exit 2 on a database of the other kind; gives the database's kind, None for an unmarked one."""
    try:
        kind = db.session.execute(select(Installation.kind)).scalar_one_or_none()
    except SQLAlchemyError:
        kind = None
    db.session.remove()
    if kind not in (None, _kind(settings)):
        stop(f"This is a {kind} database; CPMS with {_kind(settings)} settings does not start on it.")
    return kind


def _kind(settings: Settings) -> str:
    return "training" if settings.training else "live"
