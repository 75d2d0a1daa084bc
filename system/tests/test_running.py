"""The MCS's own process: which event loop it has, and what its garbage collector leaves alone."""

import asyncio
import gc
import sys
from collections.abc import Iterator

import pytest
import uvloop

from system import running


async def loop_of_the_run() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_uvloop_where_it_is_installed() -> None:
    assert isinstance(running.run(loop_of_the_run()), uvloop.Loop)
    assert gc.get_threshold() == running.COLLECT_AFTER


def test_own_loop_of_asyncio_where_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = running.run(loop_of_the_run())
    assert isinstance(loop, asyncio.BaseEventLoop)


def test_what_has_started_is_not_looked_through_again() -> None:
    kept = ["from the start"]
    running.settle()
    assert not any(one is kept for one in gc.get_objects())
    later = ["from the work"]
    assert any(one is later for one in gc.get_objects())
