"""Consent: what a person lets a client have; asked once for each client and scope, and taken back in My Account."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select

from idp.accounts.models import UserSession
from idp.core import audit, clock
from idp.core.db import db, transactional, upsert
from idp.core.errors import NotFound
from idp.core.values import frozen
from idp.oidc import clients, grants, presentation
from idp.oidc.claims import CLAIMS
from idp.oidc.clients import Client
from idp.oidc.models import Consent
from idp.oidc.parameters import Parameters


@frozen
class Given:
    """A consent as its owner reads it, with what the application may learn and do."""

    client_id: str
    client_name: str
    wishes: Sequence[str]
    given_at: datetime


def wanted(client: Client, parameters: Parameters) -> set[str]:
    """Return the scopes that a request opens, those of claims asked for by name among them."""
    named = {CLAIMS[name] for name in (*parameters.id_token_claims, *parameters.userinfo_claims)}
    return {*parameters.scope.split(), *(named & set(client.scope.split()))}


def missing(client: Client, parameters: Parameters, account_id: int, since: datetime) -> bool:
    """Say whether the person has still to be asked; `prompt=consent` asks again (OpenID Connect Core, 3.1.2.1).

    A program on the person's device is asked about each time, for nobody knows which one it is (RFC 8252, 8.6).
    Applications that the operator registered himself belong to the house: nobody is asked for them.
    """
    if not client.asks_consent:
        return False
    found = _find(account_id, client.client_id)
    if found is None or wanted(client, parameters) - set(found.scope.split()):
        return True
    again = "consent" in parameters.prompt or client.may_be_another(parameters.target.redirect_uri)
    return again and found.given_at < since


@transactional
def give(session: UserSession, client: Client, scopes: Iterable[str]) -> None:
    """Remember what a person agreed to, beside what was agreed to before."""
    found = _find(session.account_id, client.client_id)
    scope = " ".join(sorted({*scopes, *(found.scope.split() if found else ())}))
    row = upsert(Consent.__table__, db.session()).values(
        account_id=session.account_id, client_id=client.client_id, scope=scope, given_at=clock.now()
    )
    again = {"scope": scope, "given_at": row.excluded.given_at}
    db.session.execute(row.on_conflict_do_update(index_elements=["account_id", "client_id"], set_=again))
    audit.record("oidc.consent.give", subject=session.account.uid, object=client.client_id, after={"scope": scope})


def of_account(account_id: int) -> list[Given]:
    """Return what a person agreed to, by the name of the application."""
    rows = db.session.scalars(select(Consent).where(Consent.account_id == account_id)).all()
    known = clients.several(row.client_id for row in rows)
    found = [_as_read(row, known[row.client_id]) for row in rows if row.client_id in known]
    return sorted(found, key=lambda given: given.client_name)


@transactional
def take_back(session: UserSession, client_id: str) -> None:
    """Take a consent back and end what the application got; raise NotFound if there is none."""
    mine = (Consent.account_id == session.account_id) & (Consent.client_id == client_id)
    done = db.session.execute(delete(Consent).where(mine))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise NotFound("page_unknown")
    grants.revoke_of_client(session.account_id, client_id)
    audit.record("oidc.consent.take_back", subject=session.account.uid, object=client_id)


def _as_read(row: Consent, client: Client) -> Given:
    wishes = presentation.wishes(client, row.scope.split())
    return Given(row.client_id, presentation.name_of(client), wishes, row.given_at)


def _find(account_id: int, client_id: str) -> Consent | None:
    mine = (Consent.account_id == account_id) & (Consent.client_id == client_id)
    return db.session.scalar(select(Consent).where(mine))
