"""Being cancelled at any moment ends a task: ``Mcs.stop`` must not hang."""

import asyncio

import pytest

from system.clock import end_task, wait_for_work
from system.oai.client import GatewayConnection
from system.tests.helpers import HandClock


@pytest.mark.parametrize("ticks", range(8))
async def test_cancel_just_after_a_wake_up_is_not_lost(ticks: int) -> None:
    work = asyncio.Event()

    async def worker() -> None:
        while True:
            await wait_for_work(HandClock(), work, 60)

    task = asyncio.create_task(worker())
    for _ in range(5):
        await asyncio.sleep(0)
    work.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    task.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    assert task.done()


async def test_clock_that_fails_is_noticed() -> None:
    class BrokenClock(HandClock):
        async def sleep(self, seconds: float) -> None:
            raise RuntimeError(f"cannot sleep {seconds} s")

    with pytest.raises(RuntimeError):
        await wait_for_work(BrokenClock(), asyncio.Event(), 60)


async def test_cancel_while_closing_a_connection_is_not_lost() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    connection = GatewayConnection(reader, writer, timeout_s=5, on_event=lambda _: None)
    connection._reading = asyncio.create_task(connection._read())
    await asyncio.sleep(0)
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    assert closing.cancelled()
    assert connection._reading.cancelled()
    server.close()
    await server.wait_closed()


async def test_task_that_lets_a_cancel_slip_is_ended_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wait, slips = asyncio.wait, 0

    async def impatient(tasks: list[asyncio.Task[None]], timeout: float) -> None:
        assert timeout == 1
        await wait(tasks, timeout=0)

    monkeypatch.setattr(asyncio, "wait", impatient)

    async def stubborn() -> None:
        nonlocal slips
        while slips < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                slips += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end_task(task)
    assert (slips, task.cancelled()) == (3, True)
