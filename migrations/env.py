"""Alembic's entry: the application's engine and tables, nothing else."""

from alembic import context
from flask import current_app

from idp.core.db import db

target_metadata = db.metadata


def run() -> None:
    """Migrate the database that the application is configured for."""
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Rebuilding a table drops it for a moment; with foreign keys on, that would delete what refers to it.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        context.configure(connection=connection, target_metadata=target_metadata, **options)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
