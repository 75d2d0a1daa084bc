"""Two transaction layers back to back for INVITE; time moved by hand."""

from dataclasses import dataclass, field

from simulators.core import UDP, Address
from simulators.entropy import Seed
from simulators.sip.message import Headers, Request, Response, parse, response_to
from simulators.sip.transaction import (
    RequestReceived,
    ResponseReceived,
    Transactions,
)

CLIENT_AT, SERVER_AT = ("127.10.0.10", 5060), ("127.10.0.21", 5060)
REFUSED_AT = [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]  # timer G


def transactions(local: Address) -> Transactions:
    return Transactions(local, Seed(1).stream(str(local)).randbytes)


def invite() -> Request:
    return Request(
        "INVITE",
        "sip:2102@127.10.0.21",
        Headers(
            [
                ("Route", "<sip:127.10.0.21;lr>"),
                ("From", "<sip:2101@a>;tag=1"),
                ("To", "<sip:2102@b>"),
                ("Call-ID", "c1"),
                ("CSeq", "7 INVITE"),
            ]
        ),
        b"v=0\r\n",
    )


def sent(layer: Transactions) -> list[Request | Response]:
    return [parse(datagram.data) for datagram in layer.to_send()]


def statuses(layer: Transactions) -> list[int]:
    return [m.status for m in sent(layer) if isinstance(m, Response)]


def methods(layer: Transactions) -> list[str]:
    return [m.method for m in sent(layer) if isinstance(m, Request)]


def times_of_sending(layer: Transactions, until: float = 400.0) -> list[float]:
    times = []
    while (at := layer.timer_at()) is not None and at <= until:
        layer.handle_timer(at)
        times += [at] * len(layer.to_send())
    return times


@dataclass
class Pair:
    """A client and a server, and an INVITE between them that has arrived at 0."""

    transport: str = UDP
    client: Transactions = field(default_factory=lambda: transactions(CLIENT_AT))
    server: Transactions = field(default_factory=lambda: transactions(SERVER_AT))

    def __post_init__(self) -> None:
        self.key = self.client.send(invite(), SERVER_AT, 0.0, self.transport)
        [self.datagram] = self.client.to_send()
        self.sent = parse(self.datagram.data)
        self.to_server(self.datagram.data, 0.0)
        [event] = self.server.events()
        assert isinstance(event, RequestReceived) and event.transport == self.transport
        self.received = event

    def to_server(self, data: bytes, now: float) -> None:
        self.server.receive(data, CLIENT_AT, now, transport=self.transport)

    def to_client(self, data: bytes, now: float) -> None:
        self.client.receive(data, SERVER_AT, now, transport=self.transport)

    def answers(self, status: int, now: float, tag: str = "t") -> list[bytes]:
        response = response_to(self.received.request, status, to_tag=tag)
        self.server.respond(self.received.transaction, response, now)
        return [datagram.data for datagram in self.server.to_send()]

    def carry(self, now: float) -> None:
        """Everything across, until nobody has anything more to say."""
        while (there := self.client.to_send()) + (back := self.server.to_send()):
            for datagram in there:
                self.to_server(datagram.data, now)
            for datagram in back:
                self.to_client(datagram.data, now)

    def heard(self) -> list[int]:
        events = self.client.events()
        return [e.response.status for e in events if isinstance(e, ResponseReceived)]
