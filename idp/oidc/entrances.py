"""Ways into applications from our own pages: third-party-initiated login (OpenID Connect Core, 4)."""

from collections.abc import Collection
from urllib.parse import urlencode

from idp.core import languages, settings
from idp.oidc import clients


def of_applications(application_ids: Collection[int]) -> list[tuple[str, str]]:
    """Return name and address of each client of these SAAS applications that takes up a sign-in which begins here."""
    found = [(client, client.further.get("initiate_login_uri")) for client in clients.of_applications(application_ids)]
    language, issuer = languages.current().code, urlencode({"iss": settings.current().server.issuer})
    return [
        (
            client.says("client_name", language) or client.client_name,
            f"{address}{'&' if '?' in address else '?'}{issuer}",
        )
        for client, address in found
        if address
    ]
