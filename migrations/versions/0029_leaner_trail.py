"""Leave the audit trail the one index that is read: each of the others was one page more in every act."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

UNREAD = ("act", "actor", "object")


def upgrade() -> None:
    """Apply."""
    for column in UNREAD:
        op.drop_index(f"ix_audit_event_{column}", "audit_event")


def downgrade() -> None:
    """Take back."""
    for column in UNREAD:
        op.create_index(f"ix_audit_event_{column}", "audit_event", [column])
