"""Suspending an authenticator that can no longer be trusted: it stays in sight, and proves nothing any more."""

from datetime import datetime

from sqlalchemy import update

from idp.core import audit, clock
from idp.core.db import db, transactional
from idp.mfa import notices, push
from idp.mfa.models import Authenticator

# Why: it answered as only a copy of it would, or its PIN was wrong too often.
COPIED = "factor_suspended"
STRUCK_OUT = "device_suspended"


@transactional
def count(authenticator: Authenticator, allowed: int) -> bool:
    """Take one of the wrong answers that are `allowed` in a row, before it is judged; say whether there was one left.

    Parallel guesses get no more than that, whatever asks. A right answer gives all of them back.
    """
    taken = db.session.execute(
        update(Authenticator)
        .where(
            Authenticator.id == authenticator.id,
            Authenticator.suspended_at.is_(None),
            Authenticator.failures < allowed,
        )
        .values(failures=Authenticator.failures + 1)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount == 1:  # type: ignore[attr-defined]
        return True
    db.session.refresh(authenticator)
    if authenticator.failures >= allowed:  # as after a crash between counting and judging
        suspend(authenticator, STRUCK_OUT)
    return False


@transactional
def judged_wrong(authenticator: Authenticator, allowed: int, *, strike: bool) -> int:
    """Return how many wrong answers are left; suspend the authenticator at none.

    An answer that told nothing of the secret is no `strike`: what was taken for it is given back.
    """
    if not strike:
        authenticator.failures = Authenticator.failures - 1
        db.session.flush()
    db.session.refresh(authenticator)
    if authenticator.failures >= allowed:
        suspend(authenticator, STRUCK_OUT)
    return max(0, allowed - authenticator.failures)


@transactional
def unlink(authenticator: Authenticator) -> None:
    """Let a device prove nothing any more whose app gave the account up, and tell its owner; once.

    It is not removed: that would take a PIN. Else whoever holds an open phone could make room for a first factor of
    his own, which needs the password alone.
    """
    if not _over(authenticator, unlinked_at=clock.now()):
        return
    push.unsubscribe(authenticator)
    what = {"kind": authenticator.kind, "hint": authenticator.name}
    audit.record("mfa.device.unlink", subject=authenticator.account.uid, object=str(authenticator.id), after=what)
    notices.tell(authenticator.account, "device_unlinked", authenticator)


@transactional
def suspend(authenticator: Authenticator, mail: str = COPIED) -> None:
    """Suspend an authenticator and tell its owner why, once however often it is found out."""
    if not _over(authenticator):
        return
    account, what = authenticator.account, {"kind": authenticator.kind, "hint": authenticator.hint}
    audit.record(
        "mfa.factor.suspend" if mail == COPIED else "mfa.device.suspend",
        subject=account.uid,
        object=str(authenticator.id),
        after=what,
    )
    notices.tell(account, mail, authenticator)


def _over(authenticator: Authenticator, **values: datetime) -> bool:
    """Suspend it; say whether this did it."""
    done = db.session.execute(
        update(Authenticator)
        .where(Authenticator.id == authenticator.id, Authenticator.suspended_at.is_(None))
        .values(suspended_at=clock.now(), **values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]
