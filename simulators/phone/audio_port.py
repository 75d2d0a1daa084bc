"""The RTP sockets of one handset: what `audio` wants said and heard, on the run's clock."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from simulators.clock import Clock, Timer
from simulators.core import UDP, Address, Entropy
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.calls.audio import LISTENING_S, PACKET_S, Stream
from simulators.phone.calls.description import NAMES
from simulators.phone.calls.srtp import MasterKey

FIRST_PORT, LAST_PORT = 3000, 3998
"""The first is the vendor's default of `sip rtp port`; a call takes the next even one free."""
LARGEST = 2048
BURST = 64
"""Packets that one socket may bring before the others have their turn."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where audio is awaited without a call: a port, from one sender alone, or of a group."""

    port: int
    only_from: str = ""
    group: str = ""


@dataclass(slots=True)
class _Open:
    """One call's socket and stream, and what is to happen next."""

    end: socket.socket
    stream: Stream
    where: Where | None = None
    payload: int = 0
    sending: Timer | None = None
    verdict: Timer | None = None


class AudioSockets:
    """Opens, feeds and closes the audio of each line's call.

    Args:
        role: who journals.
        on_news: told when something was heard, or wasn't.
    """

    def __init__(
        self,
        role: str,
        home: str,
        clock: Clock,
        network: Network,
        journal: Journal,
        entropy: Entropy,
        on_news: Callable[[], None],
    ) -> None:
        self.streams: dict[int, Stream] = {}
        """Each line's latest, also when its call is over."""
        self._role = role
        self._home = home
        self._clock = clock
        self._network = network
        self._journal = journal
        self._entropy = entropy
        self._on_news = on_news
        self._open: dict[int, _Open] = {}

    def open(self, line: int, where: Where | None = None) -> Address | None:
        """An RTP port for the line's call, or where a server wants it; None: it is not free."""
        self.close(line)
        end = self._bound() if where is None else self._bound_at(where)
        if end is None:
            return None
        opened = _Open(end, Stream(self._entropy), where)
        self._open[line], self.streams[line] = opened, opened.stream
        asyncio.get_running_loop().add_reader(end, self._hear, line, opened)
        address = self._home, int(end.getsockname()[1])
        self._journal.name(address, self._role)
        return address

    def aim(self, line: int, to: Address | None, payload: int, *, listens: bool) -> None:
        """Send a tone there (None: nowhere); `listens` says whether one should be heard."""
        opened = self._open.get(line)
        if opened is None:
            return
        self._stop(opened)
        opened.payload = payload
        opened.stream.aim(to, payload, listens=listens)
        self._say(opened)
        if listens:
            opened.verdict = self._later(LISTENING_S, lambda: self._judge(line, opened))

    def secure(self, line: int, own: MasterKey | None, peer: MasterKey | None) -> None:
        """Encrypt with `own` and decrypt with `peer` from now on; without both neither."""
        opened = self._open.get(line)
        if opened is not None:
            opened.stream.secure(own, peer)

    def close(self, line: int) -> None:
        """The call is over; a line without a port is fine."""
        opened = self._open.pop(line, None)
        if opened is None:
            return
        undecided = opened.verdict is not None
        self._stop(opened)
        asyncio.get_running_loop().remove_reader(opened.end)
        opened.end.close()
        if undecided and opened.stream.unheard:
            self._judge(line, opened)

    def drop(self) -> None:
        """Close all without a word."""
        for line, opened in list(self._open.items()):
            opened.stream.listens = False
            self.close(line)

    # Inside

    def _bound(self) -> socket.socket | None:
        for port in range(FIRST_PORT, LAST_PORT, 2):
            end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            end.setblocking(False)
            try:
                end.bind((self._home, port))
            except OSError:
                end.close()
                continue
            return end
        return None

    def _bound_at(self, where: Where) -> socket.socket | None:
        end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        end.setblocking(False)
        try:
            if where.group:
                # several phones of a network listen to the same group
                end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                joined = socket.inet_aton(where.group) + socket.inet_aton(self._home)
                end.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
            end.bind((where.group or self._home, where.port))
        except OSError:
            end.close()
            return None
        return end

    def _say(self, opened: _Open) -> None:
        """Send the next packet, and another one a packet's time later, while there are any."""
        opened.sending = None
        to = opened.stream.to
        packet = opened.stream.packet()
        if packet is None or to is None:
            return
        source = (self._home, int(opened.end.getsockname()[1]))
        if self._network.passes(source, to, UDP, "RTP"):
            if ip_address(to[0]).is_multicast:
                by = socket.inet_aton(self._home)
                opened.end.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, by)
            with suppress(OSError):  # nobody can send to such an address, and it will hear nothing
                opened.end.sendto(packet, to)
        opened.sending = self._later(PACKET_S, lambda: self._say(opened))

    def _hear(self, line: int, opened: _Open) -> None:
        for _ in range(BURST):
            try:
                data, peer = opened.end.recvfrom(LARGEST)
            except OSError:
                return  # nothing more, or a peer's port was closed: on UDP that is silence
            source = (peer[0], peer[1])
            if opened.where is not None and opened.where.only_from not in ("", source[0]):
                continue
            if self._network.allows(source[0], self._home) and opened.stream.receive(data, source):
                self._stop_judging(opened)
                self._tell("audio heard", line, opened, source=f"{source[0]}:{source[1]}")

    def _judge(self, line: int, opened: _Open) -> None:
        opened.verdict = None
        if opened.stream.unheard:
            self._tell("audio not heard", line, opened, sent=opened.stream.sent)

    def _tell(self, name: str, line: int, opened: _Open, **facts: object) -> None:
        codec = NAMES.get(opened.payload, str(opened.payload))
        if opened.stream.secured:
            facts["srtp"] = True
        whose = {"line": line} if line > 0 else {"stream": "asked for by XML"}
        self._journal.happened(self._role, name, **whose, codec=codec, **facts)
        self._on_news()

    def _later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        return self._clock.call_at_steady(self._clock.steady() + delay_s, callback)

    def _stop(self, opened: _Open) -> None:
        if opened.sending is not None:
            opened.sending.cancel()
            opened.sending = None
        self._stop_judging(opened)

    def _stop_judging(self, opened: _Open) -> None:
        if opened.verdict is not None:
            opened.verdict.cancel()
            opened.verdict = None
