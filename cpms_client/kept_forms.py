"""Forms that wait: what a person posted after the session had ended is kept, sealed, until the same person is back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from cpms_client import clock
from cpms_client.db import Model, UtcDateTime, db, transactional
from cpms_client.errors import NotFound
from cpms_client.sealed import digest, new_token, seal, unseal


class KeptFormRow(Model):
    """A form that was posted but not carried out."""

    __tablename__ = "kept_form"

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    sub: Mapped[str] = mapped_column(String(255))
    path: Mapped[str] = mapped_column(String(1000))
    sealed_fields: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True)
class KeptForm:
    """Where the form goes and what it says: (name, value) pairs in the order in which they were sent."""

    path: str
    fields: list[tuple[str, str]]


@transactional
def keep(sub: str, path: str, fields: list[tuple[str, str]]) -> str:
    """Keep a posted form for this person; gives the token that finds it again."""
    now = clock.now()
    db.session.execute(delete(KeptFormRow).where(KeptFormRow.kept_at < now - _life()))
    token = new_token()
    row = KeptFormRow(token_digest=digest(token), sub=sub, path=path, sealed_fields=seal(fields), kept_at=now)
    db.session.add(row)
    return token


def find(token: str, sub: str) -> KeptForm:
    """Give a kept form back to the person who posted it, and to nobody else; raises NotFound."""
    mine = select(KeptFormRow).where(KeptFormRow.token_digest == digest(token), KeptFormRow.sub == sub)
    row = db.session.execute(mine.where(KeptFormRow.kept_at >= clock.now() - _life())).scalar_one_or_none()
    fields = unseal(row.sealed_fields) if row else None
    if row is None or fields is None:
        raise NotFound("kept_form_gone")
    return KeptForm(row.path, [(name, value) for name, value in fields])


def _life() -> timedelta:
    return timedelta(minutes=current_app.extensions["cpms_settings"].kept_form_minutes)
