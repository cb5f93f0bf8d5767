"""Composition for the command line: prepare a database, look after clients, keys, people and the audit."""

import json
import sys
from typing import IO

import click
from flask import Flask
from flask_migrate import Migrate, upgrade

from idp import demo, restored
from idp.accounts import freezing, people, personal_details, questions
from idp.accounts.models import Account
from idp.app import create_app
from idp.client_commands import client
from idp.core import audit, settings
from idp.core.audit import Actor
from idp.core.db import db
from idp.core.errors import Conflict, Invalid, NotFound
from idp.metadata_commands import metadata
from idp.mfa import app_keys
from idp.mfa import panic as panics
from idp.oidc import keys
from idp.saas import catalogue, recognition


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
    app_keys.ensure()
    if settings.current().demo.enabled:
        demo.load()


@main.command()
def new_app_key() -> None:
    """Make another key for the QR codes of the mobile app; it signs from the eighth day on, when the apps know it."""
    click.echo(f"Key {app_keys.make()} is made.")


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
@click.argument("claims", type=click.File("r", encoding="utf-8"))
def claims(identifier: str, claims: IO[str]) -> None:
    """Set further claims of OpenID Connect Core, 5.1 about a person, from a JSON file (- for standard input)."""
    try:
        personal_details.keep_further(_account(identifier), json.load(claims))
    except (ValueError, AttributeError):
        sys.exit("Nothing was changed: this is not a JSON object.")
    except Invalid as refusal:
        sys.exit(f"Nothing was changed: {refusal.details['name']} is unknown or malformed.")
    click.echo("Applications read this from now on.")


@main.command()
@click.argument("identifier")
def panic(identifier: str) -> None:
    """Delete all devices of the account with this e-mail address or identifier, for a person who called you."""
    done = panics.press(_account(identifier).id, "support")
    click.echo("All devices are deleted." if done else "Nothing was there to be deleted.")


@main.command()
@click.argument("identifier")
@click.option("--yes", is_flag=True, help="Do not ask: the person named the devices that are registered.")
def recognise(identifier: str, yes: bool) -> None:
    """Open what `panic` locked, for a person whom you have called back and whom no administrator can recognise."""
    account = _account(identifier)
    devices = questions.devices(account.id) if panics.opened(account.id) else []
    if devices and not yes:
        click.confirm(
            f"Registered since: {', '.join(devices)}. Did the person register these, and only these?", abort=True
        )
    try:
        opened = recognition.vouch(account)
    except NotFound:
        sys.exit("Nothing of this account waits for that; nothing was changed.")
    except Conflict:
        sys.exit("The person has no device yet. Let one be registered first; nothing was changed.")
    click.echo(f"{account.name} ({account.uid}) is recognised; accesses open again: {opened}.")


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


main.add_command(client)
main.add_command(metadata)


@main.command()
def rotate_keys() -> None:
    """Let the signing keys that wait sign from now on, and make new ones that wait."""
    keys.rotate()
    for kid, algorithm, does, since in keys.described():
        click.echo(f"{kid}  {algorithm}  {does} since {since:%Y-%m-%d %H:%M} UTC")


def _account(identifier: str) -> Account:
    account = people.by_identifier(identifier)
    if account is None:
        sys.exit("Nobody has an account with this e-mail address or identifier.")
    return account


if __name__ == "__main__":
    main()
