"""Many deadlines on one timer: who is touched waits anew, who is dropped is left alone."""

import asyncio

import pytest

from simulators.clock import Clock
from simulators.sockets.deadlines import Deadlines


class Watched:
    def __init__(self) -> None:
        self.clock = Clock(start=0)
        self.ended: list[str] = []
        self.deadlines = Deadlines[str](self.clock, 1000, self.end)

    def end(self, member: str) -> None:
        self.ended.append(member)
        self.deadlines.drop(member)  # as a member's own end does


@pytest.fixture
async def watched() -> Watched:
    return Watched()


async def test_each_is_ended_once_in_the_order_of_its_last_touch(watched: Watched) -> None:
    for member in ("first", "second", "third", "dropped"):
        watched.deadlines.touch(member)
    watched.deadlines.drop("dropped")
    await watched.clock.advance(600)
    watched.deadlines.touch("second")
    await watched.clock.advance(401)
    assert watched.ended == ["first", "third"]
    await watched.clock.advance(600)
    assert watched.ended == ["first", "third", "second"]
    await watched.clock.advance(2000)
    assert len(watched.ended) == 3
    watched.deadlines.touch("first")
    await watched.clock.advance(1001)
    assert watched.ended[3:] == ["first"], "a member again"


async def test_nobody_is_ended_after_close(watched: Watched) -> None:
    watched.deadlines.touch("first")
    watched.deadlines.close()
    await watched.clock.advance(2000)
    assert watched.ended == []


async def test_thousands_need_one_timer(watched: Watched) -> None:
    for number in range(5000):
        watched.deadlines.touch(str(number))
    assert sum(map(len, watched.clock._timers.values())) == 1
    await watched.clock.advance(1001)
    assert len(watched.ended) == 5000
    assert asyncio.all_tasks() == {asyncio.current_task()}
