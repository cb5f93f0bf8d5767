"""Let signing keys wait before they sign, so that they can be replaced without anybody noticing."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SIGNS = sa.text("activated_at IS NOT NULL AND retired_at IS NULL")
WAITS = sa.text("activated_at IS NULL")
ACTIVE = sa.text("retired_at IS NULL")


def upgrade() -> None:
    """Apply."""
    op.drop_index("uq_signing_key_active", "signing_key")
    with op.batch_alter_table("signing_key") as batch_op:
        batch_op.add_column(sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE signing_key SET activated_at = created_at")
    for name, which in (("uq_signing_key_signs", SIGNS), ("uq_signing_key_waits", WAITS)):
        op.create_index(name, "signing_key", ["algorithm"], unique=True, sqlite_where=which, postgresql_where=which)


def downgrade() -> None:
    """Take back: keys that never signed are not needed."""
    for name in ("uq_signing_key_signs", "uq_signing_key_waits"):
        op.drop_index(name, "signing_key")
    op.execute("DELETE FROM signing_key WHERE activated_at IS NULL")
    with op.batch_alter_table("signing_key") as batch_op:
        batch_op.drop_column("activated_at")
    op.create_index(
        "uq_signing_key_active",
        "signing_key",
        ["algorithm"],
        unique=True,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )
