"""People, memberships, posts, sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("identifier", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("subject", name=op.f("uq_person_subject")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("next_path", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_created_at"), "sign_in_attempt", ["created_at"], unique=False)

    op.create_table(
        "browser_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("sid", sa.String(length=255), nullable=False),
        sa.Column("acr", sa.String(length=100), nullable=False),
        sa.Column("access_token", sa.LargeBinary(), nullable=False),
        sa.Column("id_token", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_browser_session_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_browser_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_browser_session_token_hash")),
    )
    op.create_index(op.f("ix_browser_session_created_at"), "browser_session", ["created_at"], unique=False)
    op.create_index(op.f("ix_browser_session_person_id"), "browser_session", ["person_id"], unique=False)
    op.create_index(op.f("ix_browser_session_sid"), "browser_session", ["sid"], unique=False)

    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ern", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=8), nullable=False),
        sa.Column("hcp", sa.String(length=64), nullable=False),
        sa.Column("hcp_name", sa.String(length=300), nullable=False),
        sa.Column("profiles", sa.JSON(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sort_key", sa.String(length=200), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("person_id", "ern", "hcp", name=op.f("uq_membership_person_id_ern_hcp")),
    )
    op.create_index(op.f("ix_membership_ern_sort_key"), "membership", ["ern", "sort_key"], unique=False)

    op.create_table(
        "post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ern", sa.String(length=64), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("once", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_post_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint("once", name=op.f("uq_post_once")),
    )
    op.create_index(op.f("ix_post_author_id"), "post", ["author_id"], unique=False)
    op.create_index(op.f("ix_post_ern_created_at"), "post", ["ern", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_post_ern_created_at"), table_name="post")
    op.drop_index(op.f("ix_post_author_id"), table_name="post")

    op.drop_table("post")
    op.drop_index(op.f("ix_membership_ern_sort_key"), table_name="membership")

    op.drop_table("membership")
    op.drop_index(op.f("ix_browser_session_sid"), table_name="browser_session")
    op.drop_index(op.f("ix_browser_session_person_id"), table_name="browser_session")
    op.drop_index(op.f("ix_browser_session_created_at"), table_name="browser_session")

    op.drop_table("browser_session")
    op.drop_index(op.f("ix_sign_in_attempt_created_at"), table_name="sign_in_attempt")

    op.drop_table("sign_in_attempt")
    op.drop_table("person")
