"""The part of the command line that looks after clients: the applications that sign people in here."""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import click

from idp.core import settings
from idp.core.errors import Refusal
from idp.oidc import client_files, client_metadata, clients, logos, registration, said_of_clients, sectors
from idp.oidc.client_metadata import AUTH_METHODS, CHOSEN_GRANTS, PROFILES, SIGNING_ALGORITHMS
from idp.oidc.clients import Client, Registration
from idp.oidc.redirect_uris import APPLICATION_TYPES, WEB
from idp.oidc.response_types import named
from idp.saas import access

# Options that are metadata of one text, by their name.
SINGLE = (
    "profile", "application_type", "jwks_uri", "sector_identifier_uri", "backchannel_logout_uri", "initiate_login_uri",
)  # fmt: skip
PROBLEMS = {
    "redirect_uri_missing": "It needs at least one redirect URI.",
    "redirect_uri_malformed": "This address cannot be kept: {uri}. Write it whole, without fragment, * or user name; "
    "an application on a device may use a scheme with a dot in it, as com.example.app:/callback.",
    "redirect_uri_insecure": "This address is not https: {uri}. Plain http is for loopback alone: in development, or "
    "with --application-type native.",
    "auth_method_unknown": "It cannot authenticate in this way; the profile fapi2 needs a key (private_key_jwt).",
    "client_metadata_wrong": "{name} is missing or not valid, or what was found at its address is not.",
    "client_exists": "There is a client with this identifier already.",
}


@click.group()
def client() -> None:
    """Register the applications that sign people in here."""


@client.command("add")
@click.option("--name", required=True, help="The name that people read while they sign in.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where codes may be sent.")
@click.option("--post-logout-redirect-uri", "post_logout", multiple=True, help="Where people may land after a logout.")
@click.option("--application", type=int, help="The number of the SAAS application whose accesses the client reads.")
@click.option("--auth-method", type=click.Choice(AUTH_METHODS), default=AUTH_METHODS[0], show_default=True)
@click.option("--id-token-alg", type=click.Choice(SIGNING_ALGORITHMS), default=SIGNING_ALGORITHMS[0], show_default=True)
@click.option("--application-type", type=click.Choice(APPLICATION_TYPES), default=WEB, show_default=True)
@click.option("--jwks-uri", help="Where the client publishes its keys (private_key_jwt).")
@click.option("--jwks", type=click.Path(exists=True, path_type=Path), help="Or a file with its public keys.")
@click.option("--profile", type=click.Choice(PROFILES), default=PROFILES[0], show_default=True)
@click.option("--pairwise", is_flag=True, help="Tell it identifiers of people that no other sector knows.")
@click.option("--sector-identifier-uri", help="A list of redirect URIs: the clients on it see the same identifiers.")
@click.option("--backchannel-logout-uri", help="Where the client hears that a session is over.")
@click.option("--initiate-login-uri", help="Where a sign-in that begins here is taken up; https.")
@click.option("--metadata", type=click.Path(exists=True, path_type=Path), help="A JSON file with more (RFC 7591, 2).")
@click.option("--ask-consent", is_flag=True, help="Ask people before this application learns of them.")
@click.option("--grant", "grants", multiple=True, type=click.Choice(CHOSEN_GRANTS), help="What the client may do.")
@click.option("--resource", "resources", multiple=True, help="What its access tokens may be for beside us (RFC 8707).")
@click.option("--protects", multiple=True, help="A resource that it protects: it may ask what tokens for it are worth.")
@click.option(
    "--response-type", "response_types", multiple=True, help="What it may ask for; only legacy clients more than code."
)
@click.option("--scope", default=clients.DEFAULT_SCOPE, show_default=True, help="The scopes that the client may have.")
def add_client(
    name: str,
    redirect_uris: tuple[str, ...],
    post_logout: tuple[str, ...],
    **rest: Any,
) -> None:
    """Register a client and print its identifier and its secret; the secret is shown this once."""
    wanted = Registration(
        client_name=name,
        redirect_uris=redirect_uris,
        post_logout_redirect_uris=post_logout,
        application_id=rest["application"],
        token_endpoint_auth_method=rest["auth_method"],
        id_token_signed_response_alg=rest["id_token_alg"],
        scope=rest["scope"],
        further=_further(rest),
    )
    try:
        made, secret = registration.by_operator(wanted)
    except Refusal as refusal:
        sys.exit(f"The client was not registered. {_problem(refusal)}")
    click.echo(f"issuer: {settings.current().server.issuer}\nclient_id: {made.client_id}")
    if secret:
        click.echo(f"client_secret: {secret}")
    _tell_missing(made)


def _tell_missing(made: Client) -> None:
    for address in logos.missing(made):
        click.echo(f"The logo is missing: {address} did not answer. The client is registered without it.", err=True)


def _further(options: dict[str, Any]) -> dict[str, Any]:
    """Return what was given of the metadata that only some clients have."""
    found = _object_in(options["metadata"]) if options["metadata"] else {}
    found |= {name: options[name] for name in SINGLE if options[name] not in (None, PROFILES[0], WEB)}
    if options["pairwise"]:
        found["subject_type"] = sectors.PAIRWISE
    if options["ask_consent"]:
        found["asks_consent"] = True
    found |= {name: list(options[name]) for name in ("resources", "protects") if options[name]}
    if options["grants"]:
        found["grant_types"] = list(dict.fromkeys(options["grants"]))
    if options["response_types"]:
        found["response_types"] = [named(one) for one in options["response_types"]]
    if options["jwks"]:
        found["jwks"] = _object_in(options["jwks"])
    return found


def _object_in(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        sys.exit(f"{path} is not a JSON object.")
    return found


def _problem(refusal: Refusal) -> str:
    """Say what is wrong, and with what."""
    return PROBLEMS.get(refusal.key, refusal.key).format(**{"name": "", "uri": "", **refusal.details})


@client.command("keep")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def keep_clients(file: Path) -> None:
    """Make clients exist exactly as a TOML file says: [[client]], with the names of RFC 7591."""
    try:
        kept = client_files.keep(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as malformed:
        sys.exit(f"{file} is no TOML: {malformed}.")
    except Refusal as refusal:
        sys.exit(f"No client was kept. {_problem(refusal)}")
    for client_id, made in sorted(clients.several(kept).items()):
        click.echo(f"{client_id} is kept.")
        _tell_missing(made)


@client.command("list")
def list_clients() -> None:
    """Print every client."""
    for one in clients.registered():
        click.echo(f"{one.client_id}  {one.client_name}")


@client.command("show")
@click.argument("client_id")
def show_client(client_id: str) -> None:
    """Print one client; its secret is not known to anybody but the client."""
    found: Client | None = clients.find(client_id)
    if found is None:
        sys.exit("There is no such client.")
    click.echo(f"{found.client_id}\n{found.client_name}\nredirect_uris: {' '.join(found.redirect_uris)}")
    click.echo(f"scope: {found.scope}\napplication: {found.application_id}")
    click.echo(f"auth_method: {found.token_endpoint_auth_method}\nid_token_alg: {found.id_token_signed_response_alg}")
    for name, value in sorted(found.further.items()):
        if name in client_metadata.RULES or name in said_of_clients.tagged(found.further):
            click.echo(f"{name}: {json.dumps(value, ensure_ascii=False)}")


@client.command("remove")
@click.argument("client_id")
def remove_client(client_id: str) -> None:
    """Take a client away with everything that it was given."""
    try:
        clients.remove(client_id)
    except Refusal:
        sys.exit("There is no such client.")


@client.command("invite")
@click.option("--application", type=int, help="The number of the SAAS application; without one, everybody comes in.")
@click.option("--profile", type=click.Choice(PROFILES), default=PROFILES[0], show_default=True)
@click.option("--days", type=click.IntRange(1, 90), default=7, show_default=True, help="How long the token counts.")
@click.option("--uses", type=click.IntRange(1, 100), default=1, show_default=True, help="For how many clients.")
def invite_client(application: int | None, profile: str, days: int, uses: int) -> None:
    """Print a token with which a developer registers a client (RFC 7591); it is shown this once."""
    try:
        if application is not None:
            access.application(application)
    except Refusal:
        sys.exit("There is no such application.")
    decided = {} if profile == PROFILES[0] else {"profile": profile}
    click.echo(f"registration_endpoint: {settings.current().server.issuer}/oauth2/register")
    click.echo(f"initial_access_token: {registration.invite(application, days, uses, decided)}")


@client.command("rotate-secret")
@click.argument("client_id")
def rotate_secret(client_id: str) -> None:
    """Give a client a new secret and print it this once; the old one ends now."""
    try:
        click.echo(f"client_secret: {clients.rotate_secret(client_id)}")
    except Refusal:
        sys.exit("There is no such client with a secret.")
