"""Everything that we keep about a person, for that person: JSON whose parts the areas register (docs/own-data.md)."""

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from idp.accounts.models import Account, EmailAddress, MailedLink, PersonalDetails, UserSession
from idp.accounts.notices import tell
from idp.core import audit, clock, settings
from idp.core.audit import AuditEvent
from idp.core.db import Model, db, transactional

FORMAT = "ern-login-export"
VERSION = 1

Part = Callable[[Account], Any]

PARTS: dict[str, Part] = {}
# The tables that the parts are read from.
TABLES: set[str] = set()


def part(name: str, *models: type[Model]) -> Callable[[Part], Part]:
    """Register a part of the export, and the tables it tells of."""

    def register(tells: Part) -> Part:
        PARTS[name] = tells
        TABLES.update(model.__tablename__ for model in models)
        return tells

    return register


def listed(rows: Iterable[Any], *columns: str) -> list[dict[str, Any]]:
    """Return rows as objects with these attributes."""
    return [{name: getattr(row, name) for name in columns} for row in rows]


def of(account: Account, owner: InstrumentedAttribute[Any]) -> list[Any]:
    """Return the rows that belong to an account by a column, the oldest first."""
    model = owner.class_
    return list(db.session.scalars(select(model).where(owner == account.id).order_by(*model.__mapper__.primary_key)))


@transactional
def export(account: Account) -> bytes:
    """Return the whole as UTF-8 JSON; that it was taken is in the trail and told to the mailboxes."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": clock.now(),
        "issuer": settings.current().server.issuer,
    }
    body = {name: tells(account) for name, tells in PARTS.items()}
    audit.record("account.export", subject=account.uid)
    tell(account, "exported", always=True)
    return orjson.dumps(head | body, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)


@part("account", Account)
def _account(account: Account) -> dict[str, Any]:
    columns = (
        *("uid", "first_name", "last_name", "language", "state", "password_changed_at", "is_administrator"),
        *("always_mfa", "notify_by_mail", "warn_applications", "created_at", "updated_at"),
    )
    return listed([account], *columns)[0]


@part("personal_details", PersonalDetails)
def _details(account: Account) -> list[dict[str, Any]]:
    columns = ("zoneinfo", "street_address", "postal_code", "locality", "country", "further", "updated_at")
    return listed(of(account, PersonalDetails.account_id), *columns)


@part("addresses", EmailAddress)
def _addresses(account: Account) -> list[dict[str, Any]]:
    return listed(account.addresses, "address", "is_primary", "verified_at")


@part("mailed_links", MailedLink)
def _links(account: Account) -> list[dict[str, Any]]:
    return listed(of(account, MailedLink.account_id), "purpose", "created_at", "expires_at", "used_at")


@part("sessions", UserSession)
def _sessions(account: Account) -> list[dict[str, Any]]:
    columns = (
        *("sid", "acr", "amr", "methods", "auth_time", "proved_at", "created_at", "last_seen_at", "expires_at"),
        *("ended_at", "end_reason", "user_agent", "source"),
    )
    return listed(of(account, UserSession.account_id), *columns)


@part("events", AuditEvent)
def _events(account: Account) -> list[dict[str, Any]]:
    mine = select(AuditEvent).where(AuditEvent.subject == account.uid).order_by(AuditEvent.id)
    return listed(db.session.scalars(mine), "at", "act", "actor", "object", "before", "after", "acr", "source")
