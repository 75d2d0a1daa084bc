"""Backup while the MCS runs, and restore onto a machine that has nothing yet.

SQLite is copied by its own backup API, PostgreSQL read in one REPEATABLE READ transaction: either
way the copy is of one instant. A backup of one kind may be restored to the other. The key file is
kept apart by a person, and has to be named when restoring.
"""

import asyncio
import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from system import __version__
from system.clock import Clock, iso_utc
from system.config import McsConfig
from system.errors import DatabaseUnusable, StartError
from system.maintenance import archive
from system.maintenance.copying import copy_tables, has_rows
from system.storage.data_dir import locked
from system.storage.database import UNUSABLE, make_engine, open_database, unusable
from system.storage.driver_threads import DriverThreads
from system.storage.schema import check_current
from system.storage.secrets import (
    KEY_FILE,
    RawBox,
    SecretBox,
    new_key,
    read_key_file,
    write_key_file,
    write_private_file,
)


@dataclass(frozen=True, slots=True)
class Made:
    """What was backed up or restored."""

    parts: int
    octets: int


async def back_up(config: McsConfig, target: Path, clock: Clock) -> Made:
    """Write a backup of the data folder and its database; the MCS may run meanwhile.

    Raises:
        StartError: the file is there already or cannot be written, or the data cannot be read.
    """
    if target.exists():
        raise StartError("backup_exists", f"File {target} is there already; name another one.")
    box = read_key_file(config.data_dir / KEY_FILE)
    with tempfile.TemporaryDirectory(prefix="mcs-backup-") as name:
        folder = Path(name)
        copy = folder / archive.DATABASE
        kind = make_url(config.resolved_database_url()).get_backend_name()
        if kind == "sqlite":
            await asyncio.to_thread(_copy_sqlite, config, copy)
        else:
            await _copy_server(config.resolved_database_url(), copy)
        # What the key does not open could not be restored either.
        await _check_database(copy, box)
        await asyncio.to_thread(_one_file, copy)
        _copy_files(config.data_dir, folder, box)
        names = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )
        made_at = iso_utc(clock.now())
        assert made_at is not None
        manifest = archive.Manifest(
            version=__version__,
            made_at=made_at,
            made_from=kind,
            parts={part: archive.part_of(folder / part) for part in names},
        )
        archive.write(target, folder, manifest)
        return Made(len(names), target.stat().st_size)


async def restore(config: McsConfig, source: Path, key: Path) -> archive.Manifest:
    """Put a backup into an empty data folder and, where one is named, an empty database.

    Raises:
        StartError: something is there already; the backup is damaged or from a newer MCS; the key
            does not belong to it. Nothing is changed then.
    """
    data = config.data_dir
    if any((data / name).exists() for name in (KEY_FILE, archive.DATABASE, "tls.key")):
        raise StartError(
            "data_dir_not_empty",
            f"Folder {data} holds an MCS's data already. Restore into an empty folder.",
            field="data_dir",
        )
    box = read_key_file(key)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(data), tempfile.TemporaryDirectory(prefix="restore-", dir=data) as name:
        folder = Path(name)
        manifest = await asyncio.to_thread(archive.unpack, source, folder)
        await _check_database(folder / archive.DATABASE, box)
        await asyncio.to_thread(_one_file, folder / archive.DATABASE)
        if config.database_url is not None:
            await _fill_server(config.database_url, folder / archive.DATABASE)
            (folder / archive.DATABASE).unlink()
        _place(folder, data, box)
    return manifest


def _copy_sqlite(config: McsConfig, target: Path) -> None:
    path = Path(make_url(config.resolved_database_url()).database or "")
    if not path.is_file():
        raise StartError("nothing_to_back_up", f"There is no database {path}.")
    with (
        contextlib.closing(sqlite3.connect(path)) as source,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def _one_file(path: Path) -> None:
    """Without the write-ahead log beside it."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=DELETE")


async def _copy_server(url: str, target: Path) -> None:
    await (await open_database(_sqlite(target), _no_key(), new=True)).close()
    async with _engine(url) as source_engine, _engine(_sqlite(target)) as target_engine:
        try:
            async with source_engine.connect() as plain, target_engine.begin() as copy:
                source = await plain.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                await source.run_sync(check_current)
                await copy_tables(source, copy)
        except UNUSABLE as error:
            raise unusable(url, error) from error


async def _fill_server(url: str, source: Path) -> None:
    """Copy into an empty database; anything in it is left alone, with an error."""
    await (await open_database(url, _no_key(), alone=True, new=True)).close()
    async with _engine(_sqlite(source)) as source_engine, _engine(url) as target_engine:
        try:
            async with source_engine.connect() as plain, target_engine.begin() as copy:
                if await has_rows(copy):
                    raise StartError(
                        "database_not_empty",
                        "The database holds an MCS's data already. Name an empty one.",
                        field="database_url",
                    )
                await copy_tables(plain, copy)
        except UNUSABLE as error:
            raise unusable(url, error) from error


async def _check_database(path: Path, box: SecretBox) -> None:
    """It opens, is not from a newer MCS, and the key is its own; it is migrated on the way."""
    try:
        await (await open_database(_sqlite(path), box)).close()
    except DatabaseUnusable as error:
        if error.code == "secret_key_wrong":
            raise DatabaseUnusable(
                "secret_key_wrong",
                "The key file does not belong to this database. Name the secret.key that the MCS "
                "had when the backup was made. Nothing was changed.",
            ) from None
        raise


def _copy_files(data: Path, folder: Path, box: SecretBox) -> None:
    images = folder / archive.FIRMWARE
    images.mkdir()
    for image in sorted((data / archive.FIRMWARE).glob("*.st")):
        shutil.copyfile(image, images / image.name)
    certificate, key = data / archive.CERTIFICATE, data / "tls.key"
    if certificate.exists() and key.exists():
        shutil.copyfile(certificate, folder / archive.CERTIFICATE)
        (folder / archive.CERTIFICATE_KEY).write_text(box.encrypt(key.read_text()))


def _place(folder: Path, data: Path, box: SecretBox) -> None:
    """Move everything to where it belongs; the key last, so that half a restore does not start."""
    images = folder / archive.FIRMWARE
    if images.is_dir():
        (data / archive.FIRMWARE).mkdir(exist_ok=True, mode=0o700)
        for image in images.iterdir():
            image.replace(data / archive.FIRMWARE / image.name)
    encrypted = folder / archive.CERTIFICATE_KEY
    if encrypted.exists():
        write_private_file(data / "tls.key", box.decrypt(encrypted.read_text()).encode())
        (folder / archive.CERTIFICATE).replace(data / archive.CERTIFICATE)
    if (folder / archive.DATABASE).exists():
        (folder / archive.DATABASE).chmod(0o600)
        (folder / archive.DATABASE).replace(data / archive.DATABASE)
    write_key_file(data / KEY_FILE, box.keys)


def _no_key() -> SecretBox:
    """For opening a database whose rows are not read."""
    return SecretBox([new_key()])


def _sqlite(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path.absolute()}"


@contextlib.asynccontextmanager
async def _engine(url: str) -> AsyncIterator[AsyncEngine]:
    """An engine that hands encrypted values through."""
    threads = DriverThreads()
    engine = make_engine(url, RawBox(), threads)
    try:
        yield engine
    finally:
        await engine.dispose()
        await threads.ended()
