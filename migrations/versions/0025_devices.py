"""Let devices without a browser wait for their person."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "device_authorization",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=45), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("denied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grant_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["oauth_client.client_id"],
            name=op.f("fk_device_authorization_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["authorization_grant.id"],
            name=op.f("fk_device_authorization_grant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_device_authorization")),
        sa.UniqueConstraint("user_code_digest", name=op.f("uq_device_authorization_user_code_digest")),
    )
    with op.batch_alter_table("device_authorization") as batch_op:
        batch_op.create_index(batch_op.f("ix_device_authorization_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_device_authorization_grant_id"), ["grant_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("device_authorization")
