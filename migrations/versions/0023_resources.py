"""Keep what the access tokens of a grant may be for."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.add_column(sa.Column("resources", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.alter_column("resources", server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.drop_column("resources")
