"""First schema: settings, phone systems, extensions, phones, operations, accounts.

Encrypted columns are plain strings here: a revision must not change when the code does.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "administrators",
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("username", name="pk_administrators"),
    )
    op.create_table(
        "client_locations",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("nat_ip_address_or_hostname", sa.String(length=253), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_client_locations"),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_mark", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )
    op.create_table(
        "mbg_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("internal_address", sa.String(length=64), nullable=True),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("rest_api_enabled", sa.Boolean(), nullable=False),
        sa.Column("release", sa.String(length=64), nullable=True),
        sa.Column("mode", sa.String(length=32), nullable=True),
        sa.Column("pending_name", sa.String(length=128), nullable=True),
        sa.Column("pending_consumer_id", sa.String(length=128), nullable=True),
        sa.Column("pending_shared_secret", sa.String(), nullable=True),
        sa.Column("pending_token", sa.String(), nullable=True),
        sa.Column("pending_token_secret", sa.String(), nullable=True),
        sa.Column("consumer_name", sa.String(length=128), nullable=True),
        sa.Column("consumer_id", sa.String(length=128), nullable=True),
        sa.Column("shared_secret", sa.String(), nullable=True),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("token_secret", sa.String(), nullable=True),
        sa.Column("token_expires_at", sa.Double(), nullable=True),
        sa.Column("token_refused", sa.Boolean(), nullable=False),
        sa.Column("token_message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mbg_settings"),
    )
    op.create_table(
        "phone_systems",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("ct_gateway_address", sa.String(length=253), nullable=False),
        sa.Column("ct_gateway_port", sa.Integer(), nullable=False),
        sa.Column("ct_gateway_password", sa.String(), nullable=True),
        sa.Column("ct_gateway_release", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_phone_systems"),
        sa.UniqueConstraint("name", name="uq_phone_systems_name"),
    )
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
    op.create_table(
        "nodes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("phone_system_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("address", sa.String(length=253), nullable=True),
        sa.Column("release", sa.String(length=64), nullable=True),
        sa.Column("nat_ip_address", sa.String(length=253), nullable=True),
        sa.Column("nat_sip_port", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["phone_system_id"],
            ["phone_systems.id"],
            name="fk_nodes_phone_system_id_phone_systems",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_nodes"),
        sa.UniqueConstraint("phone_system_id", "number", name="uq_nodes_phone_system_id"),
    )
    op.create_table(
        "extensions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("phone_system_id", sa.Integer(), nullable=False),
        sa.Column("node_id", sa.Integer(), nullable=False),
        sa.Column("extension", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("device_type", sa.Integer(), nullable=False),
        sa.Column("on_pbx", sa.Boolean(), nullable=False),
        sa.Column("internal_auth_name", sa.String(length=128), nullable=True),
        sa.Column("internal_auth_password", sa.String(), nullable=True),
        sa.Column("use_remote_credentials", sa.Boolean(), nullable=False),
        sa.Column("remote_name", sa.String(length=64), nullable=True),
        sa.Column("remote_password", sa.String(), nullable=True),
        sa.Column("mbg_device_id", sa.String(length=64), nullable=True),
        sa.Column("mbg_device_name", sa.String(length=64), nullable=True),
        sa.Column("mbg_unanswered_name", sa.String(length=64), nullable=True),
        sa.Column("mbg_name", sa.String(length=64), nullable=True),
        sa.Column("mbg_password", sa.String(), nullable=True),
        sa.Column("provisioning_state", sa.String(length=16), nullable=False),
        sa.Column("provisioning_message", sa.Text(), nullable=True),
        sa.Column("provisioning_attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["node_id"], ["nodes.id"], name="fk_extensions_node_id_nodes", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["phone_system_id"],
            ["phone_systems.id"],
            name="fk_extensions_phone_system_id_phone_systems",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_extensions"),
        sa.UniqueConstraint("phone_system_id", "extension", name="uq_extensions_phone_system_id"),
        sa.UniqueConstraint("remote_name", name="uq_extensions_remote_name"),
    )
    op.create_index("ix_extensions_extension", "extensions", ["extension"], unique=False)
    op.create_index("ix_extensions_node_id", "extensions", ["node_id"], unique=False)
    op.create_table(
        "operations",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("extension_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("next_attempt_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["extensions.id"],
            name="fk_operations_extension_id_extensions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
    )
    op.create_index("ix_operations_extension_id", "operations", ["extension_id"], unique=False)
    op.create_index(
        "ix_operations_next_attempt_at", "operations", ["next_attempt_at"], unique=False
    )
    op.create_index("ix_operations_state", "operations", ["state"], unique=False)
    op.create_table(
        "phones",
        sa.Column("mac", sa.String(length=12), nullable=False),
        sa.Column("model", sa.String(length=16), nullable=True),
        sa.Column("firmware", sa.String(length=64), nullable=True),
        sa.Column("location", sa.String(length=16), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("extension_id", sa.Integer(), nullable=True),
        sa.Column("registered", sa.Boolean(), nullable=False),
        sa.Column("first_contact", sa.Double(), nullable=True),
        sa.Column("last_contact", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["extensions.id"],
            name="fk_phones_extension_id_extensions",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("mac", name="pk_phones"),
        sa.UniqueConstraint("extension_id", name="uq_phones_extension_id"),
    )


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("phones")
    op.drop_index("ix_operations_state", table_name="operations")
    op.drop_index("ix_operations_next_attempt_at", table_name="operations")
    op.drop_index("ix_operations_extension_id", table_name="operations")
    op.drop_table("operations")
    op.drop_index("ix_extensions_node_id", table_name="extensions")
    op.drop_index("ix_extensions_extension", table_name="extensions")
    op.drop_table("extensions")
    op.drop_table("nodes")
    op.drop_index("ix_api_sessions_username", table_name="api_sessions")
    op.drop_index("ix_api_sessions_expires_at", table_name="api_sessions")
    op.drop_table("api_sessions")
    op.drop_table("phone_systems")
    op.drop_table("mbg_settings")
    op.drop_table("installation")
    op.drop_table("client_locations")
    op.drop_table("administrators")
