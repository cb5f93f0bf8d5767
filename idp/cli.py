"""Composition for the command line: prepare a database, deliver messages, look after clients, keys and the audit."""

import signal
import sys
import threading

import click
from flask import Flask
from flask_migrate import Migrate, upgrade

from idp.app import create_app
from idp.core import audit, jobs
from idp.core.audit import Actor
from idp.core.db import db


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


@main.command()
def worker() -> None:
    """Deliver mails and text messages until stopped."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    jobs.work(stop)


@main.command()
def verify_audit() -> None:
    """Prove the chain of the audit trail; status 1 names the first event that does not fit."""
    broken = audit.verify()
    if broken is not None:
        sys.exit(f"The audit trail breaks at event {broken}.")
    click.echo("The audit trail is whole.")


if __name__ == "__main__":
    main()
