"""Two phones' user agents, and a PBX that joins them, as pure cores on a wire in memory."""

from collections.abc import Callable

from simulators.core import UDP, Address, Datagram
from simulators.entropy import Seed
from simulators.mbg.tests.call_wire import PBX_AT, Pbx, Timed
from simulators.phone.calls.line_call import LineCall, LineChanged
from simulators.phone.calls.srtp import MasterKey
from simulators.phone.calls.user_agent import UserAgent
from simulators.phone.files.lines import Lines, lines
from simulators.sip.headers import NameAddress
from simulators.sip.message import Headers, Message, Request, Response, parse

ADA_AT: Address = ("127.10.64.2", 5060)
BEN_AT: Address = ("127.10.64.3", 5060)
STRANGER_AT: Address = ("127.10.64.9", 5060)


class Ports:
    """Audio ports that are numbers only; what is aimed where is kept."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.opened: dict[int, Address] = {}
        self.aimed: list[tuple[Address | None, bool]] = []
        self.keys: dict[int, tuple[MasterKey | None, MasterKey | None]] = {}
        self.none_left = False
        self._next = 3000

    def open(self, line: int) -> Address | None:
        if self.none_left:
            return None
        self._next += 2
        self.opened[line] = (self.host, self._next)
        return self.opened[line]

    def aim(self, line: int, to: Address | None, payload: int, *, listens: bool) -> None:
        self.aimed.append((to, listens))

    def secure(self, line: int, own: MasterKey | None, peer: MasterKey | None) -> None:
        self.keys[line] = (own, peer)

    def close(self, line: int) -> None:
        self.opened.pop(line, None)


def configuration(user: str, **more: str) -> dict[str, str]:
    """One line that registers at the PBX; `more` has the words of parameters joined by `_`."""
    return {
        "sip line1 user name": user,
        "sip line1 password": "p",
        "sip line1 display name": f"Person {user}",
        "sip line1 registrar ip": PBX_AT[0],
    } | {name.replace("_", " "): value for name, value in more.items()}


class Phone:
    """One user agent with its ports; `heard` is what it told."""

    def __init__(self, at: Address, found: Lines) -> None:
        self.at = at
        self.ports = Ports(at[0])
        entropy = Seed(1).stream(f"phone {at[0]}").randbytes
        self.core = UserAgent(at, entropy, self.ports)
        self.heard: list[object] = []
        self.core.register(found, 0.0)

    @property
    def line(self) -> LineCall:
        return self.core.calls.lines[1]

    def endings(self) -> list[tuple[str, int | None]]:
        """Who brought each call's end about, and the status of a refusal."""
        return [
            (e.ended.by.value, None if e.ended.response is None else e.ended.response.status)
            for e in self.heard
            if isinstance(e, LineChanged) and e.ended is not None
        ]


class PhoneWire:
    """Ada (2101), Ben (2102), the PBX; `sent` is all that was ever sent, with its source."""

    def __init__(self, **more: str) -> None:
        self.pbx = Pbx(lambda user: "p")
        self.ada = Phone(ADA_AT, lines(configuration("2101", **more), ADA_AT, "Mitel 6930/5"))
        self.ben = Phone(BEN_AT, lines(configuration("2102", **more), BEN_AT, "Mitel 6930/5"))
        self.now = 0.0
        self.sent: list[tuple[Address, Address, Message]] = []
        self.loses: Callable[[Datagram], bool] = lambda datagram: False
        self._numbers = 0
        self.settle()

    def dial(self, phone: Phone, number: str) -> None:
        calls = phone.core.calls
        assert calls.off_hook(1)
        assert all(calls.digit(1, digit) for digit in number)
        assert calls.dial(1, self.now)
        self.settle()

    def talk(self) -> None:
        """Ada calls Ben, who answers."""
        self.dial(self.ada, "2102")
        assert self.ben.core.calls.answer(1, self.now)
        self.settle()

    def settle(self) -> None:
        """Carry everything until nobody has anything more to say."""
        busy = True
        while busy:
            self.pbx.work(self.now)
            out = [(PBX_AT, d) for d in self.pbx.layer.to_send()]
            for phone in (self.ada, self.ben):
                phone.core.work(self.now)
                phone.heard += phone.core.events()
                out += [(phone.at, d) for d in phone.core.to_send()]
            for source, datagram in out:
                self.sent.append((source, datagram.to, parse(datagram.data)))
                if not self.loses(datagram):
                    self._deliver(source, datagram)
            busy = bool(out)

    def move(self, seconds: float) -> None:
        """Let time pass, each timer at its own moment."""
        self.settle()
        end = self.now + seconds
        drivers: list[Timed] = [self.pbx.layer, self.pbx.calls, self.ada.core, self.ben.core]
        while times := [at for d in drivers if (at := d.timer_at()) is not None and at <= end]:
            self.now = max(self.now, min(times))
            for driver in drivers:
                driver.handle_timer(self.now)
            self.settle()
        self.now = end

    def ask(
        self,
        phone: Phone,
        method: str,
        *headers: tuple[str, str],
        to: str = "<sip:2101@pbx>",
        uri: str = "sip:2101@127.10.64.2",
        body: bytes = b"",
    ) -> Response:
        """A stranger's request, and the phone's latest answer to it."""
        self._numbers += 1
        host, port = STRANGER_AT
        items = [
            ("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{self._numbers}"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:who@{host}>;tag=a"),
            ("To", to),
            ("Call-ID", f"{self._numbers}@{host}"),
            ("CSeq", f"1 {method}"),
            *headers,
        ]
        if body:
            items.append(("Content-Type", "application/sdp"))
        request = Request(method, uri, Headers(items), body)
        phone.core.receive(request.encode(), STRANGER_AT, self.now, "", UDP)
        self.settle()
        answers = [m for _, to_, m in self.sent if to_ == STRANGER_AT]
        assert isinstance(answers[-1], Response)
        return answers[-1]

    def statuses(self, source: Address, method: str) -> list[int]:
        """Statuses that somebody answered to a method, in order."""
        return [
            m.status
            for frm, _, m in self.sent
            if frm == source and isinstance(m, Response) and m.headers.get("cseq").endswith(method)
        ]

    def asked_names(self) -> list[str]:
        """Display names of the INVITEs that were sent."""
        invites = [m for _, _, m in self.sent if isinstance(m, Request) and m.method == "INVITE"]
        return [NameAddress.parse(m.headers.get("from")).name for m in invites]

    def _deliver(self, source: Address, datagram: Datagram) -> None:
        if datagram.to == PBX_AT:
            self.pbx.receive(datagram.data, source, self.now)
        for phone in (self.ada, self.ben):
            if datagram.to == phone.at:
                phone.core.receive(datagram.data, source, self.now, "", datagram.transport)
