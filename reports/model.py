"""The values of a run: what the run folder says, typed. No reading and no judgement here.

All records are frozen. Texts are cleaned (see ``text.clean``) and masked by whoever wrote the
folder; times are aware; durations are seconds.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reports.load import Burst, Capacity


class RunKind(StrEnum):
    """What was run."""

    DEMO = "demo"
    FEATURES = "features"
    BURST = "burst"
    CAPACITY = "capacity"


class RunOutcome(StrEnum):
    """What the run says of itself."""

    PASS = "pass"
    FAIL = "fail"


class RoleKind(StrEnum):
    """Who played a role."""

    SIMULATED = "simulated"
    OURS = "ours"
    EXTERNAL = "external"


class Outcome(StrEnum):
    """Verdict on a scenario; what each means is in reports/README.md."""

    PASS = "pass"
    FAIL = "fail"
    WARNING = "warning"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    NOT_APPLICABLE = "not applicable"


BROKEN = frozenset({Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE})
"""Verdicts with which no run passes; whether a warning does is a matter of the run's profile."""


class StepOutcome(StrEnum):
    """Verdict of a step."""

    PASS = "pass"
    FAIL = "fail"
    NOT_RUN = "not run"


class Transport(StrEnum):
    """What carried an entry; ``-`` for a note."""

    UDP = "UDP"
    TCP = "TCP"
    TLS = "TLS"
    NONE = "-"


class Protocol(StrEnum):
    """What an entry speaks; ``event`` is a note and no message."""

    SIP = "SIP"
    REST = "REST"
    HTTP = "HTTP"
    OAI = "OAI"
    TCP = "TCP"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Role:
    """One role of the run, who played it and where (address, version or command)."""

    role: str
    kind: RoleKind
    where: str


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone of the estate as it stood when the run ended."""

    mac: str
    model: str
    name: str
    extension: str
    home: str
    state: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a scenario; ``error`` is empty unless it failed."""

    keyword: str
    text: str
    outcome: StepOutcome
    duration_s: float
    error: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What stood against a pass: ids, how binding they are (MUST, SHOULD), what was expected and
    what came; ``entries`` are numbers of messages that show it.
    """

    requirements: tuple[str, ...]
    level: str
    expected: str
    actual: str
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One message on the wire, or a note on the lifeline of ``sender``."""

    seq: int
    time: datetime
    sender: str
    receiver: str
    transport: Transport
    source: str
    destination: str
    protocol: Protocol
    summary: str
    detail: str

    @property
    def is_note(self) -> bool:
        """Whether this is something that happened at one role rather than a message."""
        return self.protocol is Protocol.EVENT or self.sender == self.receiver


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario with its steps and its part of the journal, in the order of ``seq``."""

    id: str
    feature: str
    name: str
    tags: tuple[str, ...]
    outcome: Outcome
    reason: str
    started: datetime
    duration_s: float
    steps: tuple[Step, ...]
    entries: tuple[Entry, ...]
    finding: Finding | None = None

    @property
    def shown_by(self) -> tuple[Entry, ...]:
        """The messages that the finding points at."""
        wanted = set(self.finding.entries) if self.finding else set()
        return tuple(entry for entry in self.entries if entry.seq in wanted)

    @property
    def is_negative(self) -> bool:
        """Whether this is a negative control."""
        return "negative" in self.tags


@dataclass(frozen=True, slots=True)
class Planted:
    """A defect that was planted in a role; the checks of these requirements had to catch it."""

    name: str
    role: str
    ids: tuple[str, ...]
    sentence: str
    caught: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run folder; ``fingerprint`` is the SHA-256 (hex) over every file that was read."""

    kind: RunKind
    title: str
    seed: str
    started: datetime
    finished: datetime
    outcome: RunOutcome
    command: str
    roles: tuple[Role, ...]
    facts: tuple[tuple[str, str], ...]
    phones: tuple[Phone, ...]
    scenarios: tuple[Scenario, ...]
    burst: Burst | None
    fingerprint: str
    planted: tuple[Planted, ...] = ()
    capacity: Capacity | None = None

    @property
    def duration_s(self) -> float:
        """Length of the run, in seconds."""
        return (self.finished - self.started).total_seconds()

    @property
    def proves(self) -> bool:
        """Whether requirements are its subject: a burst or a search plays no scenarios."""
        return bool(self.scenarios) or self.kind in (RunKind.DEMO, RunKind.FEATURES)
