"""What makes a role go away and come back: its power, as somebody in the server room has it."""

from collections.abc import Awaitable, Callable

from simulators.estate.estate import Estate

ROLES = ("MBG", "PBX", "CT Gateway", "MCS")


class Outage:
    """Switches roles of an estate off and on."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    async def begins(self, role: str) -> None:
        """Switch it off: whoever calls it hears nothing, or that nobody listens."""
        await self._switch(role, on=False)

    async def ends(self, role: str) -> None:
        """Switch it on again, with all that it had stored."""
        await self._switch(role, on=True)

    async def lasts(self, role: str, minutes: float) -> None:
        """Off, and on again after so many minutes."""
        await self.begins(role)
        await self._estate.clock.advance(minutes=minutes)
        await self.ends(role)

    async def _switch(self, role: str, *, on: bool) -> None:
        estate, pbx = self._estate, self._estate.pbx
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "MBG": estate.mbg.start if on else estate.mbg.stop,
            "PBX": lambda: pbx.switch(estate.node, running=on),
            "CT Gateway": lambda: pbx.switch_gateway(running=on),
            "MCS": lambda: estate.switch_mcs(running=on),
        }
        assert role in acts, f"nobody knows the role {role!r}; known: {', '.join(acts)}"
        await acts[role]()
