"""The schema of a database: made at once where there is none, migrated where there is an older one.

An empty database gets the tables of the models and the number of the newest revision, which is
what all revisions in turn make of it (a test compares the two, on both databases) in a twentieth
of the time. One that has the newest revision is left alone, without Alembic reading its scripts.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from system.errors import DatabaseUnusable
from system.storage.models import Base
from system.storage.sharing import wait_for_turn

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0020"
"""The newest revision of ``MIGRATIONS``; a test holds it to that."""


def bring_up_to_date(connection: Connection) -> None:
    """Make or migrate the tables, alone.

    Raises:
        DatabaseUnusable: a newer MCS has written it.
    """
    wait_for_turn(connection)
    found = revisions(connection)
    if found == {NEWEST}:
        return
    if not found and not inspect(connection).get_table_names():
        make(connection)
        return
    config = alembic_config(connection)
    if found - _known(config):
        raise DatabaseUnusable(
            "database_too_new",
            f"The database was written by a newer MCS (schema {', '.join(sorted(found))}); "
            "start that version, or restore a backup made before the update.",
        )
    command.upgrade(config, "head")


def make(connection: Connection) -> None:
    """The newest schema, in an empty database."""
    Base.metadata.create_all(connection)
    context = MigrationContext.configure(connection)
    context.stamp(ScriptDirectory.from_config(alembic_config(connection)), NEWEST)


def revisions(connection: Connection) -> set[str]:
    """The revisions that the database says it has."""
    return set(MigrationContext.configure(connection).get_current_heads())


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for a run on ``connection``, without any ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def check_current(connection: Connection) -> None:
    """Raise unless the schema is that of this version.

    Raises:
        DatabaseUnusable: older or newer.
    """
    found = revisions(connection)
    if found != {NEWEST}:
        raise DatabaseUnusable(
            "database_of_another_version",
            f"The database has schema {', '.join(sorted(found)) or 'none'}, this program "
            f"{NEWEST}. Use the version that the MCS runs.",
        )


def _known(config: Config) -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
