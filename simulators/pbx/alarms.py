"""The alarms that a node shows to its administrator, pure: raised, listed, cleared."""

from dataclasses import dataclass

WEAK_PASSWORD = 149
"""A SIP phone registers with an empty password or one equal to its extension."""

TEXTS = {WEAK_PASSWORD: "SIP phone registers with a weak password"}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm; `since` is calendar time, epoch seconds."""

    number: int
    extension: str
    since: float

    @property
    def text(self) -> str:
        """What it means."""
        return TEXTS[self.number]


class Alarms:
    """What is wrong, once for each number and extension."""

    def __init__(self) -> None:
        self._raised: dict[tuple[int, str], Alarm] = {}

    def raise_alarm(self, number: int, extension: str, now: float) -> bool:
        """Returns whether it is new."""
        if (number, extension) in self._raised:
            return False
        self._raised[number, extension] = Alarm(number, extension, now)
        return True

    def clear(self, number: int, extension: str) -> bool:
        """Returns whether it was there; it comes again with its cause."""
        return self._raised.pop((number, extension), None) is not None

    def listed(self) -> list[Alarm]:
        """All of them, the oldest first."""
        return list(self._raised.values())
