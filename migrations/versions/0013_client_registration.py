"""Let clients register themselves by invitation."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.add_column(sa.Column("registration_digest", sa.LargeBinary(), nullable=True))
    op.create_table(
        "client_invitation",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_client_invitation")),
    )
    with op.batch_alter_table("client_invitation") as batch_op:
        batch_op.create_index(batch_op.f("ix_client_invitation_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("client_invitation")
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.drop_column("registration_digest")
