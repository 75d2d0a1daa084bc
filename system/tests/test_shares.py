"""Several MCS on one queue: how much of it a pass takes, and how one tells the others of work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from system.config import McsConfig
from system.domain.pace import FEWEST, FIRST
from system.mbg.access import MbgAccess
from system.provisioning.assembly import make_worker
from system.provisioning.worker import Worker
from system.storage.database import Database, open_database
from system.storage.secrets import SecretBox
from system.storage.sharing import at_work
from system.tests.helpers import HandClock, eventually, seeded_entropy
from system.tests.postgres import Cluster

BOX = SecretBox([Fernet.generate_key()])


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = await open_database(url, BOX)
    try:
        yield database
    finally:
        await database.close()


def worker_on(database: Database, folder: Path) -> Worker:
    config = McsConfig(data_dir=folder)
    clock, entropy = HandClock(), seeded_entropy(1)
    access = cast(MbgAccess, cast(Any, None))
    return make_worker(database, access, clock, entropy, config, asyncio.Event())


async def running(database: Database) -> int:
    async with database.read() as session:
        return await at_work(session)


async def test_sqlite_is_ones_own(tmp_path: Path) -> None:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'mcs.db'}") as database:
        assert await running(database) == 1
        worker = worker_on(database, tmp_path)
        assert worker._share(10, await worker._records.at_work()) == FIRST
        async with database.write() as session:
            await database.tell_others(session)  # there are none, which is no error


@pytest.mark.parametrize(
    ("due", "sharers", "taken"),
    [
        (1000, 2, FIRST),
        (100, 2, 50),
        (100, 3, 33),
        (40, 2, FEWEST),
        (1, 2, FEWEST),
        (1, 1, FIRST),
    ],
)
async def test_each_takes_its_part_of_what_is_due(
    tmp_path: Path, due: int, sharers: int, taken: int
) -> None:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'mcs.db'}") as database:
        assert worker_on(database, tmp_path)._share(due, sharers) == taken


async def test_who_is_at_work_is_known(cluster: Cluster, tmp_path: Path) -> None:
    url = cluster.migrated_database()
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(opened(url))
        worker = worker_on(ours, tmp_path)
        async with opened(cluster.migrated_database()):
            assert await running(ours) == 1, "who is at work on another database does not count"
        async with opened(url):
            assert await worker._records.at_work() == 2

        async def alone() -> bool:
            return await running(ours) == 1

        await eventually(alone, "PostgreSQL has noticed that the other one is gone")
        assert await worker._records.at_work() == 1


async def test_others_are_told_of_work_once_it_is_stored(cluster: Cluster) -> None:
    url = cluster.migrated_database()
    heard: list[str] = []
    async with opened(url) as ours, opened(url) as other:
        await ours.hear_others(partial(heard.append, "ours"))
        await other.hear_others(partial(heard.append, "other"))
        with pytest.raises(RuntimeError, match="taken back"):
            async with ours.write() as session:
                await ours.tell_others(session)
                raise RuntimeError("taken back")
        async with ours.write() as session:
            await ours.tell_others(session)
        for database in (ours, other):  # whatever came before its answer is there with it
            assert database._place is not None
            await database._place.connection.scalar(text("SELECT 1"))
        assert heard == ["other"], "neither what was taken back, nor one's own"
