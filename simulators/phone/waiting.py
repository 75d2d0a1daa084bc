"""Waiting for what a handset gets to; real time limits, for tests and suites."""

import asyncio
from collections.abc import Callable

from simulators.errors import BenchError
from simulators.patience import at_most, limit_of
from simulators.phone.screen import Screen


class Watch:
    """Looks again whenever something is to be seen that wasn't before.

    Args:
        role: who is watched, for the error.
        screen: what it shows, for the same.
        told: told each time, too.
    """

    def __init__(
        self, role: str, screen: Callable[[], Screen], told: Callable[[], None] = lambda: None
    ) -> None:
        self._role = role
        self._screen = screen
        self._told = told
        self._news = asyncio.Event()

    def look(self) -> None:
        """Something is to be seen."""
        self._news.set()
        self._told()

    async def until(
        self, there: Callable[[], bool], wanted: str, found: Callable[[], str], within_s: float
    ) -> None:
        """Return when `there` says so, now or then; `within_s` is real seconds.

        Raises:
            BenchError: it did not get there.
        """
        try:
            async with at_most(within_s):
                while not there():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise BenchError(
                f"{self._role} should have become {wanted} within {limit_of(within_s):g} s, "
                f"it is {found()}; its screen says {self._screen()}"
            ) from None
