"""Applications, organisations, requests and accesses."""

import sqlalchemy as sa
from alembic import op

revision = "0000b"
down_revision = "0000a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "application",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("short_name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("takes_requests", sa.Boolean(), nullable=False),
        sa.Column("takes_guests", sa.Boolean(), nullable=False),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("locked_after_panic", sa.Boolean(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["membership_id"], ["application.id"], name=op.f("fk_application_membership_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
    )

    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("network", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("network", "country", "provider", "guest", name="organisationkind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("active", "requested", "closed", name="organisationstate", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("reference", sa.String(length=160), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("membership", sa.String(length=40), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["organisation.id"], name=op.f("fk_organisation_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("path", name=op.f("uq_organisation_path")),
    )
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organisation_network"), ["network"], unique=False)
        batch_op.create_index(batch_op.f("ix_organisation_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "saas_reference_version",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_saas_reference_version")),
    )

    op.create_table(
        "access_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "decided_by",
            sa.Enum("coordination_team", "administrator", name="decider", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("decides", sa.Boolean(), nullable=False),
        sa.Column("needs", sa.String(length=40), nullable=True),
        sa.Column("for_guests", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_access_profile_application_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_profile")),
    )
    with op.batch_alter_table("access_profile", schema=None) as batch_op:
        batch_op.create_index("uq_access_profile_code", ["application_id", "code"], unique=True)

    op.create_table(
        "access_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=43), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("form_key", sa.String(length=43), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_access_request_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
        sa.UniqueConstraint("form_key", name=op.f("uq_access_request_form_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_access_request_reference")),
    )
    with op.batch_alter_table("access_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_request_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_request_submitted_at"), ["submitted_at"], unique=False)

    op.create_table(
        "access_version",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_access_version_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_access_version")),
    )

    op.create_table(
        "delegation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delegator_id", sa.Integer(), nullable=False),
        sa.Column("delegate_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["delegate_id"], ["account.id"], name=op.f("fk_delegation_delegate_id")),
        sa.ForeignKeyConstraint(["delegator_id"], ["account.id"], name=op.f("fk_delegation_delegator_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_delegation_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegation_delegate_id"), ["delegate_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegation_delegator_id"), ["delegator_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegation_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "hospital_proposal",
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
    with op.batch_alter_table("hospital_proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hospital_proposal_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hospital_proposal_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(
            "uq_hospital_proposal_open",
            ["organisation_id"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )

    op.create_table(
        "request_draft",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_request_draft_account_id")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_request_draft_application_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_request_draft_organisation_id")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["access_request.id"], name=op.f("fk_request_draft_request_id")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_request_draft")),
    )
    with op.batch_alter_table("request_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_draft_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_request_draft_changed_at"), ["changed_at"], unique=False)

    op.create_table(
        "request_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "submitted", "asked", "granted", "refused", "withdrawn", name="itemstate", native_enum=False, length=20
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_as", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_request_item_account_id")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_request_item_application_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["account.id"], name=op.f("fk_request_item_decided_by_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_request_item_organisation_id")),
        sa.ForeignKeyConstraint(["profile_id"], ["access_profile.id"], name=op.f("fk_request_item_profile_id")),
        sa.ForeignKeyConstraint(["request_id"], ["access_request.id"], name=op.f("fk_request_item_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_item")),
    )
    with op.batch_alter_table("request_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_item_request_id"), ["request_id"], unique=False)
        batch_op.create_index("ix_request_item_state", ["state", "organisation_id"], unique=False)
        batch_op.create_index(
            "uq_request_item_open",
            ["account_id", "organisation_id", "profile_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('submitted', 'asked')"),
            postgresql_where=sa.text("state IN ('submitted', 'asked')"),
        )

    op.create_table(
        "request_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("fk_request_note_author_id")),
        sa.ForeignKeyConstraint(["request_id"], ["access_request.id"], name=op.f("fk_request_note_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_note")),
    )
    with op.batch_alter_table("request_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_note_request_id"), ["request_id"], unique=False)

    op.create_table(
        "access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("active", "locked", "revoked", "expired", name="accessstate", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column(
            "guest", sa.Enum("consult", "virtual_centre", name="guestkind", native_enum=False, length=20), nullable=True
        ),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_access_account_id")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_access_application_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["account.id"], name=op.f("fk_access_changed_by_id")),
        sa.ForeignKeyConstraint(["item_id"], ["request_item.id"], name=op.f("fk_access_item_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_access_organisation_id")),
        sa.ForeignKeyConstraint(["profile_id"], ["access_profile.id"], name=op.f("fk_access_profile_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access")),
        sa.UniqueConstraint("item_id", name=op.f("uq_access_item_id")),
    )
    with op.batch_alter_table("access", schema=None) as batch_op:
        batch_op.create_index("ix_access_due", ["state", "valid_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(
            "uq_access_living",
            ["account_id", "organisation_id", "profile_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('active', 'locked')"),
            postgresql_where=sa.text("state IN ('active', 'locked')"),
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("access", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_access_living",
            sqlite_where=sa.text("state IN ('active', 'locked')"),
            postgresql_where=sa.text("state IN ('active', 'locked')"),
        )
        batch_op.drop_index(batch_op.f("ix_access_organisation_id"))
        batch_op.drop_index("ix_access_due")

    op.drop_table("access")

    with op.batch_alter_table("request_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_request_note_request_id"))

    op.drop_table("request_note")

    with op.batch_alter_table("request_item", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_request_item_open",
            sqlite_where=sa.text("state IN ('submitted', 'asked')"),
            postgresql_where=sa.text("state IN ('submitted', 'asked')"),
        )
        batch_op.drop_index("ix_request_item_state")
        batch_op.drop_index(batch_op.f("ix_request_item_request_id"))

    op.drop_table("request_item")

    with op.batch_alter_table("request_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_request_draft_changed_at"))
        batch_op.drop_index(batch_op.f("ix_request_draft_account_id"))

    op.drop_table("request_draft")

    with op.batch_alter_table("hospital_proposal", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_hospital_proposal_open",
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_hospital_proposal_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_hospital_proposal_account_id"))

    op.drop_table("hospital_proposal")

    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delegation_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_delegation_delegator_id"))
        batch_op.drop_index(batch_op.f("ix_delegation_delegate_id"))

    op.drop_table("delegation")

    op.drop_table("access_version")

    with op.batch_alter_table("access_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_request_submitted_at"))
        batch_op.drop_index(batch_op.f("ix_access_request_account_id"))

    op.drop_table("access_request")

    with op.batch_alter_table("access_profile", schema=None) as batch_op:
        batch_op.drop_index("uq_access_profile_code")

    op.drop_table("access_profile")

    op.drop_table("saas_reference_version")

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisation_parent_id"))
        batch_op.drop_index(batch_op.f("ix_organisation_network"))

    op.drop_table("organisation")

    op.drop_table("application")
