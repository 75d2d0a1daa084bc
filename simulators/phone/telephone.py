"""A handset's SIP side: the registration agent on its UDP socket, told to the life as results."""

from collections.abc import Callable

from simulators.clock import Clock
from simulators.core import Address, Entropy
from simulators.errors import ConfigurationError
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone import actions as do
from simulators.phone.lines import Line
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.message import Response
from simulators.sip.registration import State
from simulators.udp import UdpDriver

SIP_PORT = 5060


class Telephone:
    """Keeps the lines of one handset registered while it is open.

    Args:
        role: the name in the journal.
        on_change: told each outcome of a line.
    """

    def __init__(
        self,
        role: str,
        clock: Clock,
        network: Network,
        journal: Journal,
        entropy: Entropy,
        on_change: Callable[[do.LineResult], None],
    ) -> None:
        self.home = ""
        self._role = role
        self._clock = clock
        self._network = network
        self._journal = journal
        self._entropy = entropy
        self._on_change = on_change
        self._agent: RegistrationAgent | None = None
        self._driver: UdpDriver | None = None
        self._port = SIP_PORT

    async def open(self) -> Address:
        """Open the socket: port 5060, or any where another phone of the home has that.

        Returns:
            the real address, which the lines give as their contact.
        """
        self.close()
        agent = RegistrationAgent((self.home, self._port), self._entropy)
        driver = UdpDriver(agent, self._clock, self._network, self._journal, self._event)
        try:
            real = await driver.open((self.home, self._port))
        except ConfigurationError:
            real = await driver.open((self.home, 0))
        agent.transactions.local = real
        self._port = real[1]  # a phone keeps its port, as the NAT's mapping of it
        self._journal.name(real, self._role)
        self._agent, self._driver = agent, driver
        return real

    def close(self) -> None:
        """Drop the socket and all registrations without a word."""
        if self._driver is not None:
            self._driver.close()
        self._agent = self._driver = None

    def register(self, lines: tuple[Line, ...]) -> None:
        """Begin to keep these lines registered."""
        if self._agent is not None and self._driver is not None:
            for line in lines:
                self._agent.register(str(line.number), line.account, self._clock.steady())
            self._driver.pump()

    def unregister(self, numbers: tuple[int, ...]) -> None:
        """Take these lines' registrations back."""
        if self._agent is not None and self._driver is not None:
            for number in numbers:
                self._agent.unregister(str(number), self._clock.steady())
            self._driver.pump()

    def _event(self, event: object) -> None:
        if not isinstance(event, RegistrationChanged) or self._agent is None:
            return
        line = int(event.key)
        if event.after is State.REGISTERED:
            granted_s = self._agent.registrations[event.key].granted_s
            self._on_change(do.Registered(line, granted_s))
        elif event.after is State.REFUSED and event.response is not None:
            warning = warning_text(event.response)
            self._on_change(do.RegistrationRefused(line, event.response.status, warning))
        elif event.after is State.TIMED_OUT:
            self._on_change(do.RegistrationTimedOut(line))
        elif event.after is State.UNREGISTERED:
            self._on_change(do.Unregistered(line))


def warning_text(response: Response) -> str:
    """The quoted text of a Warning header (RFC 3261 section 20.43), else the reason phrase."""
    value = response.headers.get("warning")
    _, quote, rest = value.partition('"')
    text = rest.rpartition('"')[0] if quote else value
    return text.replace('\\"', '"') or response.reason
