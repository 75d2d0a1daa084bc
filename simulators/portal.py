"""One event loop in a thread: estates, roles and actors live there, plain functions submit to it.

So a test, or a step of a feature, stays a plain function although everything is asynchronous.
"""

import functools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

T = TypeVar("T")
STEP_LIMIT_S = 110.0


class Bench:
    """The loop thread, as steps and tests see it."""

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


def _has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return False
    return True
