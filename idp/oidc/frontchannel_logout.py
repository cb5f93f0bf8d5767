"""Applications that end their own sessions in frames of our last page (OpenID Connect Front-Channel Logout 1.0)."""

from urllib.parse import urlencode

from flask import url_for
from sqlalchemy import select

from idp.accounts import questions
from idp.accounts.models import UserSession
from idp.core import settings
from idp.core.db import db
from idp.core.signed import sign, unsign
from idp.core.values import frozen
from idp.oidc.models import AuthorizationGrant, RegisteredClient

PURPOSE = "front-channel logout"
SECONDS = 600


@frozen
class Farewell:
    """The last page of a session: which addresses it loads, and where it leads (None: nowhere)."""

    frames: tuple[str, ...]
    location: str | None


def page_for(session: UserSession, location: str | None = None) -> str | None:
    """Return the page that tells applications of the end of a session and leads to `location`; None without any."""
    if not _frames(session):
        return None
    return url_for("oidc.farewell", t=sign(PURPOSE, [session.id, location]))


@questions.answers_farewell
def _last_page(session: UserSession) -> str | None:
    return page_for(session)


def read(text: str) -> Farewell | None:
    """Return what a page that `page_for` named shows; None if the address is not ours, or the session goes on."""
    session_id, location = unsign(PURPOSE, text, SECONDS) or (0, None)
    session = db.session.get(UserSession, session_id)
    if session is None or session.ended_at is None:
        return None
    return Farewell(_frames(session), location)


def _frames(session: UserSession) -> tuple[str, ...]:
    """Return the addresses of the applications that were visited, each told which session it is (section 2)."""
    visited = (AuthorizationGrant.session_id == session.id) & AuthorizationGrant.redeemed_at.is_not(None)
    rows = db.session.scalars(
        select(RegisteredClient)
        .where(RegisteredClient.client_id.in_(select(AuthorizationGrant.client_id).where(visited)))
        .order_by(RegisteredClient.client_id)
    )
    about = urlencode({"iss": settings.current().server.issuer, "sid": session.sid})
    addresses = [address for row in rows if (address := row.further.get("frontchannel_logout_uri"))]
    return tuple(f"{address}{'&' if '?' in address else '?'}{about}" for address in addresses)
