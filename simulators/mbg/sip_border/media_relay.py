"""The border's media ports: UDP sockets that are opened at once and carry packets both ways."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulators.core import Address
from simulators.journal import Journal
from simulators.mbg.sip_border.border_terms import INSIDE, OUTSIDE
from simulators.mbg.sip_border.media import FIRST_PORT, LAST_PORT, RTCP, RTP, MediaSession, PortPair
from simulators.network import Network

LARGEST = 65_536
BURST = 64
"""Packets that one socket may carry before the others have their turn."""

OTHER = {OUTSIDE: INSIDE, INSIDE: OUTSIDE}


@dataclass(slots=True)
class _Open:
    """The sessions of one call with their sockets."""

    sessions: list[MediaSession] = field(default_factory=list)
    sockets: list[socket.socket] = field(default_factory=list)


class MediaRelay:
    """Opens and closes ports, carries packets; `MediaSession` says where to.

    Args:
        outside, inside: the MBG's addresses.
        role: who journals.
    """

    def __init__(
        self, outside: str, inside: str, network: Network, journal: Journal, role: str
    ) -> None:
        self._hosts = {OUTSIDE: outside, INSIDE: inside}
        self._network = network
        self._journal = journal
        self._role = role
        self._calls: dict[str, _Open] = {}
        self._next = {OUTSIDE: FIRST_PORT, INSIDE: FIRST_PORT}

    def open(self, call: str, streams: int) -> list[PortPair] | None:
        """Ports for as many streams of a call, those it has already included; None: none left."""
        opened = self._calls.setdefault(call, _Open())
        sessions, sockets = len(opened.sessions), len(opened.sockets)
        while len(opened.sessions) < streams:
            pair = self._open_pair(opened)
            if pair is None:
                _close(opened.sockets[sockets:])
                del opened.sessions[sessions:], opened.sockets[sockets:]
                if not sessions:
                    del self._calls[call]
                return None
            opened.sessions.append(pair)
        return [session.ports for session in opened.sessions[:streams]]

    def aim(self, call: str, side: str, where: list[Address | None]) -> None:
        """A description of `side` says where it wants to hear each stream; None: not at all."""
        opened = self._calls.get(call)
        for session, address in zip(opened.sessions if opened else [], where, strict=False):
            session.aim(side, address)

    def close(self, call: str) -> None:
        """The call is over; none of that name is fine."""
        opened = self._calls.pop(call, None)
        if opened is None:
            return
        _close(opened.sockets)
        for number, session in enumerate(opened.sessions, 1):
            rtp = {side: session.flow(side, RTP).packets for side in OTHER}
            self._journal.happened(
                self._role,
                "media closed",
                call=call,
                stream=number,
                packets_from_outside=rtp[OUTSIDE],
                packets_from_inside=rtp[INSIDE],
            )

    def close_all(self) -> None:
        """The MBG stops."""
        for call in list(self._calls):
            self.close(call)

    def sessions(self, call: str) -> list[MediaSession]:
        """The streams of a call, for who wants to see what flows."""
        opened = self._calls.get(call)
        return list(opened.sessions) if opened else []

    def __len__(self) -> int:
        return len(self._calls)

    # Inside

    def _open_pair(self, opened: _Open) -> MediaSession | None:
        """Two ports on each side, watched; on failure nothing stays open."""
        ends: dict[str, tuple[socket.socket, socket.socket]] = {}
        for side in OTHER:
            pair = self._bind(side)
            if pair is None:
                for end in (end for found in ends.values() for end in found):
                    end.close()
                return None
            ends[side] = pair
        ports = {side: int(pair[RTP].getsockname()[1]) for side, pair in ends.items()}
        session = MediaSession(PortPair(ports[OUTSIDE], ports[INSIDE]))
        for side, pair in ends.items():
            for kind, end in enumerate(pair):
                out = ends[OTHER[side]][kind]
                _loop().add_reader(end, self._carry, session, side, kind, end, out)
                opened.sockets.append(end)
        return session

    def _bind(self, side: str) -> tuple[socket.socket, socket.socket] | None:
        """The next even port and the one above it that are free on this side."""
        for port in self._candidates(side):
            pair: list[socket.socket] = []
            try:
                for number in (port, port + 1):
                    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    pair.append(end)
                    end.setblocking(False)
                    end.bind((self._hosts[side], number))
            except OSError:
                for end in pair:
                    end.close()
                continue
            return pair[RTP], pair[RTCP]
        return None

    def _candidates(self, side: str) -> Iterator[int]:
        """Each even port of the range once, from behind the one that was used last."""
        for _ in range(FIRST_PORT, LAST_PORT, 2):
            port = self._next[side]
            following = port + 2
            self._next[side] = following if following < LAST_PORT else FIRST_PORT
            yield port

    def _carry(
        self, session: MediaSession, side: str, kind: int, end: socket.socket, out: socket.socket
    ) -> None:
        """Take what lies ready at one socket, and send it on from its partner."""
        for _ in range(BURST):
            try:
                data, peer = end.recvfrom(LARGEST)
            except OSError:
                return  # nothing more, or a peer's port was closed: on UDP that is silence
            if not self._network.allows(peer[0], self._hosts[side]):
                continue
            to = session.route(side, OTHER[side], kind, (peer[0], peer[1]), len(data))
            if to is not None and self._network.allows(self._hosts[OTHER[side]], to[0]):
                with contextlib.suppress(OSError):
                    out.sendto(data, to)


def _close(sockets: list[socket.socket]) -> None:
    for end in sockets:
        _loop().remove_reader(end)
        end.close()


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
