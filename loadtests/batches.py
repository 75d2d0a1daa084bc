"""What an engine reports every half second, as a JSON line, and in the words of Locust.

A batch holds what happened since the one before, so batches of any number of engines are merged by
addition. Locust's own statistics take it as one `StatsEntry`; they know whole milliseconds only,
so the HDR histograms travel beside.
"""

from dataclasses import astuple, dataclass, field
from operator import add, sub
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, ValidationError

from loadtests.engine_core.histogram import NOTHING, Encoded
from loadtests.errors import GeneratorError
from loadtests.machines.clocks import Clock
from simulators.bitmaps import pack, unpack


def _numbers(value: object) -> frozenset[int]:
    if not isinstance(value, str):
        raise ValueError("expected a bitmap as text")
    return unpack(value)


Numbers = Annotated[frozenset[int], BeforeValidator(_numbers), PlainSerializer(pack)]
"""Numbers of items; in JSON a bitmap (`simulators.bitmaps`)."""


@dataclass(frozen=True, slots=True)
class Second:
    """What happened in one second of the burst; `latency` (coarse) is of those registered in it."""

    started: int = 0
    registered: int = 0
    failed: int = 0
    latency: Encoded = NOTHING


@dataclass(frozen=True, slots=True)
class Wire:
    """What went over the sockets of phones or other items, as they saw it.

    Args:
        sent, received: datagrams of SIP, with their octets (without the 28 of IPv4 and UDP).
        connections: of TLS, that were begun; with the octets of all their records: handshakes,
            HTTP, alerts (without those of TCP and IP).
    """

    sent: int = 0
    sent_octets: int = 0
    received: int = 0
    received_octets: int = 0
    connections: int = 0
    tls_sent_octets: int = 0
    tls_received_octets: int = 0

    def plus(self, other: "Wire") -> "Wire":
        """Both together."""
        return Wire(*map(add, astuple(self), astuple(other)))

    def minus(self, other: "Wire") -> "Wire":
        """What came after `other`."""
        return Wire(*map(sub, astuple(self), astuple(other)))


NOTHING_SENT = Wire()


@dataclass(frozen=True, slots=True)
class Waited:
    """A phone by its number, how long it waited from its moment on, and whether it is back."""

    phone: int
    waited_s: float
    back: bool

    @property
    def badness(self) -> tuple[bool, float]:
        """What never came back is worse than any wait."""
        return not self.back, self.waited_s


@dataclass(frozen=True, slots=True)
class Held:
    """What phones hold at the end, by their own word.

    Args:
        phones: of which this tells; an engine's share.
        registered: those that hold a registration under their own extension.
        under_way: those with a request that has no answer yet: it may be entered there or not.
        guests: those that are registered under another one, as a hot desk: {number: extension}.
    """

    phones: Numbers = frozenset()
    registered: Numbers = frozenset()
    under_way: Numbers = frozenset()
    guests: dict[int, str] = field(default_factory=dict)

    def plus(self, other: "Held") -> "Held":
        """Both together; they are of different phones."""
        return Held(
            self.phones | other.phones,
            self.registered | other.registered,
            self.under_way | other.under_way,
            self.guests | other.guests,
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Half a second of one engine.

    Args:
        worker: which engine, from 0.
        wall_s: when it was taken, Unix time.
        elapsed_s, cpu_s: time since the batch before, and the processor time used in it.
        started, registered, failed: phones.
        failures: why, with counts; their sum is `failed`.
        latency: from scheduled start to final 200, of the registered, fine.
        lag: how late each start was fired, fine.
        back: when phones were registered, from the beginning of the burst on, fine.
        worst: who waited longest of those that ended.
        seconds: the same by second of the burst.
        response_ms: {rounded latency: count} of all that ended, registered or not.
        response_total_ms, response_min_ms, response_max_ms: of the same.
        retransmissions: requests sent again (RFC 3261 timer E), which are no new requests.
        send_errors: datagrams that the system refused to send.
        drops: datagrams that came and found no room in a home's socket; said in the final one.
        wire: what went over the items' sockets.
        refreshed, lost: later refreshes that succeeded, and registered phones whose refresh failed.
        final: the engine's last one.
        held: what its phones hold; in the final one, of scenarios about phones.
    """

    worker: int
    wall_s: int
    elapsed_s: float
    cpu_s: float
    started: int = 0
    registered: int = 0
    failed: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    latency: Encoded = NOTHING
    lag: Encoded = NOTHING
    back: Encoded = NOTHING
    worst: Waited | None = None
    seconds: dict[int, Second] = field(default_factory=dict)
    response_ms: dict[int, int] = field(default_factory=dict)
    response_total_ms: int = 0
    response_min_ms: int | None = None
    response_max_ms: int = 0
    retransmissions: int = 0
    send_errors: int = 0
    drops: int = 0
    wire: Wire = NOTHING_SENT
    refreshed: int = 0
    lost: int = 0
    final: bool = False
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One line between engine, Locust and the command.

    Exactly one field is set, and `worker` beside it where one is meant.

    Args:
        ready: engine `worker` has opened its sockets; what it runs on, in words.
        go: when the first moment is, Unix time.
        batch: see there.
        lost: engine `worker` is gone, and why; the others go on.
        problem: one sentence; the run can't go on.
        locust: what Locust's own statistics hold at the end.
        share: items of engine `worker`; beside `ready`.
        surplus: a Locust user that began at this Unix time finds no item left in the share of
            engine `worker`.
        clock: that of the machine of engine `worker`, beside the master's.
    """

    ready: str | None = None
    worker: int | None = None
    go: float | None = None
    lost: str | None = None
    batch: Batch | None = None
    problem: str | None = None
    locust: dict[str, int | str] | None = None
    share: int | None = None
    surplus: float | None = None
    clock: Clock | None = None


_MESSAGE = TypeAdapter(Message)


def to_line(message: Message) -> bytes:
    """One JSON line, with its end."""
    return _MESSAGE.dump_json(message, exclude_none=True) + b"\n"


def from_line(line: bytes | str) -> Message:
    """Read one line.

    Raises:
        GeneratorError: it is no message, and the sender therefore broken.
    """
    try:
        return _MESSAGE.validate_json(line)
    except ValidationError as error:
        shown = line[:100]
        raise GeneratorError(f"expected a message of the load engine, got {shown!r}") from error


def bucket_ms(latency_ms: float) -> int:
    """Round as Locust does: 1 ms below 100, 10 below 1000, 100 below 10,000, else 1000."""
    for limit, step in ((100, 1), (1000, 10), (10_000, 100)):
        if latency_ms < limit:
            return round(latency_ms / step) * step
    return round(latency_ms / 1000) * 1000


def stats_entry(batch: Batch, name: str, method: str) -> dict[str, object]:
    """The batch as `locust.stats.StatsEntry.unserialize` takes it, under that name.

    A request there is an item that ended, however many messages it took.
    """
    ended = batch.registered + batch.failed
    return {
        "name": name,
        "method": method,
        "last_request_timestamp": float(batch.wall_s),
        "start_time": batch.wall_s - batch.elapsed_s,
        "num_requests": ended,
        "num_none_requests": 0,
        "num_failures": batch.failed,
        "total_response_time": batch.response_total_ms,
        "max_response_time": batch.response_max_ms,
        "min_response_time": batch.response_min_ms,
        "total_content_length": 0,
        "response_times": batch.response_ms,
        "num_reqs_per_sec": {batch.wall_s: ended},
        "num_fail_per_sec": {batch.wall_s: batch.failed} if batch.failed else {},
    }
