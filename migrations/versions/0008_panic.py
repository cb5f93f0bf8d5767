"""Remember each PANIC until the person is recognised, and when a password was replaced through a mailbox."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "panic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pressed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recognised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("code_digest", sa.LargeBinary(), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_panic_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panic")),
    )
    waiting = sa.text("recognised_at IS NULL")
    with op.batch_alter_table("panic") as batch_op:
        batch_op.create_index("ix_panic_account_id", ["account_id"], unique=False)
        batch_op.create_index(
            "uq_panic_open", ["account_id"], unique=True, sqlite_where=waiting, postgresql_where=waiting
        )
    op.add_column("account", sa.Column("password_reset_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take back."""
    # Batch mode would make the table anew, which the rows that name it forbid.
    op.execute("ALTER TABLE account DROP COLUMN password_reset_at")
    op.drop_table("panic")
