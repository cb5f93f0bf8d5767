"""Commands for the operator: `python -m ecp_client.cli prepare`."""

import argparse
import sys
from collections.abc import Sequence

from alembic import command
from alembic.config import Config

from ecp_client import settings
from ecp_client.db import placed


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; 0 when done, 2 when the settings make no sense."""
    parser = argparse.ArgumentParser(prog="ecp_client.cli", description="The ERN Collaborative Platform (ECP)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="bring the database up to date")
    down = commands.add_parser("downgrade", help="take the database back to an older revision")
    down.add_argument("revision", help="a revision, -1 for one step, base for an empty database")
    chosen = parser.parse_args(arguments)
    try:
        url = settings.load().database_url
    except settings.Unusable as error:
        print(f"ECP: {error}", file=sys.stderr)
        return 2
    if chosen.command == "prepare":
        command.upgrade(migrations(url), "head")
        print("ECP is ready to start.")
    else:
        command.downgrade(migrations(url), chosen.revision)
    return 0


def migrations(url: str) -> Config:
    """The migrations of this program for one database."""
    config = Config()
    config.set_main_option("script_location", "ecp_client:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = placed(url, settings.ROOT)
    return config


if __name__ == "__main__":
    raise SystemExit(main())
