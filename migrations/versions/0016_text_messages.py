"""Let applications say whether they accept codes by text message."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; all did before. Not in batch mode: other tables refer to this one."""
    op.add_column("application", sa.Column("text_messages", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    """Take back."""
    op.drop_column("application", "text_messages")
