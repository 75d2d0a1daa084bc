"""The provisioning engine: breaker, dead letters, notices, bulk switches, drift, certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make its tables, and its columns of older ones."""
    with op.batch_alter_table("mbg_settings") as settings:
        settings.add_column(
            sa.Column("certificate_check", sa.String(8), nullable=False, server_default="ca")
        )
        settings.add_column(sa.Column("ca_certificate", sa.Text(), nullable=True))
        settings.add_column(sa.Column("pinned_certificate", sa.Text(), nullable=True))
        settings.add_column(sa.Column("presented_certificate", sa.Text(), nullable=True))
    with op.batch_alter_table("extensions") as extensions:
        extensions.add_column(sa.Column("mbg_created_at", sa.Double(), nullable=True))
        extensions.add_column(sa.Column("mbg_written_at", sa.Double(), nullable=True))
    with op.batch_alter_table("operations") as operations:
        operations.add_column(
            sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
        )
    op.create_table(
        "mbg_breaker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.Double(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mbg_breaker"),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("acknowledged_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("key", name="uq_notices_key"),
    )
    op.create_index("ix_notices_kind", "notices", ["kind"], unique=False)
    op.create_table(
        "bulk_switches",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("use_remote_credentials", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_switches"),
    )
    op.create_index("ix_bulk_switches_state", "bulk_switches", ["state"], unique=False)
    op.create_table(
        "bulk_items",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("bulk_id", sa.Integer(), nullable=False),
        sa.Column("extension_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("operation_id", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bulk_id"],
            ["bulk_switches.id"],
            name="fk_bulk_items_bulk_id_bulk_switches",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["extensions.id"],
            name="fk_bulk_items_extension_id_extensions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_items"),
        sa.UniqueConstraint("bulk_id", "extension_id", name="uq_bulk_items_bulk_id"),
    )
    for column in ("bulk_id", "extension_id", "operation_id", "state"):
        op.create_index(f"ix_bulk_items_{column}", "bulk_items", [column], unique=False)
    op.create_table(
        "drift_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.Double(), nullable=False),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("devices", sa.Integer(), nullable=False),
        sa.Column("foreign_devices", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drift_reports"),
    )
    op.create_table(
        "drift_findings",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("extension_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("found", sa.JSON(), nullable=True),
        sa.Column("wanted", sa.JSON(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("repair", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["extensions.id"],
            name="fk_drift_findings_extension_id_extensions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_drift_findings"),
    )
    for column in ("extension_id", "kind"):
        op.create_index(f"ix_drift_findings_{column}", "drift_findings", [column], unique=False)


def downgrade() -> None:
    """Drop what ``upgrade`` made."""
    for table in ("drift_findings", "drift_reports", "bulk_items", "bulk_switches"):
        op.drop_table(table)
    for table in ("notices", "mbg_breaker"):
        op.drop_table(table)
    op.drop_column("operations", "failures")
    # Not in a batch: that would make the table anew, and what refers to it would be deleted.
    op.drop_column("extensions", "mbg_written_at")
    op.drop_column("extensions", "mbg_created_at")
    with op.batch_alter_table("mbg_settings") as settings:
        for column in (
            "certificate_check",
            "ca_certificate",
            "pinned_certificate",
            "presented_certificate",
        ):
            settings.drop_column(column)
