"""Keep who proposed a hospital, and what was decided about it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = "hospital_proposal"
WAITS = sa.text("decided_at IS NULL")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hospital_proposal_account_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["account.id"], name=op.f("fk_hospital_proposal_decided_by_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_hospital_proposal_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hospital_proposal")),
    )
    op.create_index(op.f("ix_hospital_proposal_account_id"), TABLE, ["account_id"])
    op.create_index(op.f("ix_hospital_proposal_organisation_id"), TABLE, ["organisation_id"])
    op.create_index(
        "uq_hospital_proposal_open",
        TABLE,
        ["organisation_id"],
        unique=True,
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("uq_hospital_proposal_open", TABLE)
    op.drop_index(op.f("ix_hospital_proposal_organisation_id"), TABLE)
    op.drop_index(op.f("ix_hospital_proposal_account_id"), TABLE)
    op.drop_table(TABLE)
