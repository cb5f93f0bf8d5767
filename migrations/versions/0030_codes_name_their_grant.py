"""Forget the index of codes: a code names its grant."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

UNIQUE = "uq_authorization_grant_code_digest"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("authorization_grant") as batch:
        batch.drop_constraint(UNIQUE, type_="unique")


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("authorization_grant") as batch:
        batch.create_unique_constraint(UNIQUE, ["code_digest"])
