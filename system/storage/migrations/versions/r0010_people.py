"""People, log-ins, audit log, leases of operations.

Each administrator becomes a user with the engineer role and keeps name and password; log-ins from
before end. Encrypted columns are plain strings here: a revision must not change when the code does.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and move the accounts."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=128), nullable=False),
        sa.Column("password_hash", sa.String(length=256), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("primary_extension_id", sa.Integer(), nullable=True),
        sa.Column("softphone_extension_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["primary_extension_id"],
            ["extensions.id"],
            name="fk_users_primary_extension_id_extensions",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["softphone_extension_id"],
            ["extensions.id"],
            name="fk_users_softphone_extension_id_extensions",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
        sa.UniqueConstraint("primary_extension_id", name="uq_users_primary_extension_id"),
        sa.UniqueConstraint("softphone_extension_id", name="uq_users_softphone_extension_id"),
    )
    op.execute(
        "INSERT INTO users (username, display_name, password_hash, role, language) "
        "SELECT username, username, password_hash, 'engineer', 'en' FROM administrators"
    )
    op.drop_index("ix_api_sessions_username", table_name="api_sessions")
    op.drop_index("ix_api_sessions_expires_at", table_name="api_sessions")
    op.drop_table("api_sessions")
    op.drop_table("administrators")
    op.create_table(
        "log_ins",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("device", sa.String(length=128), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("last_seen_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_log_ins_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_log_ins"),
        sa.UniqueConstraint("token_sha256", name="uq_log_ins_token_sha256"),
    )
    op.create_index("ix_log_ins_user_id", "log_ins", ["user_id"], unique=False)
    op.create_index("ix_log_ins_expires_at", "log_ins", ["expires_at"], unique=False)
    op.create_table(
        "log_in_failures",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.Column("locked_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_log_in_failures"),
    )
    op.create_index("ix_log_in_failures_last_at", "log_in_failures", ["last_at"], unique=False)
    op.create_table(
        "trusted_sources",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_trusted_sources_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_trusted_sources"),
        sa.UniqueConstraint("user_id", "source", name="uq_trusted_sources_user_id"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=253), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"], unique=False)
    op.create_index("ix_audit_entries_action", "audit_entries", ["action"], unique=False)
    op.create_index("ix_audit_entries_resource", "audit_entries", ["resource"], unique=False)
    op.create_index("ix_audit_entries_who_at", "audit_entries", ["who", "at"], unique=False)
    op.create_table(
        "audit_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_settings"),
    )
    with op.batch_alter_table("operations") as operations:
        operations.add_column(sa.Column("taken_by", sa.String(length=32), nullable=True))
        operations.add_column(sa.Column("taken_until", sa.Double(), nullable=True))


def downgrade() -> None:
    """Back to administrators: engineers stay; other accounts, log-ins, audit log are lost."""
    with op.batch_alter_table("operations") as operations:
        operations.drop_column("taken_until")
        operations.drop_column("taken_by")
    op.drop_table("audit_settings")
    for name in ("who_at", "resource", "action", "at"):
        op.drop_index(f"ix_audit_entries_{name}", table_name="audit_entries")
    op.drop_table("audit_entries")
    op.drop_table("trusted_sources")
    op.drop_index("ix_log_in_failures_last_at", table_name="log_in_failures")
    op.drop_table("log_in_failures")
    op.drop_index("ix_log_ins_expires_at", table_name="log_ins")
    op.drop_index("ix_log_ins_user_id", table_name="log_ins")
    op.drop_table("log_ins")
    op.create_table(
        "administrators",
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("username", name="pk_administrators"),
    )
    op.execute(
        "INSERT INTO administrators (username, password_hash) "
        "SELECT username, password_hash FROM users WHERE role = 'engineer'"
    )
    op.drop_table("users")
    op.create_table(
        "api_sessions",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["username"],
            ["administrators.username"],
            name="fk_api_sessions_username_administrators",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_api_sessions"),
    )
    op.create_index("ix_api_sessions_expires_at", "api_sessions", ["expires_at"], unique=False)
    op.create_index("ix_api_sessions_username", "api_sessions", ["username"], unique=False)
