"""Logos of clients: read once, looked at, and shown as an image of ours: no page of ours loads a foreign one."""

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import url_for
from sqlalchemy import delete, select

from idp.core import fetch
from idp.core.db import db
from idp.core.errors import Invalid, NotFound
from idp.core.fetch import FetchRefused, Unreachable
from idp.core.values import frozen
from idp.oidc import said_of_clients
from idp.oidc.clients import Client
from idp.oidc.models import ClientLogo

# By their first bytes, whatever the site says of them. SVG is not among them: it can carry script.
KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
MOST_LOGOS = 5


@frozen
class Logo:
    """An image and its media type."""

    content_type: str
    body: bytes


def read(further: Mapping[str, Any]) -> dict[str, Logo]:
    """Return the logos that a registration names, by their addresses; one that does not answer now is left out.

    Raises Invalid if something else than an image is found, or too many are named.
    """
    addresses = _addresses(further)
    if len(addresses) > MOST_LOGOS:
        raise Invalid("client_metadata_wrong", name="logo_uri")
    found = {address: _read(address) for address in sorted(addresses)}
    return {address: logo for address, logo in found.items() if logo is not None}


def keep(client_id: str, found: Mapping[str, Logo]) -> None:
    """Let a client have these logos and no others; inside the act that registers it."""
    db.session.execute(delete(ClientLogo).where(ClientLogo.client_id == client_id))
    for address, logo in found.items():
        db.session.add(
            ClientLogo(
                client_id=client_id,
                address=address,
                digest=hashlib.sha256(logo.body).digest(),
                content_type=logo.content_type,
                body=logo.body,
            )
        )


def missing(client: Client) -> list[str]:
    """Return the addresses of logos that a client names and that did not answer when it was registered."""
    kept = set(db.session.scalars(select(ClientLogo.address).where(ClientLogo.client_id == client.client_id)))
    return sorted(_addresses(client.further) - kept)


def path_of(client: Client, language: str) -> str | None:
    """Return where a page finds the client's logo in a language; None if it has none."""
    address = client.says("logo_uri", language)
    if address is None:
        return None
    mine = (ClientLogo.client_id == client.client_id) & (ClientLogo.address == address)
    found = db.session.scalar(select(ClientLogo.digest).where(mine))
    return url_for("oidc.client_logo", digest=found.hex()) if found else None


def find(digest: str) -> Logo:
    """Return the image whose SHA-256 is named in an address; raise NotFound if no client has it."""
    try:
        wanted = bytes.fromhex(digest)
    except ValueError:
        raise NotFound("page_unknown") from None
    row = db.session.scalar(select(ClientLogo).where(ClientLogo.digest == wanted).limit(1))
    if row is None:
        raise NotFound("page_unknown")
    return Logo(row.content_type, row.body)


def _addresses(further: Mapping[str, Any]) -> set[str]:
    return {str(value) for name, value in further.items() if said_of_clients.bare(name) == "logo_uri"}


def _read(address: str) -> Logo | None:
    try:
        body = fetch.get(address).body
    except Unreachable:
        return None
    except FetchRefused:
        raise Invalid("client_metadata_wrong", name="logo_uri") from None
    kind = next((kind for start, kind in KINDS if body.startswith(start)), None)
    if kind is None:
        raise Invalid("client_metadata_wrong", name="logo_uri")
    return Logo(kind, body)
