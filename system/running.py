"""How the MCS runs as a process of its own: its event loop, and its garbage collector.

uvloop where it is installed, else asyncio's own loop: the MCS is tested with both. An MCS in the
process of another program uses the loop of that, and leaves its garbage collector alone.
"""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
COLLECT_AFTER = (20_000, 20, 20)
"""Thresholds of the garbage collector: a batch of a thousand operations is no garbage, and Python's
own 700 new objects would have it looked through again and again."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end and return what it returns."""
    gc.set_threshold(*COLLECT_AFTER)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def settle() -> None:
    """To be called when all has started: what is there by now stays, and is looked at no more."""
    gc.freeze()


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
