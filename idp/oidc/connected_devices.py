"""The devices that a person connected by typing a code (RFC 8628): what is still connected, and how it ends."""

from datetime import datetime
from typing import Any

from sqlalchemy import update

from idp.accounts.models import UserSession
from idp.core import audit, clock
from idp.core.db import db, transactional
from idp.core.errors import NotFound
from idp.core.values import frozen
from idp.oidc import clients, given, grants, presentation
from idp.oidc.clients import Client
from idp.oidc.given import Grant
from idp.oidc.models import AuthorizationGrant


@frozen
class Connected:
    """A device as its owner reads of it: by the application on it, since the yes; `used_at` if it works on its own."""

    grant_id: int
    application: str
    since: datetime
    used_at: datetime | None


def of_account(account_id: int) -> list[Connected]:
    """Return what is connected now, the newest first."""
    connected = [grant for grant in given.having(*_open(account_id)) if grants.alive(grant)]
    known = clients.several(grant.client_id for grant in connected)
    return [_shown(grant, known[grant.client_id]) for grant in connected if grant.client_id in known]


@transactional
def end(session: UserSession, grant_id: int) -> None:
    """End what a device got, its refresh tokens with it; raise NotFound if nothing of the person's is connected so."""
    this = (*_open(session.account_id), AuthorizationGrant.id == grant_id)
    ended = update(AuthorizationGrant).where(*this).values(revoked_at=clock.now())
    client_id = db.session.scalar(ended.returning(AuthorizationGrant.client_id))
    if client_id is None:
        raise NotFound("page_unknown")
    audit.record("oidc.device.end", subject=session.account.uid, object=client_id)


def _open(account_id: int) -> tuple[Any, ...]:
    # A grant that goes back to no address was given to a device.
    to_device = AuthorizationGrant.redirect_uri == ""
    return AuthorizationGrant.account_id == account_id, to_device, AuthorizationGrant.revoked_at.is_(None)


def _shown(grant: Grant, client: Client) -> Connected:
    return Connected(grant.id, presentation.name_of(client), grant.created_at, grant.refresh_used_at)
