"""Suspending an authenticator that can no longer be trusted: it stays in sight, and proves nothing any more."""

from sqlalchemy import update

from idp.core import audit, clock
from idp.core.db import db, transactional
from idp.mfa import notices
from idp.mfa.models import Authenticator


@transactional
def suspend(authenticator: Authenticator) -> None:
    """Suspend an authenticator and tell its owner, once however often it is found out."""
    suspended = db.session.execute(
        update(Authenticator)
        .where(Authenticator.id == authenticator.id, Authenticator.suspended_at.is_(None))
        .values(suspended_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if suspended.rowcount != 1:  # type: ignore[attr-defined]
        return
    account, what = authenticator.account, {"kind": authenticator.kind, "hint": authenticator.hint}
    audit.record("mfa.factor.suspend", subject=account.uid, object=str(authenticator.id), after=what)
    notices.tell(account, "factor_suspended", authenticator)
