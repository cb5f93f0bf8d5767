"""Let people be warned each time an application asks for their identity."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("account") as batch_op:
        batch_op.add_column(sa.Column("warn_applications", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take back."""
    # Not in batch mode, which would make the table anew while others refer to it.
    op.drop_column("account", "warn_applications")
