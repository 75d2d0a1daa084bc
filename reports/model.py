"""The values of a run: what the run folder says, typed. No reading and no judgement here.

All records are frozen. Texts are cleaned (see ``text.clean``) and masked by whoever wrote the
folder; times are aware; durations are seconds.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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


class LevelState(StrEnum):
    """What became of a service level."""

    HELD = "held"
    BROKEN = "broken"
    NOT_JUDGED = "not judged"


class CapacityKind(StrEnum):
    """What a search for the capacity found."""

    FOUND = "found"
    AT_LEAST = "at least"
    BELOW = "below"
    NOT_JUDGED = "not judged"


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
class Failure:
    """How many registrations of a burst failed for one reason."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Latency from the scheduled time, in milliseconds; None where nothing was measured."""

    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    p99_9: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One interval of a burst: counts of the interval that begins ``t_s`` after the start."""

    t_s: float
    started: int
    registered: int
    failed: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class Generator:
    """The load generator's own condition; None where it was not measured.

    ``send_errors`` are datagrams that could not be sent, ``drops`` those without room in a socket.
    """

    cpu_percent: float | None
    lag_p99_ms: float | None
    retransmissions: int | None
    send_errors: int | None = None
    drops: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A service level, what was measured, and what follows; ``reason`` where it was not judged."""

    level: str
    actual: str
    state: LevelState
    reason: str


@dataclass(frozen=True, slots=True)
class Harmed:
    """One of those that harm happened to: the phone's number, None where it is no phone's."""

    phone: int | None
    extension: str


@dataclass(frozen=True, slots=True)
class Harm:
    """One kind of lasting harm of a storm; ``count`` is None where it is not known, ``who`` names
    a handful.
    """

    name: str
    what: str
    count: int | None
    who: tuple[Harmed, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovery:
    """The verdict on a storm: seconds until 99 % and all phones were back, None for never; the
    number of the phone that waited longest, for how long, and whether it came back; how many phones
    were not judged, as their worker was lost or a request was under way at the end.
    """

    verdict: str
    whole: bool
    back_99_percent_s: float | None
    back_all_s: float | None
    worst_phone: int | None
    worst_waited_s: float | None
    worst_back: bool
    harm: tuple[Harm, ...]
    unknown: int = 0
    under_way: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one attempted phone cost: octets, microseconds; None where it was not measured.

    ``octets`` are those of SIP (``octets_sent``, ``octets_received``) and of TLS together.
    """

    octets: float | None
    octets_sent: float | None
    octets_received: float | None
    octets_on_wire: float | None
    datagrams_sent: float | None
    datagrams_received: float | None
    tls_octets_sent: float | None
    tls_octets_received: float | None
    tls_connections: float | None
    generator_cpu_us: float | None
    target_cpu_us: float | None
    target_memory_octets: float | None


@dataclass(frozen=True, slots=True)
class Burst:
    """A burst of registrations; ``headline`` and ``headline_refused`` are empty if not given."""

    phones: int
    rate_per_s: float
    workers: int
    engine: str
    scheduled_s: float
    attempted: int
    registered: int
    failed: int
    failures: tuple[Failure, ...]
    latency_ms: Latency
    series: tuple[Sample, ...]
    generator: Generator
    headline: str
    headline_refused: str
    levels: tuple[Level, ...] = ()
    recovery: Recovery | None = None
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class CapacityBurst:
    """One burst of a search; ``within`` is the share of its items (0 to 1) that came in time."""

    number: int
    search: int
    rate_per_s: float
    phones: int
    state: LevelState
    registered: int
    within: float
    latency_ms: Latency
    folder: str
    reason: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """A search for the highest rate that holds the levels; the interval is None if not known.

    Args:
        noun, done: what its items are, and what one is that ended well: ``phones``, ``booted``.
        target: what bursts met, in words; ``fresh`` where each one met a target of its own.
    """

    measure: str
    levels: tuple[str, ...]
    from_per_s: float
    to_per_s: float
    repeats: int
    seconds_per_burst: float
    kind: CapacityKind
    sentence: str
    rate_per_s: float
    low_per_s: float | None
    high_per_s: float | None
    confidence: float | None
    limit: str
    bursts: tuple[CapacityBurst, ...]
    noun: str = "phones"
    done: str = "registered"
    target: str = ""
    fresh: bool = True


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
