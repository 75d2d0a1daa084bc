"""The maintenance commands of ``python -m system``. Exit status: 0 done, 2 refused."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from system.clock import SystemClock
from system.config import McsConfig
from system.errors import StartError
from system.maintenance.backup import back_up
from system.maintenance.backup import restore as restore_backup
from system.maintenance.rotation import rotate_key as rotate

Data = Annotated[Path, typer.Option(help="The MCS's data folder.")]
Url = Annotated[
    str | None, typer.Option(help="SQLAlchemy URL, if the MCS is given one; else its SQLite file.")
]
Result = TypeVar("Result")


def backup(
    data: Data,
    to: Annotated[Path, typer.Option(help="The file to write; it must not be there yet.")],
    database_url: Url = None,
) -> None:
    """Write a backup, also while the MCS runs. Keep DATA/secret.key apart: it is not in it."""
    config = _config(data, database_url)
    made = _do(back_up(config, to, SystemClock()))
    typer.echo(f"{to}: {made.parts} parts, {made.octets} octets. Keep {data}/secret.key apart.")


def restore(
    data: Data,
    source: Annotated[Path, typer.Option("--from", help="The backup.")],
    key: Annotated[Path, typer.Option(help="The secret.key that was kept apart from it.")],
    database_url: Url = None,
) -> None:
    """Restore a backup into an empty data folder (and an empty database, if one is named)."""
    manifest = _do(restore_backup(_config(data, database_url), source, key))
    where = "" if database_url is None else " --database-url ..."
    typer.echo(
        f"Restored the backup of {manifest.made_at}. Start: python -m system --data {data}{where}"
    )


def rotate_key(data: Data, database_url: Url = None) -> None:
    """Encrypt all secrets with a new key; stop every MCS on the data first.

    It may be stopped at any time: run it again, and it goes on. With several MCS on one database,
    copy the new secret.key into each one's data folder afterwards.
    """
    done = _do(rotate(_config(data, database_url)))
    again = " An earlier run was finished." if done.resumed else ""
    typer.echo(f"{done.values} values are encrypted with the new key.{again}")


def _config(data: Path, database_url: str | None) -> McsConfig:
    try:
        return McsConfig(data_dir=data, database_url=database_url)
    except StartError as error:
        _refuse(error)


def _do(work: Coroutine[Any, Any, Result]) -> Result:
    os.umask(0o077)
    try:
        return asyncio.run(work)
    except StartError as error:
        _refuse(error)


def _refuse(error: StartError) -> NoReturn:
    typer.echo(f"Refused: {error.message}", err=True)
    sys.exit(2)
