"""Keep requests that clients send ahead, and the claims that a grant was asked for by name."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pushed_request",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["oauth_client.client_id"],
            name=op.f("fk_pushed_request_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_pushed_request")),
    )
    with op.batch_alter_table("pushed_request") as batch_op:
        batch_op.create_index(batch_op.f("ix_pushed_request_expires_at"), ["expires_at"], unique=False)
    none = '{"id_token": [], "userinfo": []}'
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.add_column(sa.Column("claims", sa.JSON(), nullable=False, server_default=none))
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.alter_column("claims", server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("authorization_grant") as batch_op:
        batch_op.drop_column("claims")
    op.drop_table("pushed_request")
