"""The schema of a database: made at once where there is none, migrated where there is an older one.

An empty database gets the tables of the models and the number of the newest revision, which is
what all revisions in turn make of it (a test compares the two, on both databases) in a twentieth
of the time. One that has the newest revision is left alone. Alembic, which takes long to import, is
there for a migration alone; its table of revisions is simple, and read and written here.
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    create_mock_engine,
    inspect,
    select,
)
from sqlalchemy.schema import ExecutableDDLElement

from system.errors import DatabaseUnusable
from system.storage.models import Base
from system.storage.sharing import wait_for_turn

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0020"
"""The newest revision of ``MIGRATIONS``; a test holds it to that."""
REVISIONS = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""As Alembic makes it; a test compares the two."""


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
    migrate(connection, found)


def migrate(connection: Connection, found: set[str]) -> None:
    """From the revisions that were found to the newest one.

    Raises:
        DatabaseUnusable: a newer MCS has written it.
        ValueError: the revisions don't lead there; what Alembic says.
    """
    from alembic import command
    from alembic.util import CommandError

    config = alembic_config(connection)
    if found - _known(config):
        raise DatabaseUnusable(
            "database_too_new",
            f"The database was written by a newer MCS (schema {', '.join(sorted(found))}); "
            "start that version, or restore a backup made before the update.",
        )
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ValueError(str(error)) from error


def make(connection: Connection) -> None:
    """The newest schema, in an empty database."""
    for statement in _definition(connection.dialect.name):
        connection.exec_driver_sql(statement)
    connection.execute(REVISIONS.insert().values(version_num=NEWEST))


@functools.cache
def _definition(kind: str) -> tuple[str, ...]:
    """What makes all tables in a database of this kind."""
    statements: list[str] = []

    def note(statement: ExecutableDDLElement, *_parameters: object) -> None:
        statements.append(str(statement.compile(dialect=recorder.dialect)))

    recorder = create_mock_engine(f"{kind}://", note)
    for tables in (Base.metadata, REVISIONS.metadata):
        tables.create_all(recorder, checkfirst=False)
    return tuple(statements)


def revisions(connection: Connection) -> set[str]:
    """The revisions that the database says it has; none where nothing was ever stored."""
    if not inspect(connection).has_table(REVISIONS.name):
        return set()
    return set(connection.scalars(select(REVISIONS.c.version_num)))


def alembic_config(connection: Connection) -> "Config":
    """Alembic's settings for a run on ``connection``, without any ini file."""
    from alembic.config import Config

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


def _known(config: "Config") -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
