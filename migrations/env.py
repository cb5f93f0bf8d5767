"""Alembic's entry: the application's engine and tables, nothing else."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from idp.core.db import UtcDateTime, db

target_metadata = db.metadata


def rendered(kind: str, thing: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column type as what it is in the database, so that old migrations need no code of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UtcDateTime) else False


def run() -> None:
    """Migrate the database that the application is configured for."""
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Rebuilding a table drops it for a moment; with foreign keys on, that would delete what refers to it.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        context.configure(connection=connection, target_metadata=target_metadata, render_item=rendered, **options)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
