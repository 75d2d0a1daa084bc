"""Sends a phone's system log lines from its own address, where the network lets them."""

import contextlib
import socket
from collections.abc import Callable, Mapping

from simulators.core import UDP
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.local.syslog import classify, line, log_server


class SyslogPort:
    """One phone's UDP socket for its log, opened with the first line and closed with the power.

    Args:
        host: the phone's name in its lines: its MAC.
        now: the phone's clock, epoch seconds.
    """

    def __init__(
        self, role: str, host: str, network: Network, journal: Journal, now: Callable[[], float]
    ) -> None:
        self.home = ""
        self._role = role
        self._host = host
        self._network = network
        self._journal = journal
        self._now = now
        self._socket: socket.socket | None = None

    def tell(
        self, note: str, facts: tuple[tuple[str, object], ...], configuration: Mapping[str, str]
    ) -> None:
        """Send what happened, if the configuration names a log that wants to know."""
        server = log_server(configuration)
        if server is None:
            return
        module, level = classify(note)
        if not server.wants(module, level):
            return
        source = self._open()
        if source is None or not self._network.passes(
            source.getsockname(), server.address, UDP, "syslog"
        ):
            return
        # nothing is heard of a line that gets lost (RFC 3164 section 4)
        with contextlib.suppress(OSError):
            packet = line(self._host, module, level, self._now(), note, facts)
            source.sendto(packet, server.address)

    def close(self) -> None:
        """Close the socket; the next line opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket | None:
        if self._socket is None:
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.setblocking(False)
            try:
                made.bind((self.home, 0))
            except OSError:
                made.close()
                return None
            self._journal.name(made.getsockname(), self._role)
            self._socket = made
        return self._socket
