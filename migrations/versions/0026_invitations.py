"""Keep what the operator decides about the clients of an invitation, and let it be for no application."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("client_invitation") as batch_op:
        batch_op.add_column(sa.Column("decided", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.alter_column("application_id", existing_type=sa.Integer(), nullable=True)
    with op.batch_alter_table("client_invitation") as batch_op:
        batch_op.alter_column("decided", server_default=None)


def downgrade() -> None:
    """Take back; an invitation for no application has no place in the older tables."""
    op.execute("DELETE FROM client_invitation WHERE application_id IS NULL")
    with op.batch_alter_table("client_invitation") as batch_op:
        batch_op.alter_column("application_id", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_column("decided")
