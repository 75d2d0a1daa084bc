"""Phone services: enrolment, hot desks, history, keymaps, directories, nodes that are away."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what phones, keys and directories need."""
    op.add_column(
        "nodes", sa.Column("is_up", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    for name in ("remote_name_typed", "remote_password_typed"):
        op.add_column(
            "extensions", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("phones") as phones:
        phones.add_column(sa.Column("hot_desk_extension_id", sa.Integer(), nullable=True))
        phones.add_column(sa.Column("token", sa.String(), nullable=True))
        phones.add_column(sa.Column("bound_at", sa.Double(), nullable=True))
        phones.add_column(sa.Column("enrolment_until", sa.Double(), nullable=True))
        phones.add_column(sa.Column("held_revision", sa.String(16), nullable=True))
        phones.add_column(sa.Column("held_static", sa.String(16), nullable=True))
        phones.add_column(sa.Column("held_names", sa.Text(), nullable=True))
        phones.add_column(sa.Column("offered_revision", sa.String(16), nullable=True))
        phones.add_column(sa.Column("pending_action", sa.String(16), nullable=True))
        phones.create_foreign_key(
            "fk_phones_hot_desk_extension_id_extensions",
            "extensions",
            ["hot_desk_extension_id"],
            ["id"],
            ondelete="SET NULL",
        )
        phones.create_unique_constraint(
            "uq_phones_hot_desk_extension_id", ["hot_desk_extension_id"]
        )
    op.create_table(
        "phone_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("mac", sa.String(12), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mac"], ["phones.mac"], name="fk_phone_events_mac_phones", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_phone_events"),
    )
    op.create_index("ix_phone_events_mac", "phone_events", ["mac"])
    op.create_table(
        "keymap_profiles",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keymap_profiles"),
        sa.UniqueConstraint("level", "owner", name="uq_keymap_profiles_level"),
    )
    op.create_table(
        "directory_entries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("first_name", sa.String(64), nullable=False),
        sa.Column("last_name", sa.String(64), nullable=False),
        sa.Column("company", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_entries"),
    )
    op.create_index("ix_directory_entries_owner", "directory_entries", ["owner"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_directory_entries_owner", table_name="directory_entries")
    op.drop_table("directory_entries")
    op.drop_table("keymap_profiles")
    op.drop_index("ix_phone_events_mac", table_name="phone_events")
    op.drop_table("phone_events")
    with op.batch_alter_table("phones") as phones:
        phones.drop_constraint("uq_phones_hot_desk_extension_id", type_="unique")
        phones.drop_constraint("fk_phones_hot_desk_extension_id_extensions", type_="foreignkey")
        for name in (
            "pending_action",
            "offered_revision",
            "held_names",
            "held_static",
            "held_revision",
            "enrolment_until",
            "bound_at",
            "token",
            "hot_desk_extension_id",
        ):
            phones.drop_column(name)
    # Not in batches: those would make the tables anew, and what refers to them would be deleted.
    op.drop_column("extensions", "remote_password_typed")
    op.drop_column("extensions", "remote_name_typed")
    op.drop_column("nodes", "is_up")
