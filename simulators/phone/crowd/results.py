"""What becomes of the lines of a crowd, each by its index. Pure.

Not frozen: that doubles what one costs to make, and each registration makes one.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Sent:
    """Line `index` sent its first REGISTER of this boot."""

    index: int


@dataclass(slots=True)
class Challenged:
    """It was asked for its credentials."""

    index: int


@dataclass(slots=True)
class Registered:
    """It got its final 200; `granted_s` seconds."""

    index: int
    granted_s: int


@dataclass(slots=True)
class Failed:
    """It was refused or not answered."""

    index: int
    reason: str


@dataclass(slots=True)
class Refreshed:
    """A registered line renewed in time."""

    index: int
    granted_s: int


@dataclass(slots=True)
class Lost:
    """A registered line's refresh failed."""

    index: int
    reason: str


@dataclass(slots=True)
class Unregistered:
    """It took its registration back."""

    index: int


Result = Sent | Challenged | Registered | Failed | Refreshed | Lost | Unregistered
