"""Each socket test gets addresses of its own, and fails on what the event loop would only log."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from simulators.addresses import AddressPlan, claim_private
from simulators.sockets.tests.socket_bench import Bench
from simulators.tls import Authority


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def bench(plan: AddressPlan) -> AsyncIterator[Bench]:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, what: complaints.append(what))
    bench = Bench(plan)
    yield bench
    await bench.close()
    assert complaints == []
    assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left behind"
