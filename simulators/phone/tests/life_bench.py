"""A phone's life by itself, and what it is answered; time moved by hand."""

from simulators.phone.files.firmware import Running, build_image
from simulators.phone.identity import Identity
from simulators.phone.life import actions as do
from simulators.phone.life.life import Life
from simulators.phone.life.states import RegistrationState, State
from simulators.phone.models import model

MAC = "1400E9123456"
FILES = ["startup.cfg", "aastra.cfg", "6930.cfg", f"{MAC}.cfg", "6930.st"]
"""What is asked for where nothing is found."""
CONTACT = ("127.30.0.2", 5060)
LOCAL = {
    "download protocol": "HTTPS",
    "https server": "mcs",
    "https port": "8202",
    "https validate certificates": "0",
}
LINE = (
    b"sip line1 user name: tw7k\nsip line1 password: hush-hush\n"
    b"sip line1 registrar ip: 127.20.0.10\n"
)
URIS = (
    b"action uri startup: http://x/startup\naction uri registered: http://x/r?u=$$SIPUSERNAME$$\n"
    b"action uri registration event: http://x/e?s=$$REGISTRATIONSTATE$$&c=$$REGISTRATIONCODE$$\n"
)
POLLING = b"action uri poll: http://x/poll\naction uri poll interval: 60\n"
FAST = b'<AastraIPPhoneExecute><ExecuteItem URI="Command: FastReboot"/></AastraIPPhoneExecute>'
RESET = FAST.replace(b"FastReboot", b"Reset")


class Bench:
    """A life, the files of its server, and what it wanted done; `run` answers as a driver would."""

    def __init__(self, running: Running | None = None, **options: object) -> None:
        local = options.pop("local", LOCAL)
        self.life = Life(
            Identity(MAC),
            model("6930"),
            running or Running("5.1"),
            local=local,  # type: ignore[arg-type]
            **options,  # type: ignore[arg-type]
        )
        self.files: dict[str, bytes] = {}
        self.away = ""
        self.trouble = 0
        self.now = 0.0
        self.done: list[do.Action] = []
        self.poll = b""

    def at(self, state: State) -> bool:
        return self.life.state is state

    def line_state(self) -> RegistrationState | None:
        return self.life.lines[1].state

    def give(self, *results: do.Result) -> "Bench":
        for result in results:
            self.life.handle(result, self.now)
            self.run()
        return self

    def run(self) -> None:
        while actions := self.life.actions():
            for action in actions:
                self.done.append(action)
                for answer in self.answers(action):
                    self.life.handle(answer, self.now)

    def answers(self, action: do.Action) -> list[do.Result]:
        match action:
            case do.Boot():
                return [do.Booted()]
            case do.BringUpNetwork():
                return [do.NetworkUp(CONTACT)]
            case do.Fetch(path):
                if self.away:
                    return [do.FetchFailed(path, self.away)]
                if self.trouble:
                    return [do.Fetched(path, self.trouble, b"a: 1")]
                body = self.files.get(path)
                return [do.Fetched(path, 404 if body is None else 200, body or b"")]
            case do.Install():
                return [do.Flashed()]
            case do.Poll():
                return [do.Fetched("poll", 200, self.poll)]
            case do.Unregister(lines):
                return [do.Unregistered(line) for line in lines]
        return []

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while (at := self.life.timer_at()) is not None and at <= end:
            self.now = max(self.now, at)
            self.life.handle_timer(self.now)
            self.run()
        self.now = end

    def fetched(self) -> list[str]:
        return [action.path for action in self.done if isinstance(action, do.Fetch)]

    def notes(self) -> list[str]:
        return [action.name for action in self.done if isinstance(action, do.Note)]

    def called(self) -> list[str]:
        return [action.url for action in self.done if isinstance(action, do.CallActionUri)]

    def polls(self) -> int:
        return sum(isinstance(action, do.Poll) for action in self.done)


def image(version: str, name: str = "6930", kind: str = "sip") -> bytes:
    return build_image(name, version, kind, 20, lambda n: bytes(n))


def registered(*extra: bytes) -> Bench:
    bench = Bench()
    bench.files[f"{MAC}.cfg"] = LINE + b"".join(extra)
    return bench.give(do.PowerOn(), do.Registered(1, 300))
