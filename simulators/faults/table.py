"""The faults that are switched on, and when each strikes: pure, and the same for the same seed.

Whether a fault with a probability strikes depends on the seed, its number and how much in its scope
came before, on nothing else: the same traffic meets the same faults, and one fault more never
shifts another's luck.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from simulators.errors import ConfigurationError
from simulators.faults.fault import Fault

MOST = 1000
"""Faults that a table lists; beyond it those that have ended are forgotten, the oldest first."""

F = TypeVar("F", bound=Fault)


@dataclass(slots=True)
class Switched:
    """A fault that was switched on, at `since` and until `until` (epoch seconds; None: no end)."""

    number: int
    fault: Fault
    since: float
    until: float | None
    struck: int = 0
    in_scope: int = 0

    def state(self, now: float) -> str:
        """`on`, `used up` or `expired`."""
        if self.fault.times is not None and self.struck >= self.fault.times:
            return "used up"
        if self.until is not None and now >= self.until:
            return "expired"
        return "on"


@dataclass(frozen=True, slots=True)
class Strike(Generic[F]):
    """A fault at the moment it strikes."""

    fault: F
    number: int
    octets: bytes = field(repr=False)
    """32 octets of chance, for a fault that has to choose where or what."""


class FaultTable:
    """All faults of one role.

    Args:
        seed: decides all chance.
        now: calendar time, epoch seconds, by which faults expire.
        struck: told of each strike: the fault, its number, and what it struck.
        kinds: of the faults that this role can have.
        admit: raises ConfigurationError for one that it can't have for another reason.
    """

    def __init__(
        self,
        seed: int,
        now: Callable[[], float],
        struck: Callable[[Fault, int, str], None],
        admit: Callable[[Fault], None] = lambda _: None,
        kinds: tuple[type[Fault], ...] = (Fault,),
    ) -> None:
        self.kinds = kinds
        self._seed = seed
        self._now = now
        self._struck = struck
        self._admit = admit
        self._last = 0
        self._switched: dict[int, Switched] = {}

    def switch_on(self, fault: Fault) -> Switched:
        """Let a fault strike from now on.

        Raises:
            ConfigurationError: too many are on, or this role can't have it.
        """
        if not isinstance(fault, self.kinds):
            raise ConfigurationError(
                f"this role can't have the fault {fault.name}: look at its catalogue"
            )
        self._admit(fault)
        now = self._now()
        if len(self._switched) >= MOST:
            ended = [s.number for s in self._switched.values() if s.state(now) != "on"]
            if not ended:
                raise ConfigurationError(
                    f"{MOST} faults are on, which is the most: switch some off first"
                )
            del self._switched[ended[0]]
        self._last += 1
        until = None if fault.for_s is None else now + fault.for_s
        switched = Switched(self._last, fault, now, until)
        self._switched[self._last] = switched
        return switched

    def switch_off(self, number: int) -> Switched:
        """Let it strike no more.

        Raises:
            ConfigurationError: no such fault is listed.
        """
        if number not in self._switched:
            raise ConfigurationError(f"no fault {number} is switched on: look at the list")
        return self._switched.pop(number)

    @contextmanager
    def during(self, fault: Fault) -> Iterator[Switched]:
        """Have a fault on while inside."""
        switched = self.switch_on(fault)
        try:
            yield switched
        finally:
            self._switched.pop(switched.number, None)

    def calm(self) -> None:
        """Switch all off."""
        self._switched.clear()

    @property
    def is_empty(self) -> bool:
        """Whether none is listed, not even an ended one."""
        return not self._switched

    def listed(self) -> list[Switched]:
        """All that were switched on and not off, ended ones too, the oldest first."""
        return list(self._switched.values())

    def of(self, kind: type[F]) -> list[tuple[int, F]]:
        """Number and fault of all of a kind that have not expired, also of those used up."""
        if not self._switched:
            return []
        now = self._now()
        return [
            (s.number, s.fault)
            for s in self._switched.values()
            if isinstance(s.fault, kind) and (s.until is None or now < s.until)
        ]

    def strikes(self, kind: type[F], event: object, what: str) -> list[Strike[F]]:
        """The faults of a kind that strike now, each counted and told.

        Args:
            event: what goes on, for the faults' scopes.
            what: the same in a few words, for the journal.
        """
        found = (self.strike(number, fault, event, what) for number, fault in self.of(kind))
        return [strike for strike in found if strike is not None]

    def strike(self, number: int, fault: F, event: object, what: str) -> Strike[F] | None:
        """Like `strikes`, of one fault alone."""
        switched = self._switched[number]
        if switched.state(self._now()) != "on" or not fault.concerns(event):
            return None
        switched.in_scope += 1
        if self._chance(switched) >= fault.probability:
            return None
        switched.struck += 1
        self._struck(fault, number, what)
        return Strike(fault, number, self._digest(switched, "choice"))

    def _chance(self, switched: Switched) -> float:
        """A number from 0 to below 1."""
        return int.from_bytes(self._digest(switched, "chance")[:6], "big") / 2**48

    def _digest(self, switched: Switched, purpose: str) -> bytes:
        text = f"{self._seed}/{switched.number}/{switched.in_scope}/{purpose}"
        return hashlib.sha256(text.encode()).digest()
