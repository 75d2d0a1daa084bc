"""What a role must have to be controlled."""

from typing import Protocol

from simulators.clock import Clock
from simulators.faults.table import FaultTable
from simulators.journal import Journal


class Controlled(Protocol):
    """A role as the generic part of the control API sees it."""

    role: str
    clock: Clock
    journal: Journal
    faults: FaultTable

    async def reset(self) -> None:
        """Be as delivered, without a fault."""
