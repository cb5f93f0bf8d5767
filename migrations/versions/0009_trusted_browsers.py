"""Let people trust a browser, and applications say whether they accept that."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ECP = 742


def upgrade() -> None:
    """Apply; a sign-in under way trusts no browser. Not in batch mode: other tables refer to these."""
    for table, column in (("application", "trusted_browsers"), ("sign_in_attempt", "trusting")):
        op.add_column(table, sa.Column(column, sa.Boolean(), server_default=sa.false(), nullable=False))
    application = sa.table("application", sa.column("id", sa.Integer), sa.column("trusted_browsers", sa.Boolean))
    op.execute(application.update().where(application.c.id == ECP).values(trusted_browsers=True))
    op.create_table(
        "trusted_browser",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("authenticator_id", sa.Integer(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("user_agent", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["authenticator_id"], ["authenticator.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "browser", name="uq_trusted_browser"),
    )
    with op.batch_alter_table("trusted_browser", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trusted_browser_authenticator_id"), ["authenticator_id"])
        batch_op.create_index(batch_op.f("ix_trusted_browser_expires_at"), ["expires_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("trusted_browser")
    op.drop_column("sign_in_attempt", "trusting")
    op.drop_column("application", "trusted_browsers")
