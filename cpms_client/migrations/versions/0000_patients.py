"""People, patients and sessions; the panels follow."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0000"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "colleague",
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sub", name=op.f("pk_colleague")),
    )
    with op.batch_alter_table("colleague", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_colleague_email"), ["email"], unique=False)

    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "kept_form",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("sealed_fields", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_kept_form")),
    )
    with op.batch_alter_table("kept_form", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kept_form_kept_at"), ["kept_at"], unique=False)

    op.create_table(
        "panel_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_panel_year")),
    )
    op.create_table(
        "patient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pseudonym", sa.String(length=40), nullable=False),
        sa.Column("nickname", sa.String(length=60), nullable=False),
        sa.Column("ern", sa.String(length=255), nullable=False),
        sa.Column("country", sa.String(length=255), nullable=False),
        sa.Column("hcp", sa.String(length=255), nullable=False),
        sa.Column("hcp_name", sa.String(length=255), nullable=False),
        sa.Column("enrolled_by", sa.String(length=255), nullable=False),
        sa.Column("enrolled_by_name", sa.String(length=255), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "sex",
            sa.Enum("female", "male", "undetermined", "foetus", name="sex", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("birth", sa.String(length=10), nullable=False),
        sa.Column(
            "status",
            sa.Enum("alive", "dead", "lost", "opted_out", name="lifestatus", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("death", sa.String(length=10), nullable=True),
        sa.Column("first_contact", sa.String(length=10), nullable=True),
        sa.Column(
            "onset",
            sa.Enum("undetermined", "antenatal", "birth", "date", name="agekind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("onset_date", sa.String(length=10), nullable=True),
        sa.Column(
            "diagnosed",
            sa.Enum("undetermined", "antenatal", "birth", "date", name="agekind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("diagnosed_date", sa.String(length=10), nullable=True),
        sa.Column("undiagnosed", sa.Boolean(), nullable=False),
        sa.Column("disease", sa.String(length=200), nullable=False),
        sa.Column("orpha", sa.String(length=20), nullable=True),
        sa.Column("genetic", sa.String(length=500), nullable=False),
        sa.Column("phenotype", sa.Text(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("biobank", sa.String(length=200), nullable=False),
        sa.Column("disability", sa.Text(), nullable=False),
        sa.Column(
            "care_consent",
            sa.Enum("given", "not_given", "withdrawn", name="consentstate", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("care_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "registry_consent",
            sa.Enum("given", "not_given", "withdrawn", name="consentstate", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("registry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "research_consent",
            sa.Enum("given", "not_given", "withdrawn", name="consentstate", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("research_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("enrolled_by", "form_key", name=op.f("uq_patient_enrolled_by")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_patient_pseudonym")),
    )
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.create_index("ix_patient_owner", ["enrolled_by", "id"], unique=False)
        batch_op.create_index("ix_patient_place", ["ern", "hcp", "id"], unique=False)

    op.create_table(
        "session",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("sid", sa.String(length=255), nullable=False),
        sa.Column("acr", sa.String(length=255), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("sealed_tokens", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_seen_at"), ["seen_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_sid"), ["sid"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_started_at"), ["started_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_sub"), ["sub"], unique=False)

    op.create_table(
        "sign_in_attempt",
        sa.Column("state_digest", sa.String(length=64), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_secrets", sa.Text(), nullable=False),
        sa.Column("return_to", sa.String(length=1000), nullable=False),
        sa.Column("max_age", sa.Integer(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("state_digest", name=op.f("pk_sign_in_attempt")),
    )
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_attempt_begun_at"), ["begun_at"], unique=False)

    op.create_table(
        "colleague_access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("ern", sa.String(length=255), nullable=False),
        sa.Column("country", sa.String(length=255), nullable=False),
        sa.Column("hcp", sa.String(length=255), nullable=False),
        sa.Column("hcp_name", sa.String(length=255), nullable=False),
        sa.Column("guest", sa.String(length=20), nullable=True),
        sa.Column("profiles", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["sub"], ["colleague.sub"], name=op.f("fk_colleague_access_sub_colleague")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_colleague_access")),
        sa.UniqueConstraint("sub", "ern", "hcp", "country", name=op.f("uq_colleague_access_sub")),
    )
    with op.batch_alter_table("colleague_access", schema=None) as batch_op:
        batch_op.create_index("ix_colleague_access_ern", ["ern", "hcp"], unique=False)

    op.create_table(
        "consent_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("care", "registry", "research", name="consentkind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("given", "not_given", "withdrawn", name="consentstate", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_sub", sa.String(length=255), nullable=False),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_consent_change_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_change")),
    )
    with op.batch_alter_table("consent_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_change_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ern", sa.String(length=255), nullable=False),
        sa.Column("hcp", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_opening_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
    )
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.create_index("ix_opening_patient", ["patient_id", "id"], unique=False)
        batch_op.create_index("ix_opening_person", ["sub", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.drop_index("ix_opening_person")
        batch_op.drop_index("ix_opening_patient")

    op.drop_table("opening")
    with op.batch_alter_table("consent_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_change_patient_id"))

    op.drop_table("consent_change")
    with op.batch_alter_table("colleague_access", schema=None) as batch_op:
        batch_op.drop_index("ix_colleague_access_ern")

    op.drop_table("colleague_access")
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_attempt_begun_at"))

    op.drop_table("sign_in_attempt")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_sub"))
        batch_op.drop_index(batch_op.f("ix_session_started_at"))
        batch_op.drop_index(batch_op.f("ix_session_sid"))
        batch_op.drop_index(batch_op.f("ix_session_seen_at"))

    op.drop_table("session")
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.drop_index("ix_patient_place")
        batch_op.drop_index("ix_patient_owner")

    op.drop_table("patient")
    op.drop_table("panel_year")
    with op.batch_alter_table("kept_form", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kept_form_kept_at"))

    op.drop_table("kept_form")
    op.drop_table("installation")
    with op.batch_alter_table("colleague", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_colleague_email"))

    op.drop_table("colleague")
