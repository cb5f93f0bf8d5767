"""Keep with each model of security keys the certificates under which its maker attests it."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("key_model") as table:
        table.add_column(sa.Column("roots", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("key_model") as table:
        table.drop_column("roots")
