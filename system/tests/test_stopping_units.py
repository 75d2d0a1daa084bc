"""Being cancelled at the worst moment leaves nothing half done, lost or complained of."""

import asyncio
import logging
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from system.clock import to_the_end
from system.listening import listen
from system.storage.changes import Change
from system.storage.database import Database, open_database
from system.storage.models import ClientLocation
from system.storage.secrets import SecretBox

BOTH_DATABASES = True
MOMENTS = ("begin", "commit", "reset", "checkin")
"""What SQLAlchemy tells of just before or after it talks to the database."""


async def opened(tmp_path: Path, url: str | None) -> Database:
    box = SecretBox([Fernet.generate_key()])
    return await open_database(url or f"sqlite+aiosqlite:///{tmp_path / 'mcs.db'}", box)


def cancel_at(database: Database, moment: str, task: asyncio.Task[None]) -> None:
    """Cancel ``task`` when the moment comes for the first time."""
    engine = database._engine.sync_engine
    place = engine.pool if moment in {"reset", "checkin"} else engine

    def cancel(*_: object) -> None:
        if not task.cancelling():
            task.cancel()

    event.listen(place, moment, cancel)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_unit_of_work_that_is_cancelled_ends_in_order(
    tmp_path: Path,
    database_url: str | None,
    moment: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    database = await opened(tmp_path, database_url)
    told: list[Change] = []
    database.changes.listen(told.append)

    async def work() -> None:
        async with database.write() as session:
            place = await session.get_one(ClientLocation, "remote")
            place.nat_ip_address_or_hostname = "mcs.example"

    task = asyncio.create_task(work())
    cancel_at(database, moment, task)
    with caplog.at_level(logging.WARNING):
        await asyncio.wait([task])
    assert task.cancelled()
    assert [record.getMessage() for record in caplog.records] == []
    async with database.read() as session:
        stored = await session.get_one(ClientLocation, "remote")
    done = stored.nat_ip_address_or_hostname == "mcs.example"
    assert done == (moment != "begin")
    assert len(told) == done, "who listens hears of what was stored, and of nothing else"
    await database.close()


async def test_reading_that_is_cancelled_gives_its_connection_back(
    tmp_path: Path, database_url: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    database = await opened(tmp_path, database_url)
    begun = asyncio.Event()

    async def read(session: AsyncSession) -> None:
        await session.get_one(ClientLocation, "remote")
        begun.set()
        await asyncio.Event().wait()

    async def work() -> None:
        async with database.read() as session:
            await read(session)

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # in the middle of giving back
    with caplog.at_level(logging.WARNING):
        await asyncio.wait([task])
    assert task.cancelled()
    assert database._engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    assert caplog.records == []
    await database.close()


async def test_an_error_is_raised_and_a_cancel_goes_before_it() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await to_the_end(fails())
    task = asyncio.create_task(to_the_end(fails()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_what_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("system.clock.END_LIMIT_S", 0.01)
    task = asyncio.create_task(to_the_end(asyncio.sleep(1e9)))
    await asyncio.sleep(0)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.parametrize("ticks", range(8))
async def test_a_start_that_is_cancelled_leaves_no_port_open(ticks: int) -> None:
    free = await listen(web.Application(), "127.0.0.1", 0, None)
    port = free.port
    await free.close()
    opening = asyncio.create_task(listen(web.Application(), "127.0.0.1", port, None))
    for _ in range(ticks):
        await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait([opening])
    if not opening.cancelled():
        await opening.result().close()
    await (await listen(web.Application(), "127.0.0.1", port, None)).close()
