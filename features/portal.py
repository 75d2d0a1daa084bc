"""One event loop in a thread: estates, phones and actors live there, steps submit to it.

Steps are plain functions. pytest-bdd never awaits a coroutine, so a step written `async def` would
pass without having run; `refuse_async_steps` stops that with an explanation.
"""

import functools
import inspect
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

T = TypeVar("T")
STEP_LIMIT_S = 110.0


class Bench:
    """The loop thread, as steps see it."""

    def __init__(self, portal: BlockingPortal, limit_s: float = STEP_LIMIT_S) -> None:
        self._portal = portal
        self.limit_s = limit_s
        """For one act; where people are asked they need their time."""

    def run(self, act: Coroutine[Any, Any, T], limit_s: float | None = None) -> T:
        """Run a coroutine on the loop and return what it returns."""
        __tracebackhide__ = True

        async def carry() -> T:
            return await act

        future = self._portal.start_task_soon(carry)
        try:
            return future.result(self.limit_s if limit_s is None else limit_s)
        except BaseException:
            future.cancel()
            raise

    def call(self, act: Callable[..., T], *args: object, **kwargs: object) -> T:
        """Call a plain function on the loop's thread."""
        return self._portal.call(functools.partial(act, *args, **kwargs))

    @contextmanager
    def entered(self, manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
        """Enter and leave an async context manager on the loop, in one task."""
        with self._portal.wrap_async_context_manager(manager) as value:
            yield value


@contextmanager
def started() -> Iterator[Bench]:
    """A bench while the block runs."""
    with start_blocking_portal("asyncio", {"use_uvloop": _has_uvloop()}) as portal:
        yield Bench(portal)


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


def _has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return False
    return True
