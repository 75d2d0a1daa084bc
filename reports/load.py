"""What a burst or a search for a capacity found, as records: numbers, verdicts, costs. Pure."""

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Failure:
    """How many items of a burst failed for one reason."""

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
    number of the phone that waited longest, for how long, whether it came back, and how to learn
    more of it (empty: not at all); how many phones were not judged, as their worker was lost or a
    request was under way at the end.
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
    worst_story: str = ""


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
    """A burst; ``headline`` and ``headline_refused`` are empty if not given.

    Its items (``noun``, plural) are phones, extensions or consumers; each is one ``request``, and
    has been ``done``: the ``registered`` ones ended well, whatever that is.
    """

    noun: str
    request: str
    done: str
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
