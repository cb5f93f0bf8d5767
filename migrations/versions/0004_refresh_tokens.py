"""Keep what refresh tokens need with their grants, what else clients register, and what was presented once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENTS = ("refresh_rotated_at", "refresh_used_at", "refresh_expires_at")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.add_column(sa.Column("refresh_number", sa.Integer(), nullable=True))
        for name in MOMENTS:
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.add_column(sa.Column("further", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.alter_column("further", server_default=None)
    op.create_table(
        "used_once",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_once")),
    )
    with op.batch_alter_table("used_once") as batch_op:
        batch_op.create_index(batch_op.f("ix_used_once_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("used_once")
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.drop_column("further")
    with op.batch_alter_table("authorization_grant") as batch_op:
        for name in (*MOMENTS, "refresh_number"):
            batch_op.drop_column(name)
