"""Rotating the key of the secrets at rest, so that it may be stopped at any instant.

1. ``secret.key`` gets a new first line; the key before stays as the second. From then on both are
   known, and an MCS that starts now reads everything.
2. Every encrypted value is decrypted and encrypted with the new key, some rows a transaction.
3. When none is left, ``secret.key`` is written with the new key alone.

Killed in between, the next run finds two keys and goes on at 2. A value that is encrypted with the
new key already is passed over, so nothing is done twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, RowMapping, Table, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from system.config import McsConfig
from system.errors import DatabaseUnusable, StartError
from system.storage.data_dir import locked
from system.storage.database import UNUSABLE, make_engine, open_database, unusable
from system.storage.driver_threads import DriverThreads
from system.storage.models import Base
from system.storage.secrets import (
    KEY_FILE,
    EncryptedText,
    RawBox,
    SecretBox,
    new_key,
    read_key_file,
    write_key_file,
)

ROWS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done: values encrypted anew, and whether an earlier run was finished by this one."""

    values: int
    resumed: bool


async def rotate_key(
    config: McsConfig,
    *,
    rows_at_once: int = ROWS_AT_ONCE,
    after_batch: Callable[[int], None] = lambda values: None,
) -> Rotated:
    """Encrypt everything with a new key.

    Args:
        after_batch: told the number of values done so far, after each transaction.

    Raises:
        StartError: an MCS works on the data, or the database or its key cannot be used.
    """
    path = config.data_dir / KEY_FILE
    if not path.exists():
        raise DatabaseUnusable(
            "secret_key_missing", f"There is no key file {path}, so there is nothing to rotate."
        )
    with locked(config.data_dir):
        box = read_key_file(path)
        # Opening checks that the key belongs to this database, and keeps every MCS out.
        database = await open_database(config.resolved_database_url(), box, alone=True)
        try:
            resumed = len(box.keys) > 1
            if not resumed:
                box = SecretBox([new_key(), *box.keys])
                _write(path, box.keys)
            values = await _encrypt_all(config, box, rows_at_once, after_batch)
            _write(path, box.keys[:1])
        finally:
            await database.close()
    return Rotated(values, resumed)


def encrypted_columns() -> list[tuple[Table, list[Column[Any]]]]:
    """Every table with encrypted columns, as the models say."""
    found = []
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.columns if isinstance(column.type, EncryptedText)]
        if columns:
            found.append((table, columns))
    return found


async def _encrypt_all(
    config: McsConfig, box: SecretBox, rows_at_once: int, after_batch: Callable[[int], None]
) -> int:
    url, threads, done = config.resolved_database_url(), DriverThreads(), 0
    engine = make_engine(url, RawBox(), threads)
    try:
        for table, columns in encrypted_columns():
            last: Sequence[Any] | None = None
            while True:
                async with engine.begin() as connection:
                    rows = await _next_rows(connection, table, columns, last, rows_at_once)
                    for row in rows:
                        done += await _encrypt_row(connection, table, columns, row, box)
                if not rows:
                    break
                last = [rows[-1][column.name] for column in table.primary_key.columns]
                after_batch(done)
    except UNUSABLE as error:
        raise unusable(url, error) from error
    finally:
        await engine.dispose()
        await threads.ended()
    return done


async def _next_rows(
    connection: AsyncConnection,
    table: Table,
    columns: list[Column[Any]],
    last: Sequence[Any] | None,
    at_once: int,
) -> Sequence[RowMapping]:
    """The rows after the one with this key, in the key's order; all our keys are one column."""
    (key,) = table.primary_key.columns
    statement = (
        select(key, *columns)
        .where(or_(*(column.is_not(None) for column in columns)))
        .order_by(key)
        .limit(at_once)
    )
    if last is not None:
        statement = statement.where(key > last[0])
    return (await connection.execute(statement)).mappings().all()


async def _encrypt_row(
    connection: AsyncConnection,
    table: Table,
    columns: list[Column[Any]],
    row: RowMapping,
    box: SecretBox,
) -> int:
    (key,) = table.primary_key.columns
    anew: dict[str, str] = {}
    for column in columns:
        token = row[column.name]
        if token is None or box.is_newest(token):
            continue
        try:
            anew[column.name] = box.encrypt(box.decrypt(token))
        except DatabaseUnusable:
            raise DatabaseUnusable(
                "stored_value_unreadable",
                f"{table.name}.{column.name} of {key.name} {row[key.name]} cannot be decrypted "
                f"with any key in {KEY_FILE}. Both keys were kept. Enter that value anew in the "
                "MCS, or put database and key back from one backup; then run rotate-key again.",
            ) from None
    if anew:
        await connection.execute(update(table).where(key == row[key.name]).values(anew))
    return len(anew)


def _write(path: Path, keys: Sequence[bytes]) -> None:
    try:
        write_key_file(path, keys)
    except OSError as error:
        raise StartError(
            "secret_key_unusable",
            f"The key file {path} cannot be written: {error.strerror or error}.",
        ) from error
