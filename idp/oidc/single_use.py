"""What may be presented once: the `jti` of assertions and proofs (RFC 7523, 3; RFC 9449, 11.1)."""

from datetime import datetime

from sqlalchemy import delete

from idp.core import clock
from idp.core.db import db, transactional, upsert
from idp.core.signed import digest
from idp.oidc.models import UsedOnce


@transactional
def spend(kind: str, owner: str, name: str, expires_at: datetime) -> bool:
    """Say whether this is the first time; of a hundred at once one is.

    `owner` is who presents it, so that nobody can use up the names of others; it is forgotten after `expires_at`.
    """
    row = upsert(UsedOnce.__table__, db.session()).values(
        digest=digest(f"{kind}\n{owner}\n{name}"), expires_at=expires_at
    )
    # What was inserted is asked for: PostgreSQL's driver does not count the rows of an INSERT.
    spent = db.session.scalar(row.on_conflict_do_nothing().returning(UsedOnce.expires_at))
    return spent is not None


def spent(kind: str, owner: str, name: str) -> bool:
    """Say whether something was presented before."""
    return db.session.get(UsedOnce, digest(f"{kind}\n{owner}\n{name}")) is not None


@transactional
def sweep() -> None:
    """Forget what is refused by its age anyway."""
    db.session.execute(delete(UsedOnce).where(UsedOnce.expires_at < clock.now()))
