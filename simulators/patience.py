"""How long somebody waits for what should come: real time, in turns of the event loop.

Such a limit is a net against hanging, not a measure. It is counted in turns, each of which has to
come round in the loop: on a machine that stands still for others, waiting stands still as well.

`shortened` is for runs that wait in vain by intention: a planted defect costs a whole limit.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

TURNS = 20
"""So many make a limit."""

_SHARE: ContextVar[float] = ContextVar("share of each limit", default=1.0)


@contextmanager
def shortened(share: float) -> Iterator[None]:
    """While inside, whatever is begun waits for this share of its limit.

    Args:
        share: above 0.
    """
    token = _SHARE.set(share)
    try:
        yield
    finally:
        _SHARE.reset(token)


def limit_of(within_s: float) -> float:
    """The seconds that a limit has here and now."""
    return within_s * _SHARE.get()


@asynccontextmanager
async def at_most(within_s: float) -> AsyncIterator[None]:
    """Let the block take this long, more on a machine that is short of time.

    Raises:
        TimeoutError: it took longer.
    """
    loop = asyncio.get_running_loop()
    turn_s = limit_of(within_s) / TURNS
    left = TURNS
    waiting: asyncio.TimerHandle

    async with asyncio.timeout(None) as limit:

        def turn() -> None:
            nonlocal left, waiting
            left -= 1
            if left > 0:
                waiting = loop.call_later(turn_s, turn)
            else:
                limit.reschedule(loop.time())

        waiting = loop.call_later(turn_s, turn)
        try:
            yield
        finally:
            waiting.cancel()
