"""Seal what a challenge shows to its browser: the page of a factor under way may hold its secret."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; whoever is being asked at this moment asks again."""
    op.execute("DELETE FROM challenge")
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_column("page")


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM challenge")
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.add_column(sa.Column("page", sa.JSON(), nullable=False))
