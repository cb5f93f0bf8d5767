"""Runs the migrations of ECP on the database that the command names."""

from alembic import context
from sqlalchemy import create_engine, pool

from ecp_client import models  # noqa: F401 - the tables register themselves
from ecp_client.db import Model


def run() -> None:
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            render_as_batch=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
