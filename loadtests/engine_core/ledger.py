"""The engine's books: every start and every end is entered once and handed out in batches. Pure.

Moments are seconds since the burst began. Latency runs from the moment at which a phone was to
start, not from when the engine got round to it, so a late engine cannot make a target look fast.
"""

from collections import Counter
from dataclasses import dataclass, field

from loadtests.batches import NOTHING_SENT, Batch, Held, Second, Waited, Wire, bucket_ms
from loadtests.engine_core.histogram import COARSE, Histogram

MOST_REASONS = 40
OTHER = "other reasons"


@dataclass(slots=True)
class _Second:
    started: int = 0
    registered: int = 0
    failed: int = 0
    latency: Histogram = field(default_factory=lambda: Histogram(COARSE))


class Ledger:
    """Results of one engine since the last batch; `take` closes a batch."""

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._reasons: set[str] = set()
        self.open = 0
        """Phones that have started and not ended."""
        self._clear()

    def started(self, due_s: float, at_s: float) -> None:
        """A phone that was to start at `due_s` was started at `at_s`."""
        self.open += 1
        self._started += 1
        self._lag.record(at_s - due_s)
        self._second(at_s).started += 1

    def registered(self, due_s: float, at_s: float, phone: int | None = None) -> None:
        """The final 200 came; `phone` is its number, so that the worst one can be named."""
        self._ended(due_s, at_s)
        self._waited(phone, at_s - due_s, back=True)
        self._back.record(at_s)
        self._registered += 1
        second = self._second(at_s)
        second.registered += 1
        self._latency.record(at_s - due_s)
        second.latency.record(at_s - due_s)

    def failed(self, due_s: float, at_s: float, reason: str, phone: int | None = None) -> None:
        """The phone will not register, for `reason` (a kind of failure, not a single case)."""
        self._ended(due_s, at_s)
        self._waited(phone, at_s - due_s, back=False)
        if reason not in self._reasons and len(self._reasons) >= MOST_REASONS:
            reason = OTHER
        self._reasons.add(reason)
        self._failures[reason] += 1
        self._second(at_s).failed += 1

    def refreshed(self) -> None:
        """A registered phone renewed its registration."""
        self._refreshed += 1

    def lost(self) -> None:
        """A registered phone's refresh failed."""
        self._lost += 1

    def take(
        self,
        *,
        wall_s: float,
        elapsed_s: float,
        cpu_s: float,
        retransmissions: int = 0,
        send_errors: int = 0,
        drops: int = 0,
        wire: Wire = NOTHING_SENT,
        final: bool = False,
        held: Held | None = None,
    ) -> Batch:
        """Hand out what happened since the last call, once; all arguments are of that time."""
        batch = Batch(
            worker=self._worker,
            wall_s=int(wall_s),
            elapsed_s=elapsed_s,
            cpu_s=cpu_s,
            started=self._started,
            registered=self._registered,
            failed=self._failures.total(),
            failures=dict(self._failures),
            latency=self._latency.encode(),
            lag=self._lag.encode(),
            back=self._back.encode(),
            worst=self._worst,
            seconds={
                at: Second(row.started, row.registered, row.failed, row.latency.encode())
                for at, row in self._seconds.items()
            },
            response_ms=dict(self._response_ms),
            response_total_ms=round(self._response_total_ms),
            response_min_ms=self._response_min_ms,
            response_max_ms=self._response_max_ms,
            retransmissions=retransmissions,
            send_errors=send_errors,
            drops=drops,
            wire=wire,
            refreshed=self._refreshed,
            lost=self._lost,
            final=final,
            held=held,
        )
        self._clear()
        return batch

    def _clear(self) -> None:
        self._started = self._registered = self._refreshed = self._lost = 0
        self._failures: Counter[str] = Counter()
        self._latency, self._lag, self._back = Histogram(), Histogram(), Histogram()
        self._worst: Waited | None = None
        self._seconds: dict[int, _Second] = {}
        self._response_ms: Counter[int] = Counter()
        self._response_total_ms = 0.0
        self._response_min_ms: int | None = None
        self._response_max_ms = 0

    def _ended(self, due_s: float, at_s: float) -> None:
        self.open -= 1
        ms = max(0.0, (at_s - due_s) * 1000)
        whole = round(ms)
        self._response_ms[bucket_ms(ms)] += 1
        self._response_total_ms += ms
        least = self._response_min_ms
        self._response_min_ms = whole if least is None else min(least, whole)
        self._response_max_ms = max(self._response_max_ms, whole)

    def _waited(self, phone: int | None, waited_s: float, *, back: bool) -> None:
        if phone is not None:
            this = Waited(phone, waited_s, back)
            if self._worst is None or this.badness > self._worst.badness:
                self._worst = this

    def _second(self, at_s: float) -> _Second:
        return self._seconds.setdefault(max(0, int(at_s)), _Second())
