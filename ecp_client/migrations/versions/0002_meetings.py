"""Upcoming meetings."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ern", sa.String(length=64), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("once", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_meeting_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("once", name=op.f("uq_meeting_once")),
    )
    op.create_index(op.f("ix_meeting_author_id"), "meeting", ["author_id"], unique=False)
    op.create_index(op.f("ix_meeting_ern_starts_at"), "meeting", ["ern", "starts_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_meeting_ern_starts_at"), table_name="meeting")
    op.drop_index(op.f("ix_meeting_author_id"), table_name="meeting")
    op.drop_table("meeting")
