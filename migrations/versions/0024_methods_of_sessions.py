"""Remember with which factors a session was proved: several share a value of `amr`."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; where the factor matters, whoever is signed in now is asked once more. Other tables refer to this one."""
    op.add_column("user_session", sa.Column("methods", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    """Take back."""
    op.drop_column("user_session", "methods")
