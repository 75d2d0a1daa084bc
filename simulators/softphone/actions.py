"""What goes into a softphone's life and what comes out of it, as values."""

from dataclasses import dataclass, field
from enum import Enum

from simulators.phone.life.actions import Note
from simulators.softphone.documents import SoftphoneAccount


class Call(Enum):
    """The calls of docs/wire.md section 6."""

    WHERE = "/pm/v1/where"
    LOG_IN = "/pm/v1/login"
    SETTINGS = "/pm/v1/settings"
    SOFTPHONE = "/pm/v1/softphone"
    LOG_OUT = "/pm/v1/logout"


# Results


@dataclass(frozen=True, slots=True)
class Opened:
    """A person opens Phone Manager and gives a name and a password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Moved:
    """The computer is on another network now."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A person closes Phone Manager."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers `Ask`: a response came, whatever its status; `retry_after` is that header."""

    call: Call
    host: str
    status: int
    body: bytes = field(default=b"", repr=False)
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """Answers `Ask`: nobody was there; `certificate` marks one that is not the one known."""

    call: Call
    host: str
    reason: str
    certificate: bool = False


# Actions


@dataclass(frozen=True, slots=True)
class Ask:
    """Call the MCS at `host`; `body` is for a log-in, `token` for what needs one."""

    call: Call
    host: str
    port: int
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Register:
    """Keep this account registered, in place of any before."""

    account: SoftphoneAccount


@dataclass(frozen=True, slots=True)
class Unregister:
    """Take the registration back."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close all sockets, on the network that was."""


Action = Ask | Register | Unregister | Drop | Note
