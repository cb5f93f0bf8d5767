"""Which applications a person visited in a session: those that got a grant in it."""

from collections.abc import Sequence

from sqlalchemy import select

from idp.core.db import db
from idp.oidc.models import AuthorizationGrant, RegisteredClient


def applications(session_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the names of the applications visited in each session (its id)."""
    rows = db.session.execute(
        select(AuthorizationGrant.session_id, RegisteredClient.client_name)
        .join(RegisteredClient, RegisteredClient.client_id == AuthorizationGrant.client_id)
        .where(AuthorizationGrant.session_id.in_(session_ids))
        .distinct()
        .order_by(RegisteredClient.client_name)
    )
    found: dict[int, list[str]] = {}
    for session_id, name in rows:
        found.setdefault(session_id, []).append(name)
    return found
