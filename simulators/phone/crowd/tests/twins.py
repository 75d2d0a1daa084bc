"""A line of the crowd and a `RegistrationAgent`, given the same answers at the same times.

The agent's randomness is what the crowd makes its identifiers from, so both must say the same
octets; what they say and when, and where they stand, is compared.
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.phone.crowd.crowd import Crowd
from simulators.sip.agent import RegistrationAgent
from simulators.sip.message import Request, parse
from simulators.sip.registration import Account, State

REGISTRAR = ("127.20.0.10", 5060)
HOME = ("127.30.0.2", 5060)
SALT = bytes.fromhex("a1b2c3d4")
INDEX = 4711


def account(**changed: object) -> Account:
    values: dict[str, object] = {
        "registrar": REGISTRAR,
        "domain": REGISTRAR[0],
        "username": "tw2101",
        "auth_username": "tw2101",
        "password": 'p"w\\1',
        "contact": HOME,
    }
    return Account(**values | changed)  # type: ignore[arg-type]


class SameWords:
    """Randomness for the agent: the identifiers that the crowd gives its line, in its order."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._requests = 0
        self._begun: set[int] = set()

    def __call__(self, octets: int) -> bytes:
        line = self._crowd.lines[INDEX]
        following = f"{self._requests + 1 & 0xFFFF:04x}"
        if octets in (4, 8) and octets not in self._begun:  # the first ones: tag and Call-ID
            self._begun.add(octets)
            return bytes.fromhex(line.tag if octets == 4 else line.call_key)
        if octets == 4:
            return SALT  # tags of answers
        if octets == 8:
            return bytes.fromhex(f"{INDEX:06x}{following}{SALT.hex()[:6]}")
        self._requests += 1
        return bytes.fromhex(f"{SALT.hex()}{INDEX:06x}{following}")


@dataclass(frozen=True)
class Said:
    """Octets, when they were said, and to whom."""

    at: float
    data: bytes
    to: tuple[str, int]


class Twins:
    """Both, at the same time of day."""

    def __init__(self, asked: Account) -> None:
        self.now = 0.0
        self.crowd = Crowd(lambda n: SALT[:n], retries=True)
        self.crowd.settle(HOME)
        self.crowd.start(INDEX, asked, 0.0)
        self.agent = RegistrationAgent(HOME, SameWords(self.crowd), side=HOME[0])
        self.agent.register("line", asked, 0.0)
        self.said: tuple[list[Said], list[Said]] = ([], [])
        self.collect()

    @property
    def states(self) -> tuple[State, State]:
        """Of the line, and of the agent's registration."""
        return self.crowd.state(INDEX), self.agent.registrations["line"].state

    @property
    def latest(self) -> Request:
        """The crowd's latest request."""
        request = parse(self.said[0][-1].data)
        assert isinstance(request, Request)
        return request

    def answer(self, make: Callable[[Request], bytes]) -> None:
        """Give both an answer to the latest request."""
        self.hear(make(self.latest))

    def hear(self, data: bytes) -> None:
        """Give both the same octets."""
        self.crowd.receive(data, REGISTRAR, self.now, HOME[0])
        self.agent.receive(data, REGISTRAR, self.now, HOME[0])
        self.collect()

    def stop(self) -> None:
        """Let both take their registration back."""
        self.crowd.stop(INDEX, self.now)
        self.agent.unregister("line", self.now)
        self.collect()

    def wait(self, seconds: float) -> None:
        """Let time go by for both, each timer at its moment."""
        end = self.now + seconds
        cores: tuple[Crowd | RegistrationAgent, ...] = (self.crowd, self.agent)
        for core, said in zip(cores, self.said, strict=True):
            while (at := core.timer_at()) is not None and at <= end:
                core.handle_timer(at)
                said += _said(core, at)
        self.now = end

    def collect(self) -> None:
        """Take what both have to say."""
        cores: tuple[Crowd | RegistrationAgent, ...] = (self.crowd, self.agent)
        for core, said in zip(cores, self.said, strict=True):
            said += _said(core, self.now)


def _said(core: Crowd | RegistrationAgent, at: float) -> list[Said]:
    if isinstance(core, Crowd):
        return [Said(at, data, to) for data, to, _ in core.to_send()]
    return [Said(at, d.data, d.to) for d in core.to_send()]
