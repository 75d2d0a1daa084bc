"""The phones of one engine as one core: homes, each with a registration agent and a socket.

Pure: time and randomness come in, datagrams and results go out; `side` names the home whose socket
a datagram belongs to. A phone is measured by its first registration. Once registered it refreshes
as a real one does; once refused or unanswered it stays so, since a retry would be a second attempt.
"""

import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass

from simulators.core import UDP, Address, Datagram, Entropy
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.message import Response
from simulators.sip.registration import Account, State
from simulators.sip.transaction import Timers

_NUMBER = re.compile(r"(?<![\d.])\d{3,}(?![\d.])")
_WARNING = re.compile(r'^\d{3} \S+ "(.*)"$')


@dataclass(frozen=True, slots=True)
class Registered:
    """Phone `index` got its first final 200."""

    index: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Phone `index` will not register."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A registered phone renewed in time."""

    index: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A registered phone's refresh failed."""

    index: int
    reason: str


Result = Registered | Failed | Refreshed | Lost


class Population:
    """The five verbs over many homes.

    Args:
        entropy: gives each home, by its address, a stream of its own, so that who draws first
            changes nothing.
        timers: of RFC 3261, 64 * T1 = 32 s before a request counts as unanswered.
    """

    def __init__(self, entropy: Callable[[str], Entropy], timers: Timers | None = None) -> None:
        self.retransmissions = 0
        self._entropy = entropy
        self._timers = timers or Timers()
        self._agents: dict[str, RegistrationAgent] = {}
        self._due: list[tuple[float, str]] = []
        self._armed: dict[str, float] = {}
        self._out: list[Datagram] = []
        self._results: list[Result] = []

    def settle(self, home: Address) -> None:
        """Give a home its agent; `home` is the address of its socket."""
        self._agents[home[0]] = RegistrationAgent(
            home, self._entropy(home[0]), self._timers, side=home[0]
        )

    def start(self, index: int, account: Account, now: float) -> None:
        """Phone `index`, at the home of its contact, begins to register."""
        home = account.contact[0]
        self._agents[home].register(str(index), account, now)
        self._collect(home)

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one datagram that came to the home `side`."""
        self._agents[side].receive(data, peer, now, side)
        self._collect(side)

    def handle_timer(self, now: float) -> None:
        """Retransmit, give up, refresh: whatever is due at any home."""
        while self._due and self._due[0][0] <= now:
            at, home = heapq.heappop(self._due)
            if self._armed.get(home) != at:
                continue  # armed anew meanwhile
            del self._armed[home]
            transactions = self._agents[home].transactions
            before = transactions.retransmissions  # it also counts the peer's, as they come in
            self._agents[home].handle_timer(now)
            self.retransmissions += transactions.retransmissions - before
            self._collect(home)

    def timer_at(self) -> float | None:
        """When `handle_timer` is wanted next; may be early, never late."""
        return self._due[0][0] if self._due else None

    def to_send(self) -> list[Datagram]:
        """Datagrams to send now, once."""
        out, self._out = self._out, []
        return out

    def results(self) -> list[Result]:
        """What became of phones since the last call, once."""
        results, self._results = self._results, []
        return results

    def _collect(self, home: str) -> None:
        agent = self._agents[home]
        for event in agent.events():
            if isinstance(event, RegistrationChanged):
                self._changed(agent, event)
        self._out.extend(agent.to_send())
        at = agent.timer_at()
        if at is not None and at < self._armed.get(home, float("inf")):
            self._armed[home] = at
            heapq.heappush(self._due, (at, home))

    def _changed(self, agent: RegistrationAgent, event: RegistrationChanged) -> None:
        index, refresh = int(event.key), event.before is State.REFRESHING
        if event.after is State.REGISTERED:
            self._results.append(Refreshed(index) if refresh else Registered(index))
        elif event.after in (State.REFUSED, State.TIMED_OUT):
            reason = why(event.response, self._timers.f)
            self._results.append(Lost(index, reason) if refresh else Failed(index, reason))
            agent.drop(event.key)


def why(response: Response | None, patience_s: float) -> str:
    """The kind of a failure: status and warning without the number of the single case."""
    if response is None:
        return f"no answer within {patience_s:g} s"
    if response.status in (401, 407):
        return f"{response.status}: the credentials were refused"
    warning = response.headers.get("warning")
    found = _WARNING.match(warning)
    text = (found.group(1) if found else warning) or response.reason or "no reason given"
    return f"{response.status}: {_NUMBER.sub('…', text)[:150]}"
