"""Reading one file over TFTP, pure: RFC 1350 with blksize and tsize (RFC 2347 to 2349).

The reader asks port 69, then talks to the port that the server answers from (its transfer id), and
to no other. It repeats its last packet when nothing comes, acknowledges a block that comes again,
and never acknowledges one out of order. The server that misses the last acknowledgement repeats its
last block into nothing: whoever has the file doesn't wait for that (RFC 1350 section 6 leaves it
open).
"""

from dataclasses import dataclass
from enum import Enum

from simulators.core import Address, Datagram
from simulators.errors import LocalProtocolError
from simulators.phone.local import tftp_packets as packets
from simulators.phone.local.tftp_packets import ErrorCode

PLAIN_BLOCK = 512
"""Octets of a block without options (RFC 1350 section 2)."""
MAX_FILE = 67_108_864
"""Octets of the largest file that is read."""


class State(Enum):
    """How far the transfer is."""

    NEW = "new"
    ASKED = "asked"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"


class Event(Enum):
    """What moves it."""

    START = "start"
    AGREED = "OACK, or the first block"
    BLOCK = "next block"
    LAST_BLOCK = "last block"
    PLAIN = "options refused"
    ERROR = "error, or what breaks the rules"
    SILENCE = "nothing came, too often"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.NEW: {Event.START: State.ASKED},
    State.ASKED: {
        Event.AGREED: State.READING,
        Event.PLAIN: State.ASKED,
        Event.ERROR: State.FAILED,
        Event.SILENCE: State.FAILED,
    },
    State.READING: {
        Event.BLOCK: State.READING,
        Event.LAST_BLOCK: State.DONE,
        Event.ERROR: State.FAILED,
        Event.SILENCE: State.FAILED,
    },
    State.DONE: {},
    State.FAILED: {},
}


@dataclass(frozen=True, slots=True)
class TftpSettings:
    """A reader's habits, in octets and seconds.

    Args:
        blksize: octets of a block that are asked for; 0 asks for no option at all.
        retransmit_s: until the last packet is sent again; doubled each time.
        tries: how often a packet is sent at most.
    """

    blksize: int = 1024
    retransmit_s: float = 1.0
    tries: int = 5


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no file: an error code of the server's, or None for what we found ourselves."""

    reason: str
    code: int | None = None


class TftpRead:
    """One file from one server.

    Args:
        server: address and port that requests go to.
    """

    def __init__(self, file: str, server: Address, settings: TftpSettings | None = None) -> None:
        self.file = file
        self.state = State.NEW
        self.failure: Failure | None = None
        self.blocks = 0
        self._server = server
        self._settings = settings or TftpSettings()
        self._peer: Address | None = None
        self._block_size = PLAIN_BLOCK
        self._announced: int | None = None
        self._parts: list[bytes] = []
        self._length = 0
        self._out: list[Datagram] = []
        self._last = b""
        self._sent = 0
        self._due_at: float | None = None

    @property
    def data(self) -> bytes:
        """The file.

        Raises:
            LocalProtocolError: it isn't here (yet).
        """
        if self.state is not State.DONE:
            raise LocalProtocolError(f"a transfer that is {self.state.value} has no file")
        return b"".join(self._parts)

    @property
    def length(self) -> int:
        """Octets of the file so far."""
        return self._length

    @property
    def over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self.state in (State.DONE, State.FAILED)

    def start(self, now: float) -> None:
        """Ask for the file.

        Raises:
            ValueError: its name can't be sent.
        """
        options = {"blksize": self._settings.blksize, "tsize": 0} if self._settings.blksize else {}
        request = packets.read_request(self.file, options)
        self._move(Event.START)
        self._send(request, self._server, now)

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take one datagram."""
        if self.state not in (State.ASKED, State.READING) or peer[0] != self._server[0]:
            return
        if self._peer is not None and peer != self._peer:
            # RFC 1350 section 4: whoever it is, the transfer goes on undisturbed
            stranger = packets.error(ErrorCode.UNKNOWN_TRANSFER, "unknown transfer id")
            self._out.append(Datagram(stranger, peer))
            return
        match packets.parse(data):
            case packets.Data(block, content):
                self._take(block, content, peer, now)
            case packets.OptionsAccepted(options):
                self._agree(dict(options), peer, now)
            case packets.Error(code, message):
                self._refused(code, message, now)
            case packets.Malformed(reason):
                self._break_off(f"the server sent {reason}", peer, ErrorCode.ILLEGAL_OPERATION)

    def to_send(self) -> list[Datagram]:
        """Packets to send now, once."""
        out, self._out = self._out, []
        return out

    def timer_at(self) -> float | None:
        """When the last packet is to be sent again."""
        return None if self.over else self._due_at

    def handle_timer(self, now: float) -> None:
        """Send the last packet again, or give up."""
        if self.over or self._due_at is None or self._due_at > now:
            return
        if self._sent >= self._settings.tries:
            self._fail(Event.SILENCE, Failure("no answer"))
            return
        self._repeat(now)

    # Inside

    def _take(self, block: int, content: bytes, peer: Address, now: float) -> None:
        if self.state is State.ASKED:
            if block != 1:
                return  # of a transfer that we have given up
            self._agreed(peer)
        expected = (self.blocks + 1) % 65_536
        if block == self.blocks % 65_536 and self.blocks:
            self._out.append(Datagram(self._last, peer))  # our acknowledgement got lost
            return
        if block != expected:
            return
        if len(content) > self._block_size or self._length + len(content) > MAX_FILE:
            self._break_off("the server sent more than was agreed", peer, ErrorCode.DISK_FULL)
            return
        self.blocks += 1
        self._parts.append(content)
        self._length += len(content)
        self._send(packets.acknowledgement(block), peer, now)
        if len(content) == self._block_size:
            self._move(Event.BLOCK)
        elif self._announced not in (None, self._length):
            found = f"{self._length} of {self._announced} octets came"
            self._fail(Event.ERROR, Failure(found))
        else:
            self._move(Event.LAST_BLOCK)
            self._due_at = None

    def _agree(self, options: dict[str, str], peer: Address, now: float) -> None:
        if self.state is State.READING:
            if not self.blocks:
                self._out.append(Datagram(self._last, peer))  # our ACK of it got lost
            return
        block_size = _number(options.pop("blksize", str(PLAIN_BLOCK)))
        announced = _number(options.pop("tsize", ""))
        most = self._settings.blksize or PLAIN_BLOCK
        if options or block_size is None or not 8 <= block_size <= most:
            # RFC 2347: what wasn't asked for, and (RFC 2348) more than was asked for, ends it
            self._break_off("the server agreed to other options", peer, ErrorCode.OPTIONS_REFUSED)
            return
        if announced is not None and announced > MAX_FILE:
            self._break_off(f"the file has {announced} octets", peer, ErrorCode.DISK_FULL)
            return
        self._block_size, self._announced = block_size, announced
        self._agreed(peer)
        self._send(packets.acknowledgement(0), peer, now)

    def _refused(self, code: int, message: str, now: float) -> None:
        if code == ErrorCode.OPTIONS_REFUSED and self.state is State.ASKED and self._has_options:
            self._move(Event.PLAIN)
            self._send(packets.read_request(self.file, {}), self._server, now)
            return
        self._fail(Event.ERROR, Failure(f"error {code} {message}".strip(), code))

    @property
    def _has_options(self) -> bool:
        return b"blksize" in self._last

    def _agreed(self, peer: Address) -> None:
        self._move(Event.AGREED)
        self._peer = peer

    def _break_off(self, reason: str, peer: Address, code: ErrorCode) -> None:
        self._out.append(Datagram(packets.error(code, reason), peer))
        self._fail(Event.ERROR, Failure(reason))

    def _fail(self, event: Event, failure: Failure) -> None:
        self._move(event)
        self.failure = failure
        self._due_at = None

    def _send(self, packet: bytes, to: Address, now: float) -> None:
        """Send a new packet; `_repeat` sends it again."""
        self._last, self._sent = packet, 0
        self._target = to
        self._repeat(now)

    def _repeat(self, now: float) -> None:
        self._out.append(Datagram(self._last, self._target))
        self._due_at = now + self._settings.retransmit_s * 2**self._sent
        self._sent += 1

    def _move(self, event: Event) -> None:
        try:
            self.state = TRANSITIONS[self.state][event]
        except KeyError:
            raise LocalProtocolError(
                f"a transfer that is {self.state.value} can't take '{event.value}'"
            ) from None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
