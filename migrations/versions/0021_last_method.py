"""Remember with which factor a device was used last, and that its app gave the account up."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; what was used before counts as used with the factor that added it. Other tables refer to this one."""
    op.add_column("authenticator", sa.Column("last_used_as", sa.String(length=24), nullable=True))
    op.add_column("authenticator", sa.Column("unlinked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("authenticator", "unlinked_at")
    op.drop_column("authenticator", "last_used_as")
