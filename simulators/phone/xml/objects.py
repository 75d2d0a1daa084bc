"""The XML objects of the phone's XML API, as values (domain reference 3.5).

Screens (with a `Head`) stay on the display until somebody leaves them; `Status`, `Execute` and
`Configuration` act and are gone. `reading` makes them of octets, `writing` octets of them. Names
and default values are those of the public guide; icons and colours are left out.
"""

from dataclasses import dataclass, field

DEFAULT_TIMEOUT_S = 45
"""A screen that nobody touches is left after that."""
INPUT_TYPES = ("string", "number", "IP", "timeUS", "timeInt", "dateUS", "dateInt", "empty")
MENU_STYLES = ("numbered", "none", "radio")
SET_TYPES = ("remote", "local", "override", "oneBoot")
"""How a Configuration item is kept; `remote` is what counts without the attribute."""


@dataclass(frozen=True, slots=True)
class SoftKey:
    """A softkey that an object brings along; `index` is its place, from 1."""

    index: int
    label: str
    uri: str


@dataclass(frozen=True, slots=True)
class Head:
    """What all screens have in common.

    Args:
        destroy_on_exit: not kept for who comes back from a later screen.
        cancel_action: called when the person cancels.
        done_action: called when the person is done with a text.
        timeout_s: left after that without a key; 0: never; None: 45 s, never where locked in.
        lock_in: only the object's own keys lead out of it.
        goodbye_uri: called by the Goodbye key of a screen that is locked in.
        allow_answer, allow_drop: offer Answer and Ignore, or Drop, for a call meanwhile.
    """

    title: str = ""
    wrap_title: bool = False
    destroy_on_exit: bool = False
    cancel_action: str = ""
    done_action: str = ""
    beep: bool = False
    timeout_s: int | None = None
    lock_in: bool = False
    goodbye_uri: str = ""
    allow_answer: bool = False
    allow_drop: bool = False
    softkeys: tuple[SoftKey, ...] = ()


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of a list; `dial` is called off-hook on `line` (0: the first free)."""

    prompt: str
    uri: str = ""
    dial: str = ""
    line: int = 0
    selection: str = ""


@dataclass(frozen=True, slots=True)
class TextMenu:
    """A list to choose from; `default_index` is the line selected at first, from 1."""

    head: Head
    items: tuple[MenuItem, ...]
    default_index: int = 1
    style: str = "numbered"
    wrap_list: bool = False


@dataclass(frozen=True, slots=True)
class TextScreen:
    """A text."""

    head: Head
    text: str = ""


@dataclass(frozen=True, slots=True)
class FormattedLine:
    """A line of a formatted text; those that scroll stand between the fixed ones."""

    text: str
    size: str = "normal"
    align: str = "left"
    scrolls: bool = False


@dataclass(frozen=True, slots=True)
class FormattedTextScreen:
    """A text line by line."""

    head: Head
    lines: tuple[FormattedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class InputField:
    """One field to fill in; `parameter` names the answer in the query."""

    prompt: str = ""
    parameter: str = ""
    default: str = ""
    type: str = "string"
    password: bool = False
    editable: bool = True
    selection: str = ""


@dataclass(frozen=True, slots=True)
class InputScreen:
    """One or several fields; `url` gets the answers as query parameters."""

    head: Head
    url: str
    fields: tuple[InputField, ...]
    default_index: int = 1
    display_mode: str = "normal"


@dataclass(frozen=True, slots=True)
class Directory:
    """Names with numbers that are dialled, and the addresses of the lists before and after."""

    head: Head
    items: tuple[MenuItem, ...]
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: hex digits or an address, and its size in pixels, 0 where it says none."""

    data: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class ImageScreen:
    """A picture."""

    head: Head
    image: Image


@dataclass(frozen=True, slots=True)
class ImageMenu:
    """A picture whose parts are chosen by digits: `uris` has a key and what it calls."""

    head: Head
    image: Image
    uris: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A call that was made or missed."""

    name: str = ""
    number: str = ""
    date: str = ""
    time: str = ""
    selection: str = ""


@dataclass(frozen=True, slots=True)
class CallLog:
    """A list of calls; the number of the one selected is dialled."""

    head: Head
    entries: tuple[LogEntry, ...]


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """One message of the idle screen; an empty text takes it away.

    `type` is "", `alert` (over the others, for `timeout_s`, 0: until the next) or `icon`.
    """

    index: int
    text: str = ""
    type: str = ""
    timeout_s: int = 3
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Messages of the idle screen; each `session` (an application) has its own."""

    messages: tuple[StatusMessage, ...]
    session: str = "0"
    beep: bool = False
    trigger_destroy: bool = False


@dataclass(frozen=True, slots=True)
class ExecuteItem:
    """One URI to carry out; `interrupt_call` also while somebody talks."""

    uri: str
    interrupt_call: bool = True


@dataclass(frozen=True, slots=True)
class Execute:
    """URIs to carry out, in order."""

    items: tuple[ExecuteItem, ...]
    beep: bool = False
    trigger_destroy: bool = False

    @property
    def uris(self) -> tuple[str, ...]:
        """The URIs alone."""
        return tuple(item.uri for item in self.items)


@dataclass(frozen=True, slots=True)
class ConfigurationItem:
    """One parameter; the value may be a password, and `repr` hides it where it may."""

    parameter: str
    value: str = field(default="", repr=False)
    set_type: str = "remote"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Parameters that count at once."""

    items: tuple[ConfigurationItem, ...]
    beep: bool = False
    trigger_destroy: bool = False


XmlScreen = (
    TextMenu
    | TextScreen
    | FormattedTextScreen
    | InputScreen
    | Directory
    | ImageScreen
    | ImageMenu
    | CallLog
)
SCREENS = (
    TextMenu,
    TextScreen,
    FormattedTextScreen,
    InputScreen,
    Directory,
    ImageScreen,
    ImageMenu,
    CallLog,
)
XmlObject = XmlScreen | Status | Execute | Configuration


@dataclass(frozen=True, slots=True)
class Nothing:
    """An empty answer: there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """No object that a phone takes, and why."""

    reason: str
