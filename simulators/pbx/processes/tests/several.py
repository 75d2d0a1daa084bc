"""Several processes of a node and their parent without a socket; each message is carried by hand.

Passwords are left out: credentials are right whose nonce is the word "right".
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import cast

from simulators.core import Address, Datagram
from simulators.entropy import Seed
from simulators.pbx.exchange import Exchange
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.processes.exchange import ProcessExchange
from simulators.pbx.processes.messages import FromParent, FromProcess, Message, decode, encode
from simulators.pbx.processes.ownership import Ownership
from simulators.pbx.refusals import Refusal
from simulators.pbx.settings import NodeSettings
from simulators.sip.message import Response, parse

NODE: Address = ("127.10.0.21", 5060)
REALM = "Head Office"
NUMBERS = ("2101", "2102", "2103", "2104")
PLACES: tuple[Address, ...] = tuple((f"127.30.0.{last}", 5062) for last in range(2, 8))
"""Where phones are; the kernel deals them to processes by turns here."""


def extensions() -> Extensions:
    return Extensions(
        Extension(number, "", DeviceType.SIP_PHONE, number, f"right-{number}") for number in NUMBERS
    )


@dataclass(frozen=True)
class Ask:
    """A REGISTER; `place` is a number of `PLACES`."""

    extension: str = "2101"
    place: int = 0
    contact: str = "own"
    expires: int | None = 600
    call: str = "c1"
    cseq: int = 1
    credentials: str = "right"

    def octets(self, branch: int) -> bytes:
        host, port = PLACES[self.place]
        own = f"<sip:{self.extension}@{host}:{port}>"
        lines = [
            "REGISTER sip:127.10.0.21 SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{branch};rport",
            f"From: <sip:{self.extension}@127.10.0.21>;tag=f1",
            f"To: <sip:{self.extension}@127.10.0.21>",
            f"Call-ID: {self.call}",
            f"CSeq: {self.cseq} REGISTER",
        ]
        if self.contact:
            lines.append(f"Contact: {own if self.contact == 'own' else self.contact}")
        if self.expires is not None:
            lines.append(f"Expires: {self.expires}")
        if self.credentials:
            lines.append(f"Authorization: {self._authorization()}")
        return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()

    def _authorization(self) -> str:
        """A word as credentials that can be read; any other text as it is."""
        if not self.credentials.isalpha():
            return self.credentials
        return (
            f'Digest username="{self.extension}", realm="{REALM}", nonce="{self.credentials}", '
            f'uri="sip:127.10.0.21", response="{"0" * 32}", algorithm=MD5, cnonce="c", '
            "qop=auth, nc=00000001"
        )


@dataclass(frozen=True)
class Answer:
    """What of an answer does not depend on chance."""

    call: str
    cseq: str
    status: int
    contacts: tuple[str, ...]
    warning: str

    @classmethod
    def of(cls, datagram: Datagram) -> "Answer":
        response = parse(datagram.data)
        assert isinstance(response, Response)
        headers = response.headers
        return cls(
            headers.get("call-id"),
            headers.get("cseq"),
            response.status,
            tuple(sorted(headers.all("contact"))),
            headers.get("warning"),
        )


def without_digest(exchange: Exchange) -> None:
    """Let the nonce "right" be the credentials of everybody."""

    def registers(authorization: object, extension: str, now: float) -> Refusal | None:
        if extension not in NUMBERS:
            return Refusal(404, "unknown")
        return None if 'nonce="right"' in str(authorization) else Refusal(401, "not right")

    exchange.authentication.registers = registers  # type: ignore[method-assign]


class Several:
    """So many processes, counted from 1, their parent, and what is on its way between them.

    Args:
        digest: check real credentials.
    """

    def __init__(
        self,
        count: int = 2,
        licences: int | None = None,
        settings: NodeSettings | None = None,
        *,
        digest: bool = False,
    ) -> None:
        self.now = 0.0
        self.ownership = Ownership(count, licences)
        self.cores: dict[int, ProcessExchange] = {}
        self.up: dict[int, deque[Message]] = {}
        self.down: dict[int, deque[Message]] = {}
        self.sent: list[Datagram] = []
        self._branches = 0
        for number in range(1, count + 1):
            entropy = Seed(number).stream("process").randbytes
            habits = replace(settings or NodeSettings(), licences=None if licences is None else 0)
            core = ProcessExchange(
                REALM, extensions(), entropy, habits, local=NODE, number=number, count=count
            )
            if not digest:
                without_digest(core)
            self.cores[number] = core
            self.up[number], self.down[number] = deque(), deque()

    # Phones

    def process_of(self, place: int) -> int:
        """Where the kernel would deal what comes from there: to those that are left."""
        left = list(self.cores)
        return left[place % len(left)]

    def ask(self, ask: Ask) -> None:
        """A REGISTER arrives; nothing else moves yet."""
        self._branches += 1
        self.arrives(ask.octets(self._branches), ask.place)

    def arrives(self, data: bytes, place: int) -> None:
        number = self.process_of(place)
        self.cores[number].receive(data, PLACES[place], self.now)
        self._listen(number)

    def asked(self, ask: Ask) -> Answer:
        """The answer, once all is said."""
        self.sent.clear()
        self.ask(ask)
        self.settle()
        [sent] = self.sent
        assert sent.to == PLACES[ask.place]
        return Answer.of(sent)

    # What is on its way

    def ways(self) -> list[tuple[str, int]]:
        """The lines on which something is on its way."""
        up = [("up", number) for number, line in self.up.items() if line]
        return up + [("down", number) for number, line in self.down.items() if line]

    def carry(self, way: tuple[str, int]) -> None:
        """Deliver the next message of one line."""
        direction, number = way
        if direction == "up":
            self.ownership.hear(number, cast("FromProcess", self.up[number].popleft()))
            self._parent_says()
        else:
            message = cast("FromParent", self.down[number].popleft())
            self.cores[number].hear(message, self.now)
            self._listen(number)

    def settle(self) -> None:
        """Deliver until nobody has anything to say."""
        while ways := self.ways():
            self.carry(ways[0])

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for number, core in self.cores.items():
            core.handle_timer(self.now)
            self._listen(number)
        self.settle()

    def drain(self, number: int) -> None:
        """Deliver all that a process has said, as is read after its end, too."""
        while self.up[number]:
            self.carry(("up", number))

    def lose(self, number: int) -> int:
        """A process is killed; returns how many registrations went with it."""
        self.drain(number)
        for table in (self.cores, self.up, self.down):
            del table[number]
        gone = self.ownership.lost(number)
        self._parent_says()
        return gone

    # What is so

    def bound(self) -> dict[str, list[tuple[int, list[str]]]]:
        """Extension -> (process, contacts) of each process that has bindings of it."""
        return {
            extension: found
            for extension in NUMBERS
            if (
                found := [
                    (number, [row.contact for row in rows])
                    for number, core in self.cores.items()
                    if (rows := core.bindings.of(extension))
                ]
            )
        }

    def licences_held(self) -> dict[int, int]:
        """What each process thinks that it holds, used and free."""
        return {number: core._licences or 0 for number, core in self.cores.items()}

    def licences_given(self) -> dict[int, int]:
        """What the parent thinks that each holds."""
        return self.ownership._pool._held

    def _listen(self, number: int) -> None:
        core = self.cores[number]
        self.sent += core.to_send()
        said = cast("list[Message]", core.events())
        self.up[number] += decode(encode(said))

    def _parent_says(self) -> None:
        for number, message in self.ownership.to_say():
            if number in self.down:
                self.down[number] += decode(encode([message]))
