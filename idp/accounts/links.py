"""Mailed links: one use each, of limited life; looking at one (mail scanners do) changes nothing."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from flask import url_for
from sqlalchemy import delete, select, update

from idp.accounts.models import MailedLink
from idp.core import clock, settings
from idp.core.db import db, transactional
from idp.core.errors import Expired
from idp.core.limits import Budget, source_of, spend
from idp.core.signed import digest, new_token

# A second submit that comes this soon is the same person's impatient finger.
AGAIN_SECONDS = 120
KEPT_DAYS = 30
# A hospital's many people share one source.
PEOPLE_PER_SOURCE = 20


class Purpose(StrEnum):
    """What a link is for."""

    REGISTRATION = "registration"
    PASSWORD = "password"  # noqa: S105 - the name of a purpose
    EMAIL = "email"
    NOT_ME = "not_me"


# A person reads such a mail after a weekend or a night shift; other links live as long as the settings say.
HOURS = {Purpose.NOT_ME: 7 * 24}


def ask(address: str, source: str | None) -> None:
    """Count one wish for a mailed link against the address and the source; raise TooMany."""
    per_hour = settings.current().limits.links_per_hour
    spend(
        Budget("mailed_link", address, per_hour, 3600),
        Budget("mailed_link_source", source_of(source), per_hour * PEOPLE_PER_SOURCE, 3600),
    )


def address(endpoint: str, **values: str) -> str:
    """Return the full address of a page, for a mail; the host comes from the settings, never from the request."""
    return settings.current().server.issuer.rstrip("/") + url_for(endpoint, _external=False, **values)


@transactional
def issue(purpose: Purpose, data: dict[str, Any], account_id: int | None = None) -> str:
    """Make a link and return its token, which is kept nowhere."""
    now = clock.now()
    token = new_token()
    hours = HOURS.get(purpose, settings.current().passwords.link_hours)
    db.session.add(
        MailedLink(
            purpose=purpose,
            digest=digest(token),
            account_id=account_id,
            data=data,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    return token


def named(purpose: Purpose, token: str) -> MailedLink | None:
    """Return the link with this token, whatever has become of it."""
    return db.session.scalar(
        select(MailedLink).where(MailedLink.purpose == purpose, MailedLink.digest == digest(token))
    )


def find(purpose: Purpose, token: str) -> MailedLink:
    """Return a link that can still be used; raise Expired with the reason otherwise."""
    link = named(purpose, token)
    if link is None:
        raise Expired("link_unknown")
    if link.used_at is not None:
        raise Expired("link_used")
    if link.expires_at <= clock.now():
        raise Expired("link_expired")
    return link


def just_used(purpose: Purpose, token: str) -> MailedLink | None:
    """Return a link that was used moments ago, for the second submit of one form; to be asked outside an act."""
    db.session.rollback()  # what this request has read is older than the use that it comes to ask of
    link = named(purpose, token)
    if link is None or link.used_at is None:
        return None
    return link if clock.now() - link.used_at <= timedelta(seconds=AGAIN_SECONDS) else None


@transactional
def consume(link_id: int) -> None:
    """Use a link up; raise Expired("link_used") if it was used or its time ended meanwhile."""
    now = clock.now()
    unused = (MailedLink.id == link_id, MailedLink.used_at.is_(None), MailedLink.expires_at > now)
    changed = db.session.execute(update(MailedLink).where(*unused).values(used_at=now))
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Expired("link_used")


@transactional
def revoke(purpose: Purpose, account_id: int) -> None:
    """Use up every open link of an account."""
    unused = (MailedLink.purpose == purpose, MailedLink.account_id == account_id, MailedLink.used_at.is_(None))
    db.session.execute(update(MailedLink).where(*unused).values(used_at=clock.now()))


@transactional
def sweep() -> None:
    """Remove the links whose time ended long ago, and with them the names of people who never came."""
    db.session.execute(delete(MailedLink).where(MailedLink.expires_at < clock.now() - timedelta(days=KEPT_DAYS)))
