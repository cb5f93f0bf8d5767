"""A grant with its person and its session as plain values: all that the endpoints for programs need, in one read."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, select

from idp.accounts.models import Account, AccountState, EmailAddress, UserSession
from idp.core.db import db
from idp.core.prepared import Prepared
from idp.oidc import clients
from idp.oidc.clients import Client
from idp.oidc.models import AuthorizationGrant, RegisteredClient


class Holder(NamedTuple):
    """The person whose grant it is (see `Account`)."""

    id: int
    uid: str
    first_name: str
    last_name: str
    language: str
    state: AccountState
    password_changed_at: datetime
    updated_at: datetime
    email: str | None

    @property
    def name(self) -> str:
        """The full name as people read it."""
        return f"{self.first_name} {self.last_name}".strip()


class Opened(NamedTuple):
    """The session that it was given in (see `UserSession`)."""

    sid: str
    ended_at: datetime | None
    expires_at: datetime


class Grant(NamedTuple):
    """What was given (see `AuthorizationGrant`)."""

    id: int
    code_digest: bytes
    client_id: str
    account_id: int
    redirect_uri: str
    scope: str
    nonce: str | None
    claims: dict[str, Any]
    resources: list[str]
    code_challenge: str
    dpop_jkt: str | None
    x5t: str | None
    acr: str
    amr: list[str]
    auth_time: datetime
    created_at: datetime
    code_expires_at: datetime
    revoked_at: datetime | None
    refresh_number: int | None
    refresh_rotated_at: datetime | None
    refresh_used_at: datetime | None
    refresh_expires_at: datetime | None
    account: Holder
    session: Opened


OWN = Grant._fields[:-2]
PARTS = (
    (AuthorizationGrant, OWN, "grant"),
    (Account, Holder._fields[:-1], "account"),
    (EmailAddress, ("address",), "email"),
    (UserSession, Opened._fields, "session"),
)
COLUMNS = [getattr(model, name).label(f"{part}_{name}") for model, names, part in PARTS for name in names]
GRANTS = (
    select(*COLUMNS)
    .select_from(AuthorizationGrant)
    .join(Account, Account.id == AuthorizationGrant.account_id)
    .outerjoin(EmailAddress, and_(EmailAddress.account_id == Account.id, EmailAddress.is_primary))
    .join(UserSession, UserSession.id == AuthorizationGrant.session_id)
)


def find(grant_id: int) -> Grant | None:
    """Return a grant as it is now."""
    found: Grant | None = BY_ID.first(grant_id=grant_id)
    return found


def with_client(grant_id: int, client_id: str) -> tuple[Grant, Client] | None:
    """Return what an access token names, a grant and a client as they are now; None if either is missing. One read."""
    found: tuple[Grant, Client] | None = NAMED.first(grant_id=grant_id, client_id=client_id)
    return found


def having(*conditions: ColumnElement[bool]) -> list[Grant]:
    """Return the grants that meet all conditions, the newest first; one read for all of them."""
    rows = db.session.execute(GRANTS.where(*conditions).order_by(AuthorizationGrant.id.desc()))
    return [_read(row) for row in rows]


def _read(row: Any) -> Grant:
    account_at, session_at = len(OWN), len(OWN) + len(Holder._fields)
    person, session = Holder._make(row[account_at:session_at]), Opened._make(row[session_at : len(COLUMNS)])
    return Grant._make((*row[:account_at], person, session))


THIS = GRANTS.where(AuthorizationGrant.id == bindparam("grant_id"))
BY_ID = Prepared(THIS, _read)
NAMED = Prepared(
    THIS.add_columns(*clients.COLUMNS).join(RegisteredClient, RegisteredClient.client_id == bindparam("client_id")),
    lambda row: (_read(row), clients.value_of(row)),
)
