"""How a client is shown to people who sign in to it: its logo and its links, in their language."""

from collections.abc import Sequence

from idp.core import languages
from idp.oidc import logos
from idp.oidc.clients import Client

LINKS = ("client_uri", "policy_uri", "tos_uri")


def name_of(client: Client) -> str:
    """Return the client's name in the language of the page."""
    return client.says("client_name", languages.current().code) or client.client_name


def about(client: Client, ui_locales: Sequence[str] = ()) -> dict[str, str]:
    """Return what a sign-in page shows beside the name: `logo` (a path of ours), and the links that there are.

    `languages` are those that the client asks for (OpenID Connect Core, 3.1.2.1).
    """
    language = languages.current().code
    shown: dict[str, str | None] = {"logo": logos.path_of(client, language), "languages": " ".join(ui_locales)}
    shown |= {name: client.says(name, language) for name in LINKS}
    return {name: value for name, value in shown.items() if value}
