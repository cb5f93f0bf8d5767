"""`sub`: by which identifier a client knows a person (OpenID Connect Core, 8).

Public clients are told the account's own identifier. With pairwise ones each sector gets another: nobody but us can
tell which belong together, and it stays the same for as long as the database does.
"""

import hmac
import secrets

from flask import current_app
from sqlalchemy import select

from idp.core import clock, vault
from idp.core.db import db, transactional, upsert
from idp.core.signed import base64url
from idp.oidc.clients import Client
from idp.oidc.models import ServerSecret
from idp.oidc.sectors import sector_of

SECRET = "pairwise subjects"  # noqa: S105 - the name of a place
HELD = "ern_pairwise_key"
KEY_BYTES = 32


def subject_of(uid: str, client: Client) -> str:
    """Return the `sub` of a person, named by the account's identifier, for a client (8.1: keyed, not reversible)."""
    sector = sector_of(client.redirect_uris, client.further)
    if sector is None:
        return uid
    proof = hmac.digest(_key(), f"{sector}\n{uid}".encode(), "sha256")
    return base64url(proof)


def _key() -> bytes:
    """Return the key, which is none of the settings: those change, and a `sub` must not."""
    held: bytes | None = current_app.extensions.get(HELD)
    if held is None:
        kept = select(ServerSecret.sealed).where(ServerSecret.name == SECRET)
        sealed = db.session.scalar(kept) or _make()
        held = current_app.extensions[HELD] = vault.unseal(SECRET, sealed)
    return held


@transactional
def _make() -> bytes:
    """Make the key if nobody did meanwhile, and return it sealed."""
    sealed = vault.seal(SECRET, secrets.token_bytes(KEY_BYTES))
    row = upsert(ServerSecret.__table__, db.session()).values(name=SECRET, sealed=sealed, created_at=clock.now())
    db.session.execute(row.on_conflict_do_nothing())
    kept: bytes = db.session.scalars(select(ServerSecret.sealed).where(ServerSecret.name == SECRET)).one()
    return kept
