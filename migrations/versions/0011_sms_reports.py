"""Keep what the provider reports about a text, and which sender is its turn."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("outbox_message", sa.Column("route", sa.Integer(), server_default="0", nullable=False))
    op.add_column("outbox_message", sa.Column("status", sa.String(length=16), nullable=True))
    op.create_index("ix_outbox_message_provider_id", "outbox_message", ["provider_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_outbox_message_provider_id", "outbox_message")
    op.drop_column("outbox_message", "status")
    op.drop_column("outbox_message", "route")
