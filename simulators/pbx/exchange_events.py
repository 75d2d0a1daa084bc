"""What an exchange tells its node; extensions go by their numbers."""

from dataclasses import dataclass
from enum import Enum


class Ending(Enum):
    """Why an extension is no longer registered."""

    EXPIRED = "expired"
    UNREGISTERED = "un-registered"
    REMOVED = "removed"
    CONNECTION_LOST = "connection lost"
    LOGGED_OUT = "hot desk log-out"


@dataclass(slots=True)
class ExtensionRegistered:
    """The extension is bound to `contact` for `expires_s`; `refreshed`: it was so before.

    Not frozen: that doubles what one costs to make, and each registration makes one.
    """

    extension: str
    contact: str
    expires_s: int
    refreshed: bool = False


@dataclass(frozen=True, slots=True)
class ExtensionUnregistered:
    """The extension's last binding is gone."""

    extension: str
    reason: Ending


@dataclass(frozen=True, slots=True)
class RegistrationRefused:
    """A REGISTER was refused for good (a first challenge is no refusal)."""

    extension: str
    reason: str
    status: int


@dataclass(frozen=True, slots=True)
class WeakPassword:
    """The extension registered with an empty password or its own number: the PBX's alarm 149."""

    extension: str


@dataclass(frozen=True, slots=True)
class CallBegins:
    """The extension `caller` calls the extension `called`, whose phone is asked to ring."""

    caller: str
    called: str


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The called phone answered."""

    caller: str
    called: str


@dataclass(frozen=True, slots=True)
class CallEnds:
    """A call is over, for a reason of `sip.call_events.Reason`; `status` is a refusal's."""

    caller: str
    called: str
    reason: str
    status: int | None


@dataclass(frozen=True, slots=True)
class CallRefused:
    """The node itself refuses an INVITE; `caller` is "" for somebody who proved to be nobody."""

    caller: str
    called: str
    reason: str
    status: int


@dataclass(frozen=True, slots=True)
class NotifyAnswered:
    """The extension's phone answered a NOTIFY of the event package; None: it did not."""

    extension: str
    event: str
    status: int | None


@dataclass(frozen=True, slots=True)
class HotDeskLoggedIn:
    """The phone of `base` takes the calls of `hot_desk` now; "": one without an extension."""

    hot_desk: str
    base: str


@dataclass(frozen=True, slots=True)
class HotDeskLoggedOut:
    """It no longer does; `left`: a phone has registered as `hot_desk` for it, and loses that."""

    hot_desk: str
    base: str
    reason: str
    left: bool = False
