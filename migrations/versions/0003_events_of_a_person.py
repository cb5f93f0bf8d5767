"""Let a person read the own events in their order."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.drop_index("ix_audit_event_subject")
        batch_op.create_index("ix_audit_event_subject", ["subject", "id"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.drop_index("ix_audit_event_subject")
        batch_op.create_index("ix_audit_event_subject", ["subject"], unique=False)
