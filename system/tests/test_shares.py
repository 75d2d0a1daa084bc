"""How much of the queue a pass takes: all of it alone, half of it where others are at work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.fernet import Fernet

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
        assert await worker_on(database, tmp_path)._share(10) == FIRST


@pytest.mark.parametrize(("due", "taken"), [(1000, FIRST), (100, 50), (40, FEWEST), (1, FEWEST)])
async def test_half_is_left_while_another_is_at_work(
    cluster: Cluster, tmp_path: Path, due: int, taken: int
) -> None:
    url = cluster.migrated_database()
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(opened(url))
        worker = worker_on(ours, tmp_path)
        async with opened(cluster.migrated_database()):
            assert await running(ours) == 1, "who is at work on another database does not count"
        async with opened(url):
            assert (await running(ours), await worker._share(due)) == (2, taken)

        async def alone() -> bool:
            return await running(ours) == 1

        await eventually(alone, "PostgreSQL has noticed that the other one is gone")
        assert await worker._share(due) == FIRST
