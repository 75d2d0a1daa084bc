"""Running a program's coroutine: uvloop where it is installed, all files that the system allows,
and an end that cleans up.

Ctrl-C and SIGTERM cancel it, so that whatever it entered is left and whatever it started is
stopped.
"""

import asyncio
import contextlib
import gc
import resource
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
COLLECT_AFTER = (20_000, 20, 20)
"""Thresholds of the garbage collector: what roles keep (bindings, transactions) makes no cycles,
and Python's own 700 would look through it again and again."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end and return what it returns.

    Raises:
        KeyboardInterrupt: it was ended by Ctrl-C or SIGTERM, and has cleaned up.
    """
    raise_open_files()
    gc.set_threshold(*COLLECT_AFTER)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_ending_on_sigterm(main))


async def _ending_on_sigterm(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(main)
    ended_by: list[int] = []

    def end() -> None:
        ended_by.append(signal.SIGTERM)
        task.cancel()

    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGTERM, end)
    try:
        return await task
    except asyncio.CancelledError:
        if ended_by:
            raise KeyboardInterrupt from None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def raise_open_files() -> None:
    """Let the process have as many files open as it may: each connection is one.

    The soft limit is often 1,024, for programs that can't count further; the hard one is far above.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
