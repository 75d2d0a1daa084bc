"""Telephones and a switch as pure cores on a wire in memory; time is moved by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.core import Address, Datagram
from simulators.entropy import Seed
from simulators.sip.bridge import Bridge, Conversation, End
from simulators.sip.call_events import CallEnded, CallOffered
from simulators.sip.calls import Calls
from simulators.sip.invitation import Invitation
from simulators.sip.message import Message, parse
from simulators.sip.transaction import Transactions

Loses = Callable[[Datagram, Message], bool]


def offer(port: int) -> bytes:
    """A session description of one audio stream."""
    lines = ("v=0", "o=- 1 1 IN IP4 127.30.0.2", "s=-", "c=IN IP4 127.30.0.2", "t=0 0")
    return "\r\n".join((*lines, f"m=audio {port} RTP/AVP 0", "")).encode()


class Telephone:
    """A user agent; what happens at it is kept."""

    def __init__(self, address: Address) -> None:
        self.address = address
        entropy = Seed(1).stream(f"telephone {address}").randbytes
        self.layer = Transactions(address, entropy)
        self.calls = Calls(self.layer, entropy)
        self.heard: list[object] = []

    def invite(self, number: str, switch: Address, now: float, body: bytes = b"") -> str:
        """Dial."""
        here = f"sip:{self.address[1]}@{switch[0]}"
        to = f"sip:{number}@{switch[0]}"
        return self.calls.invite(Invitation(to, here, switch, contact_user="me", body=body), now)

    def work(self, now: float) -> None:
        """Take what came in."""
        for event in self.layer.events():
            self.calls.take(event, now)
        self.heard += self.calls.events()

    def last(self, kind: type) -> object:
        """The latest event of a kind."""
        return next(e for e in reversed(self.heard) if isinstance(e, kind))

    @property
    def key(self) -> str:
        """The call that was offered last."""
        event = self.last(CallOffered)
        assert isinstance(event, CallOffered)
        return event.key


class Switch:
    """Joins whoever calls with the telephone whose port is dialled."""

    def __init__(self, address: Address) -> None:
        self.address = address
        entropy = Seed(1).stream("switch").randbytes
        self.layer = Transactions(address, entropy)
        self.calls = Calls(self.layer, entropy)
        self.bridge = Bridge({"": self.calls}, self)
        self.refuses_descriptions = False
        self.told: list[str] = []

    def work(self, now: float) -> None:
        """Take what came in."""
        for event in self.layer.events():
            self.calls.take(event, now)
        busy = True
        while busy:
            events = self.calls.events()
            busy = bool(events)
            for event in events:
                if not self.bridge.take("", event, now) and isinstance(event, CallOffered):
                    self._connect(event, now)

    def _connect(self, event: CallOffered, now: float) -> None:
        number = event.request.uri.partition(":")[2].partition("@")[0]
        to = (self.address[0], int(number))
        invitation = Invitation(
            f"sip:{number}@{to[0]}", "sip:caller@switch", to, body=event.request.body
        )
        self.bridge.join(End("", event.key), "", invitation, now)

    def carried(self, conversation: Conversation, frm: End, body: bytes) -> bytes | None:
        return None if self.refuses_descriptions else body.replace(b"s=-", b"s=carried")

    def ringing(self, conversation: Conversation, status: int, now: float) -> None:
        self.told.append(f"progress {status}")

    def talking(self, conversation: Conversation, now: float) -> None:
        self.told.append("talking")

    def over(self, conversation: Conversation, why: CallEnded, now: float) -> None:
        self.told.append(f"over: {why.reason.value}")


@dataclass
class Wire:
    """Carries datagrams between all of them; `loses` says which never arrive."""

    switch: Switch
    telephones: list[Telephone]
    now: float = 0.0
    loses: Loses = field(default=lambda datagram, message: False)

    def parties(self) -> list[Telephone | Switch]:
        """All of them."""
        return [self.switch, *self.telephones]

    def settle(self) -> None:
        """Carry everything until nobody has anything more to say."""
        parties = self.parties()
        by_address = {party.address: party for party in parties}
        busy = True
        while busy:
            busy = False
            for party in parties:
                party.work(self.now)
                for datagram in party.layer.to_send():
                    busy = True
                    if not self.loses(datagram, parse(datagram.data)) and datagram.to in by_address:
                        by_address[datagram.to].layer.receive(
                            datagram.data, party.address, self.now
                        )

    def move(self, seconds: float) -> None:
        """Let time pass, each timer at its own moment."""
        self.settle()
        end = self.now + seconds
        while True:
            drivers = [d for p in self.parties() for d in (p.layer, p.calls)]
            times = [at for d in drivers if (at := d.timer_at()) is not None and at <= end]
            if not times:
                break
            self.now = max(self.now, min(times))
            for driver in drivers:
                driver.handle_timer(self.now)
            self.settle()
        self.now = end


def wire() -> tuple[Wire, Telephone, Telephone]:
    """A switch with two telephones, 3001 and 3002."""
    switch = Switch(("10.0.0.1", 5060))
    first, second = Telephone(("10.0.0.1", 3001)), Telephone(("10.0.0.1", 3002))
    return Wire(switch, [first, second]), first, second
