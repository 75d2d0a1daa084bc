"""Waiting with a limit that counts turns of the loop."""

import asyncio

import pytest

from simulators.patience import TURNS, at_most, limit_of, shortened

WELL_BELOW_S = 0.05
"""What takes two turns of the loop is over long before."""


async def test_what_comes_in_time_is_not_disturbed() -> None:
    async with at_most(60.0):
        await asyncio.sleep(0)
    async with at_most(0.0):
        pass


async def test_what_does_not_come_ends_with_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        async with at_most(WELL_BELOW_S):
            await asyncio.Event().wait()


async def test_who_is_cancelled_meanwhile_is_cancelled_and_not_late() -> None:
    async def wait() -> None:
        async with at_most(60.0):
            await asyncio.Event().wait()

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_loop_that_stands_still_takes_one_turn_of_it_and_not_all() -> None:
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    async with at_most(WELL_BELOW_S):
        begun = loop.time()
        while loop.time() - begun < 2 * WELL_BELOW_S:
            pass  # the machine is busy with others
        loop.call_later(0, came.set)
        await came.wait()


async def test_limits_are_shortened_inside_and_as_before_after() -> None:
    assert limit_of(10.0) == 10.0
    with shortened(0.2):
        assert limit_of(10.0) == 2.0
        with shortened(0.5):
            assert limit_of(10.0) == 5.0
        assert limit_of(10.0) == 2.0
    assert limit_of(10.0) == 10.0


async def test_a_shortened_limit_ends_sooner() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    with shortened(1e-9), pytest.raises(TimeoutError):
        async with at_most(60.0):
            await asyncio.Event().wait()
    counting.cancel()
    assert turns >= TURNS, "each turn comes round in the loop"
