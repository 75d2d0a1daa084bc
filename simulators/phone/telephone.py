"""A handset's SIP side: its user agent and audio on sockets, told to the handset as results."""

import ssl
from collections.abc import Callable
from dataclasses import replace

from simulators.clock import Clock
from simulators.core import UDP, Address, Entropy
from simulators.errors import ConfigurationError
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.audio_port import AudioSockets
from simulators.phone.calls.line_call import LineCall, LineChanged, how
from simulators.phone.calls.line_table import Activity
from simulators.phone.calls.unsolicited import CheckSync, XmlNotify
from simulators.phone.calls.user_agent import UserAgent
from simulators.phone.files.lines import DEFAULT_PORTS, Lines
from simulators.phone.life import actions as do
from simulators.phone.life.action_uris import CallFacts
from simulators.sip.agent import RegistrationChanged
from simulators.sip.message import Response
from simulators.sip.registration import State
from simulators.sockets import SipDriver
from simulators.sockets.disturbance import Disturber

NOTES = {
    Activity.CALLING: "calls",
    Activity.OUTGOING: "hears it ring",
    Activity.INCOMING: "rings",
    Activity.CONNECTED: "connected",
    Activity.HELD: "holds",
}
"""What the journal says of a line that gets there; the end of a call is told apart."""


class Telephone:
    """Keeps the lines of one handset registered while it is open, and carries its calls.

    Args:
        role: the name in the journal.
        on_change: told each outcome of a line, how it is used, and what a server asks for.
        on_xml: given an XML object that came by NOTIFY; empty where there was none in it.
        on_news: told that something else is to be seen.
    """

    def __init__(
        self,
        role: str,
        clock: Clock,
        network: Network,
        journal: Journal,
        entropy: Entropy,
        on_change: Callable[[do.Result], None],
        on_news: Callable[[], None],
        on_xml: Callable[[bytes], None] = lambda body: None,
    ) -> None:
        self._on_xml = on_xml
        self.home = ""
        self.audio: AudioSockets | None = None
        self.disturber: Disturber | None = None
        self._role = role
        self._clock = clock
        self._network = network
        self._journal = journal
        self._entropy = entropy
        self._on_change = on_change
        self._on_news = on_news
        self._core: UserAgent | None = None
        self._driver: SipDriver | None = None
        self._ports = dict(DEFAULT_PORTS)
        self._transports: tuple[str, ...] = (UDP,)
        self._in_use = False
        self._talking_since: dict[int, float] = {}
        self._sent_again = 0

    # Open and close

    async def open(
        self, transports: tuple[str, ...] = (UDP,), trust: ssl.SSLContext | None = None
    ) -> Address:
        """Open the sockets: each transport's own port, or any where another phone has that.

        Nobody connects to a phone over TLS; it only connects.

        Args:
            trust: for connections over TLS.

        Returns:
            the real address of the first transport, which the lines give as their contact.
        """
        self.close()
        self.audio = AudioSockets(
            self._role, self.home, self._clock, self._network, self._journal, self._entropy,
            self._on_news,
        )  # fmt: skip
        wanted = {transport: (self.home, self._ports[transport]) for transport in transports}
        driver = SipDriver(
            self._user_agent(wanted), self._clock, self._network, self._journal, self._event,
            trust=trust, disturber=self.disturber,
        )  # fmt: skip
        self._driver = driver  # before anything is open: the power may fail meanwhile
        real: dict[str, Address] = {}
        for transport, address in wanted.items():
            try:
                real[transport] = await driver.open(address, "", transport)
            except ConfigurationError:
                real[transport] = await driver.open((self.home, 0), "", transport)
            self._ports[transport] = real[transport][1]  # kept, as the NAT's mapping of it
            self._journal.name(real[transport], self._role)
        driver.core = self._core = self._user_agent(real)
        self._transports = transports
        return real[transports[0]]

    def close(self) -> None:
        """Drop the sockets, all registrations and calls without a word."""
        if self._driver is not None:
            self._driver.close()
        if self.audio is not None:
            self.audio.drop()
        self._sent_again = self.requests_sent_again
        self._core = self._driver = None
        self._in_use = False

    # Lines

    @property
    def lines(self) -> dict[int, LineCall]:
        """The lines in service, by number."""
        return self._core.calls.lines if self._core is not None else {}

    async def register(self, lines: Lines, trust: ssl.SSLContext) -> None:
        """Begin to keep these lines registered, over the transport that they ask for."""
        if lines.transports != self._transports and self._driver is not None:
            closing = self._driver
            self.close()
            await closing.wait_closed()
            await self.open(lines.transports, trust)
        if self._core is not None and self._driver is not None:
            at = self._driver.addresses["", lines.transports[0]]
            self._core.register(_reachable(lines, at), self._clock.steady())
            self._driver.pump()

    def register_anew(self) -> None:
        """Refresh, or try again, each line at once."""
        if self._core is not None and self._driver is not None:
            self._core.register_anew(self._clock.steady())
            self._driver.pump()

    async def change(self, lines: Lines, trust: ssl.SSLContext) -> None:
        """Have these lines from now on; those whose account is another register anew."""
        if self._core is None or self._driver is None:
            return
        if lines.lines and lines.transports != self._transports:
            await self.register(lines, trust)  # other sockets: as after a start
            return
        at = self._driver.addresses["", self._transports[0]]
        self._core.change(_reachable(lines, at), self._clock.steady())
        self._driver.pump()

    def unregister(self, numbers: tuple[int, ...]) -> None:
        """Take these lines' registrations back; their calls end."""
        if self._core is not None and self._driver is not None:
            self._core.unregister(numbers, self._clock.steady())
            self._driver.pump()

    def uses_backup(self, line: int) -> bool:
        """Whether a line is registered at its backup registrar."""
        return self._core is not None and self._core.registrations.uses_backup(line)

    @property
    def registered_as(self) -> list[str] | None:
        """What the lines that are registered are called; None while an answer is awaited."""
        if self._core is None:
            return []
        found = self._core.registrations
        if found.awaiting:
            return None
        return [self.lines[n].line.screen_name for n in found.registered if n in self.lines]

    @property
    def requests_sent_again(self) -> int:
        """Requests that a timer had sent once more, since it was made."""
        if self._core is None:
            return self._sent_again
        return self._sent_again + self._core.agent.transactions.requests_sent_again

    # What a person does with a line; False where it can't be done

    def off_hook(self, line: int) -> bool:
        return self._do(lambda core, now: core.calls.off_hook(line))

    def digit(self, line: int, digit: str) -> bool:
        return self._do(lambda core, now: core.calls.digit(line, digit))

    def dial(self, line: int) -> bool:
        return self._do(lambda core, now: core.calls.dial(line, now))

    def answer(self, line: int) -> bool:
        return self._do(lambda core, now: core.calls.answer(line, now))

    def ignore(self, line: int) -> bool:
        return self._do(lambda core, now: core.calls.ignore(line, now))

    def hold(self, line: int) -> bool:
        return self._do(lambda core, now: core.calls.hold(line, now))

    def resume(self, line: int) -> bool:
        return self._do(lambda core, now: core.calls.resume(line, now))

    def hang_up(self, line: int) -> bool:
        return self._do(lambda core, now: core.calls.hang_up(line, now))

    # Inside

    def _user_agent(self, at: dict[str, Address]) -> UserAgent:
        assert self.audio is not None
        streams = {transport: address for transport, address in at.items() if transport != UDP}
        return UserAgent(next(iter(at.values())), self._entropy, self.audio, streams)

    def _do(self, act: Callable[[UserAgent, float], bool]) -> bool:
        core, driver = self._core, self._driver
        if core is None or driver is None:
            return False
        now = self._clock.steady()
        done = act(core, now)
        core.work(now)
        driver.pump()
        return done

    def _event(self, event: object) -> None:
        if self._core is None:
            return  # closed by what an event before this one brought about
        match event:
            case RegistrationChanged():
                self._registration(event)
            case LineChanged():
                self._line(event)
            case CheckSync(reboot):
                self._on_change(do.CheckSyncAsked(reboot))
            case XmlNotify(body):
                self._on_xml(body)

    def _registration(self, event: RegistrationChanged) -> None:
        line = int(event.key)
        if event.after is State.REGISTERED and self._core is not None:
            granted_s = self._core.registrations.granted_s(line)
            spare = self.lines[line].proxy if line in self.lines else None
            self._on_change(do.Registered(line, granted_s, spare[0] if spare else ""))
        elif event.after is State.REFUSED and event.response is not None:
            warning = warning_text(event.response)
            self._on_change(do.RegistrationRefused(line, event.response.status, warning))
        elif event.after is State.TIMED_OUT:
            self._on_change(do.RegistrationTimedOut(line))
        elif event.after is State.UNREGISTERED:
            self._on_change(do.Unregistered(line))

    def _line(self, event: LineChanged) -> None:
        """Journal it; tell when the first line is taken, and when the last is free."""
        facts: dict[str, object] = {"line": event.line, "far_end": event.far_end}
        if event.ended is not None:
            status = "" if event.ended.response is None else event.ended.response.status
            facts |= {"by": event.ended.by.value, "how": how(event.ended), "status": status}
            self._journal.happened(self._role, "call ended", **facts)
        elif event.after is not event.before and event.after in NOTES:
            self._journal.happened(self._role, NOTES[event.after], **facts)
        if event.after is not event.before:
            self._on_change(do.LineUsed(event.before, self._facts(event)))
        in_use = any(line.activity is not Activity.IDLE for line in self.lines.values())
        if in_use is not self._in_use:
            self._in_use = in_use
            self._on_change(do.InUse(in_use))
        self._on_news()

    def _facts(self, event: LineChanged) -> CallFacts:
        """What action URIs and the history tell of a line's call."""
        now = self._clock.steady()
        if event.after is Activity.CONNECTED:
            self._talking_since.setdefault(event.line, now)
        since = self._talking_since.get(event.line, now)
        if event.after in (Activity.IDLE, Activity.CLEARING):
            self._talking_since.pop(event.line, None)
        line = self.lines.get(event.line)
        number, name = event.far_end.number, event.far_end.name
        incoming = line is not None and line.incoming
        return CallFacts(event.line, event.after, number, name, incoming, int(now - since))


def warning_text(response: Response) -> str:
    """The quoted text of a Warning header (RFC 3261 section 20.43), else the reason phrase."""
    value = response.headers.get("warning")
    _, quote, rest = value.partition('"')
    text = rest.rpartition('"')[0] if quote else value
    return text.replace('\\"', '"') or response.reason


def _reachable(lines: Lines, at: Address) -> Lines:
    """The lines, giving as their contact where the phone really is on their transport."""
    return replace(
        lines,
        lines=tuple(
            replace(
                line,
                account=replace(line.account, contact=at),
                backup=None if line.backup is None else replace(line.backup, contact=at),
            )
            for line in lines.lines
        ),
    )
