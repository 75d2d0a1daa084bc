"""The loop thread (`simulators/portal.py`) as steps use it.

Steps are plain functions. pytest-bdd never awaits a coroutine, so a step written `async def` would
pass without having run; `refuse_async_steps` stops that with an explanation.
"""

import inspect
from collections.abc import Callable

from simulators.portal import Bench as Bench
from simulators.portal import started as started


def refuse_async_steps(step_func: Callable[..., object]) -> None:
    """Stop a step that nobody would await.

    Raises:
        TypeError: it is a coroutine function.
    """
    if inspect.iscoroutinefunction(step_func):
        raise TypeError(
            f"step {step_func.__name__} is `async def`, which pytest-bdd calls and never awaits: "
            "write it as a plain function and use bench.run(...)"
        )
