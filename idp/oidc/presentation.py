"""How a client is shown to people who sign in to it: its logo, its links and what it wants, in their language."""

from collections.abc import Collection, Sequence

from flask_babel import gettext as _

from idp.core import languages
from idp.oidc import logos, said_of_clients
from idp.oidc.clients import Client
from idp.oidc.scope_words import WORDS

# Its words mean what stands before them.
ALL_THIS = "offline_access"
LINKS = ("client_uri", "policy_uri", "tos_uri")


def name_of(client: Client) -> str:
    """Return the client's name in the language of the page."""
    return client.says("client_name", _language(client)) or client.client_name


def wishes(client: Client, scopes: Collection[str]) -> list[str]:
    """Return what people read about the scopes that a client wants: ours, then the operator's own."""
    described = WORDS | {scope: _described(client, scope) for scope in sorted(set(scopes) - set(WORDS))}
    described[ALL_THIS] = described.pop(ALL_THIS)
    return [str(text) for scope, text in described.items() if scope in scopes]


def _language(client: Client) -> str:
    """The language of the page; any will do for a client that says the same to all, and to find out takes 50 us."""
    return languages.current().code if said_of_clients.tagged(client.further) else languages.DEFAULT


def _described(client: Client, scope: str) -> str:
    """What the operator says of a scope in the language of the page, or in any; else its name, in a sentence."""
    said = client.further.get("scope_descriptions", {}).get(scope, {})
    words = said.get(languages.current().code) or said.get(languages.DEFAULT) or next(iter(said.values()), None)
    return str(words or _("Access to “%(scope)s” in your name", scope=scope))


def about(client: Client, ui_locales: Sequence[str] = ()) -> dict[str, str]:
    """Return what a sign-in page shows beside the name: `logo` (a path of ours), and the links that there are.

    `languages` are those that the client asks for (OpenID Connect Core, 3.1.2.1).
    """
    language = _language(client)
    shown: dict[str, str | None] = {"logo": logos.path_of(client, language), "languages": " ".join(ui_locales)}
    shown |= {name: client.says(name, language) for name in LINKS}
    return {name: value for name, value in shown.items() if value}
