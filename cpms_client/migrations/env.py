"""How Alembic reaches the database of CPMS: through the application that `cpms_client.cli` assembled."""

from typing import Any

from alembic import context

from cpms_client.db import UtcDateTime, db


def spell(kind: str, thing: Any, _api: Any) -> str | bool:
    """Write our own column type as what it is in the database, so that a migration outlives the program's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UtcDateTime) else False


def switch_foreign_keys(connection: Any, on: bool) -> None:
    """Let SQLite copy a table (batch mode) without deleting what refers to it; a no-op inside a transaction."""
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")


with db.engine.connect() as bind:
    switch_foreign_keys(bind, on=False)
    # One transaction, on SQLite too: a start that is killed half-way leaves the old version.
    context.configure(
        connection=bind,
        target_metadata=db.metadata,
        render_as_batch=True,
        render_item=spell,
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    bind.commit()
    switch_foreign_keys(bind, on=True)
