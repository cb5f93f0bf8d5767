"""Panels, who sits in them and what they write."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = "0000"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "panel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("ern", sa.String(length=255), nullable=False),
        sa.Column("opened_by", sa.String(length=255), nullable=False),
        sa.Column("opened_by_name", sa.String(length=255), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lead_sub", sa.String(length=255), nullable=False),
        sa.Column("lead_name", sa.String(length=255), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "request",
                "selection",
                "assessment",
                "outcome",
                "sign_off",
                "closed",
                "archived",
                name="stage",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column(
            "urgency",
            sa.Enum("routine", "soon", "urgent", name="urgency", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_name", sa.String(length=255), nullable=True),
        sa.Column("close_note", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_panel_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel")),
        sa.UniqueConstraint("number", name=op.f("uq_panel_number")),
        sa.UniqueConstraint("opened_by", "form_key", name=op.f("uq_panel_opened_by")),
    )
    with op.batch_alter_table("panel", schema=None) as batch_op:
        batch_op.create_index("ix_panel_ern_opened", ["ern", "opened_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_panel_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_panel_stage"), ["stage"], unique=False)

    op.create_table(
        "contribution",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("panel_id", sa.Integer(), nullable=False),
        sa.Column("author_sub", sa.String(length=255), nullable=False),
        sa.Column("author_name", sa.String(length=255), nullable=False),
        sa.Column("hcp", sa.String(length=255), nullable=False),
        sa.Column("guest", sa.String(length=20), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["panel_id"], ["panel.id"], name=op.f("fk_contribution_panel_id_panel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution")),
        sa.UniqueConstraint("panel_id", "author_sub", "form_key", name=op.f("uq_contribution_panel_id")),
    )
    op.create_table(
        "panel_network",
        sa.Column("panel_id", sa.Integer(), nullable=False),
        sa.Column("ern", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["panel_id"], ["panel.id"], name=op.f("fk_panel_network_panel_id_panel")),
        sa.PrimaryKeyConstraint("panel_id", "ern", name=op.f("pk_panel_network")),
    )
    with op.batch_alter_table("panel_network", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_panel_network_ern"), ["ern"], unique=False)

    op.create_table(
        "panel_seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("panel_id", sa.Integer(), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("ern", sa.String(length=255), nullable=False),
        sa.Column("hcp", sa.String(length=255), nullable=False),
        sa.Column("guest", sa.String(length=20), nullable=True),
        sa.Column(
            "state",
            sa.Enum("invited", "accepted", "declined", "removed", name="seatstate", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("invited_by_name", sa.String(length=255), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contributed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["panel_id"], ["panel.id"], name=op.f("fk_panel_seat_panel_id_panel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_seat")),
        sa.UniqueConstraint("panel_id", "sub", name=op.f("uq_panel_seat_panel_id")),
    )
    with op.batch_alter_table("panel_seat", schema=None) as batch_op:
        batch_op.create_index("ix_panel_seat_sub_state", ["sub", "state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("panel_seat", schema=None) as batch_op:
        batch_op.drop_index("ix_panel_seat_sub_state")

    op.drop_table("panel_seat")
    with op.batch_alter_table("panel_network", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_panel_network_ern"))

    op.drop_table("panel_network")
    op.drop_table("contribution")
    with op.batch_alter_table("panel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_panel_stage"))
        batch_op.drop_index(batch_op.f("ix_panel_patient_id"))
        batch_op.drop_index("ix_panel_ern_opened")

    op.drop_table("panel")
