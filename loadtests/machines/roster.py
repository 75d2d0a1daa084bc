"""Which Locust workers take part in a burst, and which share of the items each has. Pure.

A worker says hello when it is ready to be told something. Shares are dealt when a test starts, so
that a worker which was ended and started again before it has one like any other.
"""

from dataclasses import dataclass

from loadtests.machines.sources import parse_sources
from simulators.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Hello:
    """What a worker says of itself.

    Args:
        mark: of its copy of the plan; see `plan_folder.mark`.
        source: the addresses for its homes, as it was given them; "" for 127.homes.x.y.
    """

    mark: str
    source: str = ""


class Roster:
    """The workers of a master.

    Args:
        workers: how many the plan has.
        mark: of the master's plan.
        one_machine: they are forks of the master's command, and share its addresses.
    """

    def __init__(self, workers: int, mark: str, *, one_machine: bool) -> None:
        self._workers, self._mark, self._one_machine = workers, mark, one_machine
        self._members: dict[str, Hello] = {}
        self._numbers: dict[str, int] = {}

    def hello(self, node: str, said: Hello) -> str:
        """A worker has come; why it can't take part, or "". Saying hello twice changes nothing."""
        if node in self._members:
            return ""
        why = self._why_not(said)
        if not why:
            self._members[node] = said
        return why

    def keep(self, present: set[str]) -> None:
        """Only these are still there; their shares stay theirs."""
        self._members = {node: said for node, said in self._members.items() if node in present}

    @property
    def missing(self) -> int:
        """How many have yet to come."""
        return self._workers - len(self._members)

    def deal(self) -> dict[str, int]:
        """A test starts: the share of each, from 0, in the order in which they came."""
        assert not self.missing, "a share for each worker, and a worker for each share"
        self._numbers = {node: number for number, node in enumerate(self._members)}
        return dict(self._numbers)

    def collect(self) -> None:
        """The test is over: nobody has a share."""
        self._numbers = {}

    @property
    def dealt(self) -> dict[str, int]:
        """{worker: share} of the running test, of those that are gone, too."""
        return dict(self._numbers)

    def _why_not(self, said: Hello) -> str:
        if said.mark != self._mark:
            return (
                "its plan is another one than the master's: copy the folder of the plan anew, or "
                "give the right one with --plan"
            )
        if not self.missing:
            return (
                f"the plan has {self._workers} workers, and they are all here: start no more, or "
                "make a plan with more (python -m loadtests target --workers)"
            )
        if self._one_machine:
            return ""
        try:
            mine = parse_sources(said.source) if said.source else None
            others = [parse_sources(one.source) for one in self._members.values() if one.source]
        except ConfigurationError as error:
            return str(error)
        taken = [one for one in others if mine is not None and one.overlaps(mine)]
        if taken:
            return (
                f"another worker has addresses of its --source {said.source} ({taken[0]}): give "
                "each worker addresses of its own"
            )
        return ""
