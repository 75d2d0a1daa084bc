"""What goes into a phone's life and what comes out of it, as values.

`Result`s are what a driver tells the core: something finished, or somebody did something. `Action`s
are what the core wants done. A driver carries out actions in order and answers those that need an
answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.core import Address
from simulators.phone.calls.line_table import Activity
from simulators.phone.files.firmware import FirmwareImage
from simulators.phone.files.lines import Lines
from simulators.phone.life.action_uris import CallFacts
from simulators.phone.local.dhcp import Offer

# Results


@dataclass(frozen=True, slots=True)
class PowerOn:
    """The power supply is plugged in, or the power is back."""


@dataclass(frozen=True, slots=True)
class PowerOff:
    """The power is gone: nothing is said to anybody."""


@dataclass(frozen=True, slots=True)
class Booted:
    """Answers `Boot`."""


@dataclass(frozen=True, slots=True)
class NetworkUp:
    """Answers `BringUpNetwork`.

    `contact` is the phone's own SIP address; `offer` what DHCP said, None where the life was told
    beforehand.
    """

    contact: Address
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class CablePulled:
    """No packet leaves or comes in any more."""


@dataclass(frozen=True, slots=True)
class CableBack:
    """Packets do again."""


@dataclass(frozen=True, slots=True)
class Woken:
    """Answers `Wake`."""

    name: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """Answers `Fetch` and `Poll`: an HTTP response came, whatever its status.

    `refresh` is the header of that name, for a screen in `body`.
    """

    path: str
    status: int
    body: bytes = field(default=b"", repr=False)
    refresh: str = ""


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """Answers `Fetch` and `Poll`: no response. `certificate` marks one that was not trusted."""

    path: str
    reason: str
    certificate: bool = False


@dataclass(frozen=True, slots=True)
class Flashed:
    """Answers `Install`."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A line was registered, or refreshed, for `granted_s` seconds.

    `proxy` is the host that its calls go to now, where it isn't the line's own proxy.
    """

    line: int
    granted_s: float
    proxy: str = ""


@dataclass(frozen=True, slots=True)
class RegistrationRefused:
    """A line was refused with a SIP status and the text of its Warning."""

    line: int
    status: int
    warning: str = ""


@dataclass(frozen=True, slots=True)
class RegistrationTimedOut:
    """Nobody answered a line's REGISTER."""

    line: int


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A line's registration was taken back."""

    line: int


@dataclass(frozen=True, slots=True)
class RebootAsked:
    """A person, or a resync, wants a restart.

    `fast` leaves the firmware alone; `when_idle` waits for the end of a call.
    """

    reason: str
    fast: bool = False
    when_idle: bool = False


@dataclass(frozen=True, slots=True)
class CheckSyncAsked:
    """A server asks to compare the files, or (`reboot`) to restart whether they differ or not."""

    reboot: bool = False


@dataclass(frozen=True, slots=True)
class InUse:
    """A line is taken for a call, or (not `busy`) the last one is free again."""

    busy: bool


@dataclass(frozen=True, slots=True)
class ParametersGiven:
    """A server gives parameters that count at once, by their kind.

    `remote`, `local`, `override`, `oneBoot`; the last one restarts the phone and outlives that.
    """

    values: Mapping[str, Mapping[str, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LineUsed:
    """A line went from one activity to another; `after` tells what action URIs may say of it."""

    before: Activity
    after: CallFacts


@dataclass(frozen=True, slots=True)
class XmlNotified:
    """A server asks by NOTIFY to call `action uri xml sip notify`."""


@dataclass(frozen=True, slots=True)
class SoundPlayed:
    """A wave file that a server wanted to be heard begins, or has ended."""

    name: str
    begins: bool


LineResult = Registered | RegistrationRefused | RegistrationTimedOut | Unregistered

Result = (
    PowerOn
    | PowerOff
    | Booted
    | NetworkUp
    | CablePulled
    | CableBack
    | Woken
    | Fetched
    | FetchFailed
    | Flashed
    | RebootAsked
    | CheckSyncAsked
    | InUse
    | ParametersGiven
    | LineUsed
    | XmlNotified
    | SoundPlayed
    | LineResult
)

# Actions


@dataclass(frozen=True, slots=True)
class Boot:
    """Take `delay_s` seconds to start, then say `Booted`."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class BringUpNetwork:
    """Ask DHCP, open the SIP socket (`sip`), then say `NetworkUp`.

    `vendor_class` is what option 60 tells DHCP.
    """

    delay_s: float
    vendor_class: str = ""
    sip: bool = True


@dataclass(frozen=True, slots=True)
class Fetch:
    """Get `url` by its scheme (`http`, `https`, `tftp`).

    Answer with `Fetched` or `FetchFailed` of the same `path`.
    """

    path: str
    url: str
    validate: bool


@dataclass(frozen=True, slots=True)
class Install:
    """Flash an image, taking `delay_s` seconds, then say `Flashed`."""

    image: FirmwareImage
    delay_s: float


@dataclass(frozen=True, slots=True)
class StartRegistration:
    """Keep these lines registered and tell each change; `validate` is about TLS."""

    lines: Lines
    validate: bool


@dataclass(frozen=True, slots=True)
class RegisterAnew:
    """Register the lines again at once: the cable is back."""


@dataclass(frozen=True, slots=True)
class Wake:
    """Say `Woken` of this name in `delay_s` seconds; a restart or the power's end forgets it.

    `repeats`: it is asked for again and again, with this delay as the period.
    """

    name: str
    delay_s: float
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class ChangeLines:
    """Keep these lines registered from now on: those whose account is another register anew."""

    lines: Lines
    validate: bool


@dataclass(frozen=True, slots=True)
class Unregister:
    """Take back these lines' registrations and say `Unregistered` for each."""

    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CallActionUri:
    """GET `url`; an XML object that comes as the answer is obeyed."""

    name: str
    url: str
    validate: bool


@dataclass(frozen=True, slots=True)
class Poll:
    """GET `url`; answer with `Fetched` or `FetchFailed` of the path `poll`."""

    url: str
    validate: bool


@dataclass(frozen=True, slots=True)
class TakeObject:
    """The octets of an XML object to be obeyed, and where they came from."""

    source: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reboot:
    """Drop all that is open: sockets, registrations, downloads. A `Boot` follows."""

    reason: str
    fast: bool


@dataclass(frozen=True, slots=True)
class Drop:
    """Drop all that is open, because the power is gone."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth a line in the journal."""

    name: str
    facts: tuple[tuple[str, object], ...] = ()


Action = (
    Boot
    | BringUpNetwork
    | Fetch
    | Install
    | StartRegistration
    | RegisterAnew
    | Wake
    | ChangeLines
    | Unregister
    | CallActionUri
    | Poll
    | TakeObject
    | Reboot
    | Drop
    | Note
)
