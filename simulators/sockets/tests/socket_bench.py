"""What the socket tests share: a core that does as told, and the surroundings of a driver."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable

from simulators.addresses import AddressPlan
from simulators.clock import Clock
from simulators.core import UDP, Address, Datagram, DatagramCore
from simulators.journal import Journal, LostEntry, SipEntry
from simulators.network import Network
from simulators.sockets import Disturber, SipDriver, StreamLimits

OPTIONS = (
    b"OPTIONS sip:x SIP/2.0\r\nTo: <sip:2101@x>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n"
    b"Via: SIP/2.0/UDP x\r\nContent-Length: 0\r\n\r\n"
)


class Probe:
    """A core that does what the test tells it and keeps what it hears."""

    def __init__(self, *, echo: bool = False) -> None:
        self.heard: list[tuple[bytes, Address, str]] = []
        self.transports: list[str] = []
        self.ended: list[tuple[Address, str, str]] = []
        self.out: list[Datagram] = []
        self.alarms: list[float] = []
        self.at: float | None = None
        self.awaits = False
        self._echo = echo

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        self.heard.append((data, peer, side))
        self.transports.append(transport)
        if self._echo:
            self.out.append(Datagram(data, peer, side, transport))

    def lost(self, peer: Address, now: float, side: str = "", transport: str = "TCP") -> None:
        self.ended.append((peer, side, transport))

    def events(self) -> list[object]:
        return []

    def to_send(self) -> list[Datagram]:
        out, self.out = self.out, []
        return out

    def timer_at(self) -> float | None:
        return self.at

    def handle_timer(self, now: float) -> None:
        self.alarms.append(now)
        self.at = None

    def waiting(self) -> bool:
        return self.awaits


class Bench:
    """Clock, journal and network; makes drivers, and closes them in the end."""

    def __init__(self, plan: AddressPlan) -> None:
        self.plan = plan
        self.clock = Clock(start=0)
        self.journal = Journal(self.clock.now)
        self.network = Network(plan, self.journal, self.clock)
        self._drivers: list[SipDriver] = []

    def driver(
        self,
        core: DatagramCore,
        *,
        trust: ssl.SSLContext | None = None,
        limits: StreamLimits | None = None,
        disturber: Disturber | None = None,
    ) -> SipDriver:
        driver = SipDriver(
            core,
            self.clock,
            self.network,
            self.journal,
            lambda event: None,
            trust=trust,
            limits=limits,
            disturber=disturber,
        )
        self._drivers.append(driver)
        return driver

    async def close(self) -> None:
        for driver in self._drivers:
            driver.close()
            await driver.wait_closed()

    async def heard(self, probe: Probe, count: int = 1) -> None:
        await until(lambda: len(probe.heard) >= count)

    def sip(self) -> list[SipEntry]:
        return [entry for entry in self.journal.entries if isinstance(entry, SipEntry)]

    def lost(self) -> list[LostEntry]:
        return [entry for entry in self.journal.entries if isinstance(entry, LostEntry)]


async def until(come_true: Callable[[], bool]) -> None:
    """Let the loop run until it is so; the limit is a net against hanging."""
    async with asyncio.timeout(60):
        while not come_true():
            await asyncio.sleep(0)


async def cut(reader: asyncio.StreamReader) -> None:
    """Return when the far end has closed the connection, in whatever manner."""
    with contextlib.suppress(ConnectionError):
        await reader.read()
