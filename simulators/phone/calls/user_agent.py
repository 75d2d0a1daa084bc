"""The SIP user agent of a phone, pure: its lines' registrations and calls over one layer.

Registrations are those of `LineRegistrations`, calls those of `LineCalls`; what belongs to neither
is answered by `unsolicited`. `events` yields `RegistrationChanged` (its key is the line's number),
`LineChanged`, `CheckSync` and `XmlNotify`.
"""

from collections.abc import Mapping

from simulators.core import TCP, UDP, Address, Datagram, Entropy
from simulators.phone.calls.audio import AudioPorts
from simulators.phone.calls.line_calls import LineCalls
from simulators.phone.calls.registrations import LineRegistrations
from simulators.phone.calls.unsolicited import reply
from simulators.phone.files.lines import Line, Lines
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.inspection import refusal
from simulators.sip.message import response_to
from simulators.sip.registration import State
from simulators.sip.transaction import RequestReceived


class UserAgent:
    """The five verbs and `lost`; what a person does goes to `calls`, then `work` is called.

    Args:
        local: our address on the transport that the lines use.
        audio: opens RTP ports.
        stream_locals: our address on a stream transport, where it isn't `local`.
    """

    def __init__(
        self,
        local: Address,
        entropy: Entropy,
        audio: AudioPorts,
        stream_locals: Mapping[str, Address] | None = None,
    ) -> None:
        self.agent = RegistrationAgent(
            local, entropy, registers_only=True, stream_locals=stream_locals
        )
        self._events: list[object] = []
        self.calls = LineCalls(self.agent.transactions, entropy, audio, self._events)
        self.registrations = LineRegistrations(self.agent)
        self._entropy = entropy
        self._xml = False
        self._wanted: dict[int, Line] | None = None  # lines that are to be, where some are busy

    def register(self, lines: Lines, now: float) -> None:
        """Begin to keep these lines registered, and take calls for them."""
        self.calls.serve(lines)
        self._xml = lines.xml_notify
        for line in lines.lines:
            self.registrations.register(line, now)

    def change(self, lines: Lines, now: float) -> None:
        """Have these lines from now on; one that is used for a call changes at its end."""
        self._xml = lines.xml_notify
        self.calls.trust(lines)
        self._wanted = {line.number: line for line in lines.lines}
        self.work(now)

    def register_anew(self, now: float) -> None:
        """Refresh each line, or try again, at once; one that is being asked for already waits."""
        for key in list(self.agent.registrations):
            self.agent.retry(key, now)
        self.work(now)

    def unregister(self, numbers: tuple[int, ...], now: float) -> None:
        """Take these lines' registrations back; their calls end."""
        for number in numbers:
            self.calls.hang_up(number, now)
            self.registrations.unregister(number, now)
        self.work(now)

    # The five verbs, and the connection's end

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one message."""
        self.agent.receive(data, peer, now, side, transport)
        self.work(now)

    def lost(self, peer: Address, now: float, side: str = "", transport: str = TCP) -> None:
        """A connection has ended: what waits for it fails, and its lines register anew at once."""
        hit = [
            key
            for key, registration in self.agent.registrations.items()
            if registration.state is State.REGISTERED
            and (registration.account.registrar, registration.account.transport)
            == (peer, transport)
        ]
        self.agent.lost(peer, now, side, transport)
        for key in hit:
            self.agent.retry(key, now)
        self.work(now)

    def events(self) -> list[object]:
        """What happened, in order, once."""
        events = self._events.copy()
        self._events.clear()  # the calls hold the same list
        return events

    def to_send(self) -> list[Datagram]:
        """Messages to send now, once."""
        return self.agent.to_send()

    def timer_at(self) -> float | None:
        """When something is due."""
        times = (self.agent.timer_at(), self.calls.timer_at(), self.registrations.timer_at())
        return min((at for at in times if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Retransmit, refresh, give up."""
        self.agent.handle_timer(now)
        self.registrations.begin(now)
        self.work(now)
        self.calls.handle_timer(now)
        self.work(now)

    def waiting(self) -> bool:
        """Whether an answer is outstanding; that a person answers is not waited for."""
        return self.agent.waiting() or self.agent.transactions.waiting()

    def work(self, now: float) -> None:
        """Heed what happened on the layer and to calls."""
        for event in self.agent.events():
            if self.calls.take(event, now):
                continue
            if isinstance(event, RequestReceived):
                self._asked(event, now)
            elif isinstance(event, RegistrationChanged):
                self._registered(event, now)
            else:
                self._events.append(event)
        self.calls.work(now)
        self._settle(now)

    # Inside

    def _registered(self, event: RegistrationChanged, now: float) -> None:
        """An outcome of a line; from here on its calls go where it is registered."""
        told = self.registrations.take(event, now)
        if told is None:
            return
        call = self.calls.lines.get(int(told.key))
        if call is not None:
            proxy = self.registrations.proxy(call.line)
            call.proxy = None if proxy == call.line.proxy else proxy
        self._events.append(told)

    def _settle(self, now: float) -> None:
        """Change the lines that are to be others, as far as they are idle."""
        wanted = self._wanted
        if wanted is None:
            return
        for number in sorted({*wanted, *self.calls.lines}):
            if self.calls.idle(number):
                self._change(number, wanted.get(number), now)
        if all(self.calls.idle(number) for number in self.calls.lines):
            self._wanted = None

    def _change(self, number: int, line: Line | None, now: float) -> None:
        before = self.calls.lines.get(number)
        if line is None:
            self.calls.lines.pop(number, None)
            self.registrations.remove(number, now)
            return
        old = before.line if before is not None else None
        self.calls.put(line)
        if old is not None and (old.account, old.backup) == (line.account, line.backup):
            self.registrations.update(line)
        else:
            self.registrations.change(line, now)

    def _asked(self, received: RequestReceived, now: float) -> None:
        """A request that is about no call."""
        request, answer = received.request, self.agent.transactions.respond
        tag = self._entropy(4).hex()
        refused = refusal(request)
        if refused is not None:
            answer(received.transaction, refused.response(request, tag), now)
            return
        said = reply(request, xml=self._xml)
        response = response_to(request, said.status, headers=said.headers, to_tag=tag)
        answer(received.transaction, response, now)
        if said.event is not None:
            self._events.append(said.event)
