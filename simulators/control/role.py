"""What a role must have to be controlled."""

from typing import Protocol

from simulators.clock import Clock
from simulators.faults.table import FaultTable
from simulators.journal import Journal


class Named(Protocol):
    """Whose control API it is: one role, or the estate as a whole."""

    role: str
    clock: Clock
    journal: Journal

    async def reset(self) -> None:
        """Be as delivered, without a fault."""


class Controlled(Named, Protocol):
    """A role as the generic part of the control API sees it."""

    faults: FaultTable
