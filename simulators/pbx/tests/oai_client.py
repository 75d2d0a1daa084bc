"""A client of a gateway session, in memory, and the nodes behind its gateway: for tests."""

from collections.abc import Iterable, Mapping

from simulators.pbx import oai
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.gateway_session import GatewaySession
from simulators.pbx.hot_desk import HotDesk
from simulators.pbx.oai import Command, LogIn, frame
from simulators.pbx.oai_directory import Link, Linked
from simulators.pbx.release import Release

NOON = 1_795_435_200.0  # 2026-11-23 12:00 UTC
PASSWORD = "s3cret-1"


def extension(number: int, name: str = "Ada", kind: int = 38) -> Extension:
    text = str(number)
    return Extension(text, name, DeviceType(kind), text, f"pass-{number}~", f"9{number}")


class FakeNode:
    """A node without sockets; tests set what it has."""

    def __init__(
        self, number: int, name: str, release: str, extensions: Iterable[Extension]
    ) -> None:
        self.number = number
        self.name = name
        self.release = Release.parse(release)
        self.extensions: dict[str, Extension] = {each.number: each for each in extensions}
        self.registered: set[str] = set()
        self.desk = HotDesk(Extensions(self.extensions.values()))

    @property
    def hot_desk(self) -> Mapping[str, str]:
        return self.desk.places

    def is_registered(self, number: str) -> bool:
        return number in self.registered

    def has_passcode(self, hot_desk: str, passcode: str) -> bool:
        return self.desk.matches(hot_desk, passcode)

    def log_in(self, hot_desk: str, base: str) -> None:
        self.desk.log_in(hot_desk, base)

    def log_out(self, hot_desk: str) -> None:
        assert self.desk.log_out(hot_desk)


class Client:
    """A client at the end of a session."""

    def __init__(
        self, release: str = "5.0.64", *, logged_in: bool = True, nodes_known: bool = True
    ) -> None:
        self.release = Release.parse(release)
        ours = (extension(2101, "Home, Ada"), extension(2102, kind=48))
        self.first = FakeNode(1, "Head Office", "6.3 SP1", ours)
        self.second = FakeNode(2, "Dépôt", "6.3", (extension(2201),))
        self.directory = {
            1: Linked(self.first, 1, "127.10.0.21", Link.UP),
            2: Linked(self.second, 2, "127.10.0.22", Link.UP),
        }
        self.session = GatewaySession(
            self.directory,
            lambda: self.release,
            PASSWORD,
            lambda: NOON,
            0.0,
            nodes_known=nodes_known,
        )
        self.events: list[object] = []
        if logged_in:
            self.log_in()

    def log_in(self, password: str = PASSWORD) -> list[bytes]:
        return self.send(LogIn(password, "MCS").encode())

    def take(self, now: float = 0.0) -> list[bytes]:
        """All payloads that the session has to send."""
        payloads = []
        while (payload := self.session.next_payload(now)) is not None:
            payloads.append(payload)
        return payloads

    def send(self, payload: bytes, now: float = 0.0) -> list[bytes]:
        self.session.receive(frame(payload), now)
        answers = self.take(now)
        self.events = self.session.events()
        return answers

    def confirmations(self, name: str, *arguments: str, now: float = 0.0) -> list[list[str]]:
        """What stands after `CF,<name>,7,` in each answer."""
        answers = self.send(Command(name, "7", arguments).encode(), now)
        fields = [oai.split_fields(answer) for answer in answers]
        assert all(each[1:4] == ["CF", name, "7"] for each in fields)
        return [each[4:] for each in fields]

    def ask(self, name: str, *arguments: str, now: float = 0.0) -> list[str]:
        """What stands after `CF,<name>,7,` in the only answer."""
        [results] = self.confirmations(name, *arguments, now=now)
        return results
