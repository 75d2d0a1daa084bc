"""A driver of a life in memory: what is wanted waits in `pending` until a test lets it happen."""

from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.phone.files.firmware import Running, build_image
from simulators.phone.habits import LifeSettings
from simulators.phone.identity import Identity
from simulators.phone.life import actions as do
from simulators.phone.life.life import Life
from simulators.phone.local.dhcp import NO_OFFER, Offer
from simulators.phone.models import model

MAC = "1400E9123456"
DELIVERED = Running("5.1")
CONTACT = ("127.10.64.2", 5060)
TFTP = Offer({66: "127.10.0.5"})
MCS = "https://127.10.0.5:8202/"
AT_TFTP = "tftp://127.10.0.5:69/"
LINE = (
    b"sip line1 user name: 2101\nsip line1 password: hush-hush\n"
    b"sip line1 registrar ip: 127.10.0.21\n"
)
SENT_ON = (
    b"download protocol: HTTPS\nhttps server: 127.10.0.5\nhttps port: 8202\n"
    b"https validate certificates: 0\n"
)


def image(version: str = "6.4", kind: str = "sip", name: str = "6930") -> bytes:
    """A sound image of 20 octets."""
    return build_image(name, version, kind, 20, lambda n: bytes(n))


@dataclass
class Hands:
    """One life and the world around it: `files` by URL, the network's DHCP offer, the cable."""

    running: Running = DELIVERED
    local: dict[str, str] = field(default_factory=dict)
    offer: Offer = NO_OFFER
    settings: LifeSettings | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    calendar_s: float = 0.0
    chance: float = 0.0

    def __post_init__(self) -> None:
        self.life = Life(
            Identity(MAC),
            model("6930"),
            self.running,
            self.settings,
            local=self.local,
            calendar=lambda: self.calendar_s,
            chance=lambda: self.chance,
        )
        self.now = 0.0
        self.pending: list[do.Action] = []
        self.asked: list[str] = []
        self.notes: list[str] = []
        self.registering: set[int] = set()
        self.server_away: Callable[[str], str] = lambda url: ""

    def give(self, result: do.Result) -> "Hands":
        """Give a result, and see what is wanted."""
        self.life.handle(result, self.now)
        self.collect()
        return self

    def collect(self) -> None:
        """Take what is wanted now; what a restart or the power's end drops is gone."""
        for action in self.life.actions():
            match action:
                case do.Drop() | do.Reboot():
                    self.pending.clear()
                case do.Note(name):
                    self.notes.append(name)
                case do.CallActionUri():
                    pass
                case do.Wake(name):
                    self.pending = [a for a in self.pending if a != action and not (
                        isinstance(a, do.Wake) and a.name == name)]  # fmt: skip
                    self.pending.append(action)
                case do.Fetch(_, url):
                    self.asked.append(url)
                    self.pending.append(action)
                case do.RegisterAnew() if any(
                    isinstance(a, do.StartRegistration | do.RegisterAnew) for a in self.pending
                ):
                    pass  # a line that is being registered is not asked for twice
                case _:
                    self.pending.append(action)

    def finish(self, action: do.Action) -> None:
        """Let one wanted thing happen."""
        self.pending.remove(action)
        for answer in self.answers(action):
            self.give(answer)

    def answers(self, action: do.Action) -> list[do.Result]:
        """What becomes of it, in the world as it is."""
        reachable = self.life.cable_in
        match action:
            case do.Boot():
                return [do.Booted()]
            case do.BringUpNetwork():
                return [do.NetworkUp(CONTACT, self.offer)]
            case do.Fetch(path, url):
                reason = self.server_away(url) if reachable else "no answer"
                if reason:
                    return [do.FetchFailed(path, reason)]
                body = self.files.get(url)
                return [do.Fetched(path, 404 if body is None else 200, body or b"")]
            case do.Install():
                return [do.Flashed()]
            case do.Poll():
                return [do.Fetched("poll", 200)] if reachable else [do.FetchFailed("poll", "x")]
            case do.StartRegistration() | do.RegisterAnew():
                numbers = list(self.life.lines)
                made = do.RegistrationTimedOut if not reachable else None
                return [made(n) if made else do.Registered(n, 300) for n in numbers]
            case do.Unregister(numbers):
                return [do.Unregistered(n) for n in numbers]
            case do.Wake(name):
                return [do.Woken(name)]
        return []

    def run(self, *kept: type[do.Action]) -> "Hands":
        """Let all happen, in order, but these kinds (a Wake waits for its time)."""
        kept = (*kept, do.Wake)
        while ready := [a for a in self.pending if not isinstance(a, kept)]:
            self.finish(ready[0])
        return self

    def wake(self, name: str) -> "Hands":
        """Let the time of a wait come, and what follows."""
        (waiting,) = [a for a in self.pending if isinstance(a, do.Wake) and a.name == name]
        self.finish(waiting)
        return self.run()

    def waits(self) -> dict[str, float]:
        """What is waited for, in seconds from now."""
        return {a.name: a.delay_s for a in self.pending if isinstance(a, do.Wake)}

    def pass_time(self, seconds: float) -> "Hands":
        """Let time pass; what falls due is done, and what follows happens."""
        end = self.now + seconds
        while (at := self.life.timer_at()) is not None and at <= end:
            self.now = max(self.now, at)
            self.life.handle_timer(self.now)
            self.collect()
            self.run()
        self.now = end
        return self


def paths(urls: list[str], base: str) -> list[str]:
    """The files asked for at one server."""
    return [url.removeprefix(base) for url in urls if url.startswith(base)]
