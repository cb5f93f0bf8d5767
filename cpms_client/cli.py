"""The command line of CPMS: prepare the database, list training accounts and a person's openings, make a migration."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from flask import Flask

from cpms_client import installation, openings, training, training_samples
from cpms_client import settings as cpms_settings
from cpms_client.app import assemble
from cpms_client.db import db
from cpms_client.paging import Wanted

MIGRATIONS = Path(__file__).parent / "migrations"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; a mistake in the settings ends with exit 2."""
    parser = argparse.ArgumentParser(prog="python -m cpms_client.cli", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="make or migrate the database; in training also the sample patients")
    commands.add_parser("accounts", help="list the training accounts")
    commands.add_parser("downgrade", help="undo migrations").add_argument("revision")
    commands.add_parser("check-migrations", help="fail when models and migrations differ")
    commands.add_parser("make-migration", help="write a migration from the models").add_argument("words")
    opened = commands.add_parser("openings", help="tell which patients a person opened, the newest 100 lines a page")
    opened.add_argument("sub", help="the person's identifier, such as n00axup3")
    opened.add_argument("--page", type=int, default=1)
    chosen = parser.parse_args(arguments)
    if chosen.command == "accounts":
        _print_accounts()
        return
    app = assemble(cpms_settings.load())
    with app.app_context():
        _run(app, chosen)
        db.session.remove()


def _run(app: Flask, chosen: argparse.Namespace) -> None:
    if chosen.command == "prepare":
        prepare(app)
    elif chosen.command == "downgrade":
        command.downgrade(alembic_config(), chosen.revision)
    elif chosen.command == "check-migrations":
        command.check(alembic_config())
    elif chosen.command == "openings":
        _print_openings(chosen.sub, Wanted(page=max(1, chosen.page), size=100))
    else:
        number = f"{len(list(MIGRATIONS.glob('versions/*.py'))) + 1:04d}"
        command.revision(alembic_config(), chosen.words, autogenerate=True, rev_id=number)


def prepare(app: Flask) -> None:
    """Bring the database up to date, mark what it is for, and fill the training one; safe to repeat."""
    settings: cpms_settings.Settings = app.extensions["cpms_settings"]
    url = db.engine.url
    if url.drivername.startswith("sqlite") and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    installation.refuse_other_kind(settings)
    command.upgrade(alembic_config(), "head")
    installation.mark(settings)
    installation.check(settings)
    if settings.training:
        training_samples.plant()


def _print_openings(sub: str, wanted: Wanted) -> None:
    page = openings.of_sub(sub, wanted)
    for opening, pseudonym in page.rows:
        held = f"{opening.role}, {opening.ern}, {opening.hcp}"
        print(f"{opening.at:%Y-%m-%d %H:%M:%S}Z  {pseudonym}  {opening.act}  {opening.why}  ({held})")
    print(f"{page.total} openings, page {page.number} of {page.last}.")


def alembic_config() -> Config:
    """Point Alembic at this program's migrations; the connection comes from the application."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def _print_accounts() -> None:
    for account in training.accounts():
        access = account.visitor.accesses[0]
        profiles = ", ".join(sorted(access.profiles)) or "guest, Virtual Centre"
        print(f"{account.name:30}  {account.ern:16}  {account.kind.word!s:27}  {access.hcp}  {profiles}")


if __name__ == "__main__":
    main()
