"""What becomes of the lines of a crowd, each by its index. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """Line `index` sent its first REGISTER of this boot."""

    index: int


@dataclass(frozen=True, slots=True)
class Challenged:
    """It was asked for its credentials."""

    index: int


@dataclass(frozen=True, slots=True)
class Registered:
    """It got its final 200; `granted_s` seconds."""

    index: int
    granted_s: int


@dataclass(frozen=True, slots=True)
class Failed:
    """It was refused or not answered."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A registered line renewed in time."""

    index: int
    granted_s: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A registered line's refresh failed."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unregistered:
    """It took its registration back."""

    index: int


Result = Sent | Challenged | Registered | Failed | Refreshed | Lost | Unregistered
