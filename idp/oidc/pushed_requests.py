"""Authorization requests that clients send ahead, directly and authenticated (RFC 9126)."""

from datetime import timedelta

from sqlalchemy import delete

from idp.core import clock, settings
from idp.core.db import db, transactional
from idp.core.errors import Expired
from idp.core.fields import Fields
from idp.core.signed import digest, new_token
from idp.oidc.clients import Client
from idp.oidc.models import PushedRequest

PREFIX = "urn:ietf:params:oauth:request_uri:"


@transactional
def keep(client: Client, given: Fields) -> str:
    """Keep a request that was judged, and return its request_uri."""
    token = new_token()
    seconds = settings.current().oidc.pushed_request_seconds
    db.session.add(
        PushedRequest(
            digest=digest(token),
            client_id=client.client_id,
            parameters=given.packed(),
            expires_at=clock.now() + timedelta(seconds=seconds),
        )
    )
    return PREFIX + token


def find(client: Client, request_uri: str) -> PushedRequest:
    """Return a pushed request of this client that still waits; raise Expired for any other.

    It may be opened more than once, by a browser that loads the page again; it is used up with the answer.
    """
    found = db.session.get(PushedRequest, digest(request_uri.removeprefix(PREFIX)))
    if found is None or found.client_id != client.client_id or found.expires_at <= clock.now():
        raise Expired("authorization_expired")
    return found


@transactional
def complete(pushed: str) -> None:
    """Use a pushed request up (its digest in hexadecimal); raise Expired if it was answered already."""
    done = db.session.execute(delete(PushedRequest).where(PushedRequest.digest == bytes.fromhex(pushed)))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise Expired("authorization_expired")


@transactional
def sweep() -> None:
    """Remove what nobody came for; a person who signs in meanwhile has the time of a sign-in."""
    patience = timedelta(minutes=settings.current().session.attempt_minutes)
    db.session.execute(delete(PushedRequest).where(PushedRequest.expires_at < clock.now() - patience))
