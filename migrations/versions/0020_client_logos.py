"""Keep the logos of clients, what a sign-in page shows of them, and a registration's token that was replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "client_logo",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=2000), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content_type", sa.String(length=16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["oauth_client.client_id"],
            name=op.f("fk_client_logo_client_id_oauth_client"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("client_id", "address", name=op.f("pk_client_logo")),
    )
    op.create_index(op.f("ix_client_logo_digest"), "client_logo", ["digest"])
    with op.batch_alter_table("sign_in_attempt") as table:
        table.add_column(sa.Column("about", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("oauth_client") as table:
        table.add_column(sa.Column("previous_registration_digest", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("oauth_client") as table:
        table.drop_column("previous_registration_digest")
    with op.batch_alter_table("sign_in_attempt") as table:
        table.drop_column("about")
    op.drop_table("client_logo")
