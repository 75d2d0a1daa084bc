"""The estate as one thing that can be controlled: its clock, its journal, all roles at once."""

from collections.abc import Callable, Sequence

from simulators.clock import Clock
from simulators.control.role import Controlled
from simulators.journal import Journal


class Whole:
    """All roles of an estate together, as the generic part of a control API sees a role.

    Args:
        roles: those that can be reset, as they are now.
    """

    role = "estate"

    def __init__(
        self, clock: Clock, journal: Journal, roles: Callable[[], Sequence[Controlled]]
    ) -> None:
        self.clock = clock
        self.journal = journal
        self._roles = roles

    async def reset(self) -> None:
        """Have every simulated role as delivered; an MCS is reset at its own API."""
        for role in self._roles():
            await role.reset()
