"""What applications were given about a person, for the export of one's own data."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from idp.accounts.models import Account
from idp.accounts.own_data import listed, of, part
from idp.core.db import db
from idp.oidc.models import AuthorizationGrant, Consent, RegisteredClient


@part("grants", AuthorizationGrant)
def _grants(account: Account) -> list[dict[str, Any]]:
    columns = ("client_id", "scope", "acr", "amr", "auth_time", "created_at", "redeemed_at", "revoked_at")
    return _named(of(account, AuthorizationGrant.account_id), *columns)


@part("consents", Consent)
def _consents(account: Account) -> list[dict[str, Any]]:
    return _named(of(account, Consent.account_id), "client_id", "scope", "given_at")


def _named(rows: Iterable[AuthorizationGrant | Consent], *columns: str) -> list[dict[str, Any]]:
    """Return rows with the name of the application that they are about."""
    names = select(RegisteredClient.client_id, RegisteredClient.client_name)
    known: dict[str, str] = {client_id: name for client_id, name in db.session.execute(names)}  # noqa: C416 - typed rows
    return [{"application": known.get(row.client_id), **listed([row], *columns)[0]} for row in rows]
