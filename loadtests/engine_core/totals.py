"""The whole burst, from the batches of all engines, by addition alone. Pure."""

from collections import Counter, deque
from dataclasses import dataclass, field

from loadtests.batches import Batch, Held, Waited, Wire
from loadtests.engine_core.histogram import COARSE, Histogram

CPU_WINDOW_S = 2.0
"""A generator's load is its busiest stretch of this length: a mean over a long wait hides it."""


@dataclass(slots=True)
class SecondTotal:
    """One second of the burst, over all engines."""

    started: int = 0
    registered: int = 0
    failed: int = 0
    latency: Histogram = field(default_factory=lambda: Histogram(COARSE))


@dataclass(frozen=True, slots=True)
class LostWorker:
    """An engine that was gone before its end: the generator's failure, not the system's.

    Args:
        phones: its share. started, ended: of these, as far as it had told.
    """

    worker: int
    phones: int
    started: int
    ended: int
    why: str

    def __str__(self) -> str:
        return (
            f"worker {self.worker} was lost, with {self.phones} items, of which {self.started} had "
            f"started and {self.ended} ended ({self.why}); what became of the others is not known"
        )


@dataclass(slots=True)
class Totals:
    """Everything that the engines said so far; fields as in `Batch`."""

    started: int = 0
    registered: int = 0
    failed: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    latency: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)
    back: Histogram = field(default_factory=Histogram)
    worst: Waited | None = None
    seconds: dict[int, SecondTotal] = field(default_factory=dict)
    retransmissions: int = 0
    send_errors: int = 0
    drops: int = 0
    wire: Wire = field(default_factory=Wire)
    cpu_s: float = 0.0
    """Processor time of all engines, from the first start on."""
    refreshed: int = 0
    lost: int = 0
    finished: set[int] = field(default_factory=set)
    held: Held = field(default_factory=Held)
    """What the phones of all engines that told their end hold."""
    lost_workers: dict[int, LostWorker] = field(default_factory=dict)
    _started: Counter[int] = field(default_factory=Counter)
    _ended: Counter[int] = field(default_factory=Counter)
    _wires: dict[int, Wire] = field(default_factory=dict)
    cpu_percent: float | None = None
    """Of one core, the busiest engine's busiest stretch; None before the first whole one."""
    _windows: dict[int, deque[tuple[float, float]]] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """Merge one batch; order between engines does not matter."""
        self.started += batch.started
        self._started[batch.worker] += batch.started
        self._ended[batch.worker] += batch.registered + batch.failed
        self.registered += batch.registered
        self.failed += batch.failed
        self.failures.update(batch.failures)
        self.latency.add(batch.latency)
        self.lag.add(batch.lag)
        self.back.add(batch.back)
        worst = batch.worst
        if worst is not None and (self.worst is None or worst.badness > self.worst.badness):
            self.worst = worst
        for at, second in batch.seconds.items():
            total = self.seconds.setdefault(at, SecondTotal())
            total.started += second.started
            total.registered += second.registered
            total.failed += second.failed
            total.latency.add(second.latency)
        self.retransmissions += batch.retransmissions
        self.send_errors += batch.send_errors
        self.drops += batch.drops
        self.wire = self.wire.plus(batch.wire)
        self._wires[batch.worker] = self._wires.get(batch.worker, Wire()).plus(batch.wire)
        self.cpu_s += batch.cpu_s
        self.refreshed += batch.refreshed
        self.lost += batch.lost
        if batch.held is not None:
            self.held = self.held.plus(batch.held)
        if batch.final:
            self.finished.add(batch.worker)
        self._load(batch)

    @property
    def unheard(self) -> list[int]:
        """Workers that sent, and to which nothing came back; none of those that were lost."""
        return sorted(
            worker
            for worker, wire in self._wires.items()
            if worker not in self.lost_workers
            and (wire.sent or wire.connections)
            and not (wire.received or wire.tls_received_octets)
        )

    def lose(self, worker: int, phones: int, why: str) -> None:
        """An engine with so many items is gone; nothing happens if it had ended, or is lost."""
        if worker not in self.finished and worker not in self.lost_workers:
            self.lost_workers[worker] = LostWorker(
                worker, phones, self._started[worker], self._ended[worker], why
            )

    @property
    def known(self) -> int:
        """Items of which the engines have told that they began, or that were lost with one."""
        lost = self.lost_workers.values()
        return self.started + sum(worker.phones - worker.started for worker in lost)

    def _load(self, batch: Batch) -> None:
        window = self._windows.setdefault(batch.worker, deque())
        window.append((batch.elapsed_s, batch.cpu_s))
        while sum(elapsed for elapsed, _ in window) - window[0][0] >= CPU_WINDOW_S:
            window.popleft()
        elapsed_s = sum(elapsed for elapsed, _ in window)
        whole = elapsed_s >= CPU_WINDOW_S or (batch.final and self.cpu_percent is None)
        if whole and elapsed_s > 0:
            percent = 100 * sum(cpu for _, cpu in window) / elapsed_s
            self.cpu_percent = max(self.cpu_percent or 0.0, percent)
