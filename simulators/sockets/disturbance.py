"""The place where faults touch SIP messages between the core and its sockets.

A `Disturber` says what becomes of each whole message: nothing (loss), two copies, later, or other
octets. The driver carries that out by the run's clock. Without one, messages pass straight on.
"""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from simulators.clock import Clock, Timer
from simulators.core import Address

Way = Literal["in", "out"]


class Disturber(Protocol):
    """Decides on each message of a driver."""

    @property
    def is_calm(self) -> bool:
        """Whether each message would be left alone now: `carry` need not be asked."""

    def carry(
        self, data: bytes, *, way: Way, peer: Address, side: str, transport: str, now: float
    ) -> Sequence[tuple[float, bytes]]:
        """What goes on instead of `data`: (delay in seconds, octets) each.

        `((0.0, data),)` leaves it alone, `()` loses it, two entries double it, unequal delays
        reorder.

        Args:
            way: `in` from `peer` to the core, `out` from the core to `peer`.
            now: steady seconds of the clock.
        """


class Detour:
    """Messages under way that a disturber has delayed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timers: dict[int, Timer] = {}

    def after(self, delay_s: float, pass_on: Callable[[], None]) -> None:
        """Call `pass_on` now, or after `delay_s` unless `close` comes first."""
        if delay_s <= 0:
            pass_on()
            return

        def arrive() -> None:
            del self._timers[timer.number]
            pass_on()

        timer = self._clock.call_at_steady(self._clock.steady() + delay_s, arrive)
        self._timers[timer.number] = timer

    def close(self) -> None:
        """Lose all that is under way."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
