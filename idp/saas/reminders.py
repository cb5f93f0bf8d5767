"""Telling guests in time that their access ends: 14 days and 2 days before, each once."""

from datetime import datetime, timedelta

from sqlalchemy import select

from idp.accounts.models import Account, AccountState
from idp.core.db import db, transactional
from idp.core.outbox import Message
from idp.saas import notices
from idp.saas.approvals import access_parts
from idp.saas.models import Access, AccessState

DAYS_BEFORE = (2, 14)
AT_ONCE = 500


@transactional
def tell_guests(now: datetime) -> int:
    """Queue the mails that are due, each once however often this is called; returns how many."""
    first = now + timedelta(days=max(DAYS_BEFORE))
    ending = (
        select(Access)
        .join(Account, Account.id == Access.account_id)
        .where(Access.state == AccessState.ACTIVE, Access.guest.is_not(None), Account.state == AccountState.ACTIVE)
        .where(Access.valid_until > now, Access.valid_until <= first)
        .options(*access_parts())
        .order_by(Access.valid_until)
    )
    due = {key: access for access in db.session.scalars(ending) if (key := _key(access, now))}
    told = set(db.session.scalars(select(Message.key).where(Message.key.in_(due))))
    untold = [(key, access) for key, access in due.items() if key not in told][:AT_ONCE]
    for key, access in untold:
        notices.guest_ends(access, key)
    return len(untold)


def _key(access: Access, now: datetime) -> str:
    """Return the name of the mail that is due; "" if the grant itself told the end a shorter time before.

    It names the end, so that an extended access is told of again.
    """
    until = access.valid_until
    if until is None:
        return ""
    days = next(days for days in DAYS_BEFORE if until <= now + timedelta(days=days))
    known_before = access.valid_from <= until - timedelta(days=days)
    return f"guest-ends:{access.id}:{until:%Y-%m-%dT%H:%M}:{days}" if known_before else ""
