"""Composition for the command line: prepare a database, look after clients, keys, people and the audit."""

import sys

import click
from flask import Flask
from flask_migrate import Migrate, upgrade

from idp import demo, restored
from idp.accounts import freezing, people
from idp.accounts.models import Account
from idp.app import create_app
from idp.core import audit, settings
from idp.core.audit import Actor
from idp.core.db import db
from idp.core.errors import Refusal
from idp.oidc import clients, keys
from idp.oidc.clients import AUTH_METHODS, SIGNING_ALGORITHMS, Client, Registration
from idp.saas import catalogue


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """Look after an ERN Login server."""
    app = migrating(create_app())
    context.with_resource(app.app_context())
    audit.acting(Actor("command line"))


def migrating(app: Flask) -> Flask:
    """Give the application its migrations; the server itself does without, for they are slow to load."""
    Migrate(app, db, directory="migrations", render_as_batch=True, compare_type=True)
    return app


@main.command()
def migrate() -> None:
    """Bring the database up to date."""
    upgrade()


@main.command()
def prepare() -> None:
    """Bring the database up to date, load the reference data and, where configured, the demonstration."""
    upgrade()
    catalogue.load_reference()
    keys.ensure()
    if settings.current().demo.enabled:
        demo.load()


@main.command()
def after_restore() -> None:
    """End the sessions, links, codes, grants and waiting messages that a restored backup brought back."""
    for what, count in restored.end_what_came_back().items():
        click.echo(f"{what}: {count} ended")


@main.command()
def verify_audit() -> None:
    """Prove the chain of the audit trail; status 1 names the first event that does not fit."""
    broken = audit.verify()
    if broken is not None:
        sys.exit(f"The audit trail breaks at event {broken}.")
    click.echo("The audit trail is whole.")


@main.command()
@click.argument("identifier")
def administrator(identifier: str) -> None:
    """Make the person with this e-mail address or identifier a platform administrator."""
    account = _account(identifier)
    people.make_administrator(account)
    click.echo(f"{account.name} ({account.uid}) is a platform administrator and always signs in with two factors.")


@main.command()
@click.argument("identifier")
def freeze(identifier: str) -> None:
    """Freeze the account with this e-mail address or identifier: nobody signs in, every session ends."""
    done = freezing.freeze(_account(identifier).id, "support")
    click.echo("The account is frozen." if done else "The account was not open; nothing was changed.")


@main.command()
@click.argument("identifier")
def unfreeze(identifier: str) -> None:
    """Open a frozen account again, for a person whom you have recognised (docs/operate.md)."""
    done = freezing.unfreeze(_account(identifier).id, "support")
    click.echo("The account is open again." if done else "The account was not frozen; nothing was changed.")


@main.group()
def client() -> None:
    """Register the applications that sign people in here."""


@client.command("add")
@click.option("--name", required=True, help="The name that people read while they sign in.")
@click.option("--redirect-uri", "redirect_uris", required=True, multiple=True, help="Where codes may be sent.")
@click.option("--post-logout-redirect-uri", "post_logout", multiple=True, help="Where people may land after a logout.")
@click.option("--application", type=int, help="The number of the SAAS application whose accesses the client reads.")
@click.option("--auth-method", type=click.Choice(AUTH_METHODS), default=AUTH_METHODS[0], show_default=True)
@click.option("--id-token-alg", type=click.Choice(SIGNING_ALGORITHMS), default=SIGNING_ALGORITHMS[0], show_default=True)
@click.option("--scope", default=clients.DEFAULT_SCOPE, show_default=True, help="The scopes that the client may have.")
def add_client(
    name: str,
    redirect_uris: tuple[str, ...],
    post_logout: tuple[str, ...],
    **rest: str | int | None,
) -> None:
    """Register a client and print its identifier and its secret; the secret is shown this once."""
    registration = Registration(
        client_name=name,
        redirect_uris=redirect_uris,
        post_logout_redirect_uris=post_logout,
        application_id=rest["application"],  # type: ignore[arg-type]
        token_endpoint_auth_method=str(rest["auth_method"]),
        id_token_signed_response_alg=str(rest["id_token_alg"]),
        scope=str(rest["scope"]),
    )
    try:
        made, secret = clients.register(registration)
    except Refusal as refusal:
        sys.exit(f"The client was not registered: {refusal.key} {refusal.details.get('uri', '')}".rstrip())
    click.echo(f"issuer: {settings.current().server.issuer}\nclient_id: {made.client_id}")
    if secret:
        click.echo(f"client_secret: {secret}")


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


@client.command("remove")
@click.argument("client_id")
def remove_client(client_id: str) -> None:
    """Take a client away with everything that it was given."""
    try:
        clients.remove(client_id)
    except Refusal:
        sys.exit("There is no such client.")


def _account(identifier: str) -> Account:
    account = people.by_identifier(identifier)
    if account is None:
        sys.exit("Nobody has an account with this e-mail address or identifier.")
    return account


if __name__ == "__main__":
    main()
