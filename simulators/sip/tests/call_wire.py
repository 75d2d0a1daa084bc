"""Two ends of calls joined in memory: time moved by hand, and a say in each datagram's fate."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.core import UDP, Address, Datagram
from simulators.entropy import Seed
from simulators.sip.calls import Calls
from simulators.sip.invitation import Invitation
from simulators.sip.message import Message, Request, parse
from simulators.sip.transaction import Transactions

CALLER_AT, CALLEE_AT = ("127.10.0.10", 5060), ("127.10.0.21", 5060)
HOP_S = 0.01
OFFER, REPLY = b"v=0 offer\r\n", b"v=0 answer\r\n"

Fate = Callable[[Message, int], tuple[float, ...]]
"""From a message and its number to the delays with which its copies arrive; () loses it."""


def in_order(message: Message, number: int) -> tuple[float, ...]:
    """The fate of a message on a good wire."""
    return (HOP_S,)


class Side:
    """A transaction layer with calls."""

    def __init__(self, at: Address, seed: int = 1) -> None:
        randbytes = Seed(seed).stream(str(at)).randbytes
        self.at = at
        self.transactions = Transactions(at, randbytes)
        self.calls = Calls(self.transactions, randbytes)
        self.heard: list[object] = []
        self.others: list[object] = []
        self.on_event: Callable[[object], None] = lambda event: None

    def work(self, now: float) -> None:
        """Give what the layer says to the calls, and what they say to the user."""
        while events := self.transactions.events():
            self.others += [event for event in events if not self.calls.take(event, now)]
        for event in self.calls.events():
            self.heard.append(event)
            self.on_event(event)

    def timer_at(self) -> float | None:
        times = (self.transactions.timer_at(), self.calls.timer_at())
        return min((t for t in times if t is not None), default=None)

    def handle_timer(self, now: float) -> None:
        self.transactions.handle_timer(now)
        self.calls.handle_timer(now)

    def kept(self) -> int:
        """What is still remembered."""
        return len(self.transactions) + len(self.calls)


@dataclass
class Wire:
    """A caller, a callee, and a clock."""

    fate: Fate = in_order
    transport: str = UDP
    seed: int = 1
    now: float = 0.0
    sent: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.caller, self.callee = Side(CALLER_AT, self.seed), Side(CALLEE_AT, self.seed)
        self._flying: list[tuple[float, int, Datagram, Side]] = []
        self._order = 0

    def invite(self, **more: object) -> str:
        """The caller calls the callee."""
        invitation = Invitation(
            **{  # type: ignore[arg-type]
                "to_uri": "sip:2102@127.10.0.21",
                "from_uri": "sip:2101@127.10.0.10",
                "next_hop": CALLEE_AT,
                "transport": self.transport,
                "contact_user": "2101",
                "body": OFFER,
                **more,
            }
        )
        return self.caller.calls.invite(invitation, self.now)

    def run(self, seconds: float = 1.0) -> None:
        """Let time pass."""
        until = self.now + seconds
        while True:
            self._carry()
            times = [t for side in self._sides() if (t := side.timer_at()) is not None]
            times += [self._flying[0][0]] if self._flying else []
            at = min(times, default=until + 1)
            if at > until:
                break
            self.now = max(self.now, at)
            for side in self._sides():
                side.handle_timer(self.now)
            while self._flying and self._flying[0][0] <= self.now:
                _, _, datagram, to = heapq.heappop(self._flying)
                peer = CALLEE_AT if to is self.caller else CALLER_AT
                to.transactions.receive(datagram.data, peer, self.now, transport=datagram.transport)
                to.work(self.now)
        self.now = until

    def methods(self) -> list[str]:
        """What was sent so far, requests by method, responses by status."""
        return [m.method if isinstance(m, Request) else str(m.status) for m in self.sent]

    def _sides(self) -> tuple[Side, Side]:
        return self.caller, self.callee

    def _carry(self) -> None:
        for side in self._sides():
            side.work(self.now)
        for side, other in ((self.caller, self.callee), (self.callee, self.caller)):
            for datagram in side.transactions.to_send():
                message = parse(datagram.data)
                self.sent.append(message)
                for delay in self.fate(message, len(self.sent)):
                    self._order += 1
                    arrival = (self.now + delay, self._order, datagram, other)
                    heapq.heappush(self._flying, arrival)
