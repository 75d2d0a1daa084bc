"""What can stand in the journal: one frozen type per kind of message, one for events.

Octets are kept as they were on the wire; views (`detail`) are text and go through the masker
before anybody sees them.
"""

from dataclasses import dataclass, field
from typing import Literal

from simulators.core import Address

Interface = Literal["HTTP", "REST"]
"""What an HTTP message is part of; a ladder shows each in another colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message or event.

    `seq` counts from 1 in the run; `time` is calendar time in epoch seconds; `frm` and `to` are
    role names ("MBG", "phone 1400E9123456"); `source` and `destination` the socket addresses,
    where there are any.
    """

    seq: int
    time: float
    frm: str
    to: str
    transport: str = "-"
    source: Address | None = None
    destination: Address | None = None

    protocol = "-"

    @property
    def summary(self) -> str:
        """One short line, as on a ladder's arrow; holds no secret once masked."""
        return ""

    @property
    def detail(self) -> str:
        """The whole message as text, not masked."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SipEntry(Entry):
    """A SIP message; `status` is None for a request, `user` is the user part of To."""

    method: str
    status: int | None
    reason: str
    user: str
    call_id: str
    warning: str = ""
    raw: bytes

    protocol = "SIP"

    @property
    def summary(self) -> str:
        if self.status is None:
            return f"{self.method} {self.user}"
        return f"{self.status} {self.reason} ({self.method} {self.user})"

    @property
    def detail(self) -> str:
        return self.raw.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpEntry(Entry):
    """An HTTP request (`status` None) or response; `interface` is `REST` on the MBG's API."""

    method: str
    path: str
    status: int | None = None
    code: str = ""
    text: str = ""
    interface: Interface = "HTTP"

    @property
    def protocol(self) -> str:  # type: ignore[override]
        return self.interface

    @property
    def summary(self) -> str:
        path = self.path.partition("?")[0].removeprefix("/mslrest/")
        if self.status is None:
            return f"{self.method} {path}"
        return f"{self.status}{f' {self.code}' if self.code else ''} ({self.method} {path})"

    @property
    def detail(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class OaiEntry(Entry):
    """An OAI payload between the MCS and the CT Gateway; `command` is `_QX`, `RS`, `CF`, ..."""

    command: str
    text: str

    protocol = "OAI"

    @property
    def summary(self) -> str:
        return self.command

    @property
    def detail(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardEntry(Entry):
    """A TCP connection that the MBG passes on; the far end sees `snat_source`."""

    outside_port: int
    snat: bool
    snat_source: str

    protocol = "TCP"

    @property
    def summary(self) -> str:
        how = "SNAT" if self.snat else "no SNAT"
        return f"connection to {self.outside_port}, {how}: source {self.snat_source}"

    @property
    def detail(self) -> str:
        return self.summary


@dataclass(frozen=True, slots=True, kw_only=True)
class LostEntry(Entry):
    """What never arrived because no path leads there (or a fault took it)."""

    reason: str
    what: str

    @property
    def protocol(self) -> str:  # type: ignore[override]
        return "SIP" if self.transport == "UDP" else "TCP"

    @property
    def summary(self) -> str:
        return f"lost: {self.what} ({self.reason})"

    @property
    def detail(self) -> str:
        return self.summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Entry):
    """What a role says of itself: `name` ("registered", "token issued") and its facts."""

    name: str
    facts: dict[str, str] = field(default_factory=dict)

    protocol = "event"

    @property
    def summary(self) -> str:
        return self.name

    @property
    def detail(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.facts.items())
