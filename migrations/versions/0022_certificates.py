"""Keep the certificate that a public client's refresh token counts with."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.add_column(sa.Column("x5t", sa.String(length=43), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.drop_column("x5t")
