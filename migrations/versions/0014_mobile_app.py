"""Keep the mobile app: wrong PINs in a row, where pushes go, and our keys that the apps know."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "app_key",
        sa.Column("kid", sa.String(length=8), nullable=False),
        sa.Column("use", sa.Enum("QUESTION", "PUSH", name="appkeyuse", native_enum=False, length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_app_key")),
    )
    op.create_table(
        "push_subscription",
        sa.Column("authenticator_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["authenticator_id"],
            ["authenticator.id"],
            name=op.f("fk_push_subscription_authenticator_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("authenticator_id", name=op.f("pk_push_subscription")),
    )
    with op.batch_alter_table("authenticator", schema=None) as batch_op:
        batch_op.add_column(sa.Column("failures", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Take back; mobile devices are unknown before, and whoever is being asked at this moment asks again."""
    op.execute("DELETE FROM challenge")
    op.execute("DELETE FROM authenticator WHERE kind = 'app_pin'")
    with op.batch_alter_table("authenticator", schema=None) as batch_op:
        batch_op.drop_column("failures")
    op.drop_table("push_subscription")
    op.drop_table("app_key")
