"""Keep the key that a grant's code and refresh token count with."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.add_column(sa.Column("dpop_jkt", sa.String(length=43), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.drop_column("dpop_jkt")
