"""Let an answer tell which authenticator gave it, and suspend those that cannot be trusted any more."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("authenticator", schema=None) as batch_op:
        batch_op.add_column(sa.Column("handle", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_authenticator_handle"), ["handle"])
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.alter_column("account_id", existing_type=sa.Integer(), nullable=True)


def downgrade() -> None:
    """Take back; security keys are unknown before, and whoever is being asked at this moment asks again."""
    op.execute("DELETE FROM challenge")
    op.execute("DELETE FROM authenticator WHERE kind = 'security_key'")
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.alter_column("account_id", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("authenticator", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_authenticator_handle"), type_="unique")
        batch_op.drop_column("suspended_at")
        batch_op.drop_column("handle")
