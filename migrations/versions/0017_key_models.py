"""Know the models of security keys by the FIDO metadata that an operator loads."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "key_model",
        sa.Column("aaguid", sa.String(length=36), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("warning", sa.String(length=40), nullable=False),
        sa.Column("blob_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("aaguid", name=op.f("pk_key_model")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("key_model")
