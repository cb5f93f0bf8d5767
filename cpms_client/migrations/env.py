"""How Alembic reaches the database of CPMS: through the application that `cpms_client.cli` assembled."""

from alembic import context

from cpms_client.db import db

with db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()
