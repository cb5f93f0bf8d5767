"""Ways into applications from our own pages: third-party-initiated login (OpenID Connect Core, 4)."""

from collections.abc import Collection
from urllib.parse import urlencode

from sqlalchemy import select

from idp.core import languages, settings
from idp.core.db import db
from idp.oidc import said_of_clients
from idp.oidc.models import RegisteredClient


def of_applications(application_ids: Collection[int]) -> list[tuple[str, str]]:
    """Return name and address of each client of these SAAS applications that takes up a sign-in which begins here."""
    rows = db.session.scalars(
        select(RegisteredClient)
        .where(RegisteredClient.application_id.in_(application_ids))
        .order_by(RegisteredClient.client_name)
    )
    return [(_name(row), _address(uri)) for row in rows if (uri := row.further.get("initiate_login_uri"))]


def _name(row: RegisteredClient) -> str:
    return said_of_clients.in_language(row.further, "client_name", languages.current().code) or row.client_name


def _address(uri: str) -> str:
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'iss': settings.current().server.issuer})}"
