"""The arithmetic of the bench: rounds, ratios, and when a figure deserves no headline. Pure.

Ours and the peer take turns, so that what disturbs the machine meets both. The headline is the
median of the rounds' ratios, with the lowest and the highest beside it.
"""

from dataclasses import dataclass, field
from enum import Enum
from statistics import median

BUSY = 0.9
"""A process that uses this share of a core is taken to be what limits the rate."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side did in one round.

    Args:
        count: operations, or octets.
        elapsed_s: how long they took.
        server_cpu_s, generator_cpu_s: processor time that the measured process and the
            generator used meanwhile.
        failed: operations that went wrong; they are not in `count`.
    """

    count: float
    elapsed_s: float
    server_cpu_s: float
    generator_cpu_s: float
    failed: int = 0

    @property
    def rate(self) -> float:
        """Operations (or octets) per second."""
        return self.count / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def cpu_per_operation_s(self) -> float:
        """Processor time of the measured process for one operation."""
        return self.server_cpu_s / self.count if self.count else 0.0

    @property
    def generator_bound(self) -> bool:
        """Whether the generator limited the rate: it was busier than a server that had room."""
        if self.elapsed_s <= 0:
            return True
        server, generator = (
            self.server_cpu_s / self.elapsed_s,
            self.generator_cpu_s / self.elapsed_s,
        )
        return server < BUSY and generator >= server


class Of(Enum):
    """What a figure's ratio compares."""

    RATE = "operations per second"
    CPU = "processor time per operation"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured on both sides.

    Args:
        name: such as `GET one device`; unit: such as `calls/s`.
        scale: divides a rate for showing, such as 1e6 for MB/s.
        aim: the ratio to be reached, where there is one.
        of: what the ratio compares. Processor time per operation is known also where the
            generator limits the rate.
        rounds: (ours, peer), in order.
        facts: further numbers of ours, by name.
        skipped: why there is no peer, or nothing at all.
    """

    name: str
    unit: str
    peer: str
    scale: float = 1.0
    aim: float | None = None
    of: Of = Of.RATE
    rounds: tuple[tuple[Side, Side], ...] = ()
    facts: dict[str, float] = field(default_factory=dict)
    skipped: str = ""

    @property
    def ratios(self) -> list[float]:
        """Ours by the peer's, a number for each round in which both did something."""
        measures = [(self._measure(ours), self._measure(peer)) for ours, peer in self.rounds]
        return [ours / peer for ours, peer in measures if ours and peer]

    @property
    def refused(self) -> str:
        """Why there is no headline; "" when there is one."""
        if self.skipped:
            return self.skipped
        sides = [("ours", [o for o, _ in self.rounds]), (self.peer, [p for _, p in self.rounds])]
        reasons = []
        for name, rounds in sides:
            if not rounds or not all(side.rate for side in rounds):
                reasons.append(f"{name}: a round without a single operation")
            elif failed := sum(side.failed for side in rounds):
                reasons.append(f"{name}: {failed} operations failed")
            elif self.of is Of.RATE and 2 * sum(side.generator_bound for side in rounds) > len(
                rounds
            ):
                reasons.append(f"{name}: the generator was the bottleneck")
        return "; ".join(reasons)

    @property
    def failed(self) -> bool:
        """Whether something went wrong; a saturated generator or a missing peer is no failure."""
        sides = [side for pair in self.rounds for side in pair]
        return not self.skipped and (not sides or any(s.failed or not s.rate for s in sides))

    @property
    def headline(self) -> str:
        """`2.10 times the peer's ... (1.95 .. 2.31 in 5 rounds)`, or why there is none."""
        if self.refused:
            return f"no headline: {self.refused}"
        low, middle, high = spread(self.ratios)
        return (
            f"{middle:.2f} times the peer's {self.of.value} "
            f"({low:.2f} .. {high:.2f} in {len(self.rounds)} rounds)"
        )

    def document(self) -> dict[str, object]:
        """The figure for bench.json; rates are in `unit`."""
        return {
            "name": self.name,
            "unit": self.unit,
            "peer": self.peer,
            "ratio_of": self.of.value,
            "headline": None if self.refused else spread(self.ratios)[1],
            "headline_refused": self.refused or None,
            "ratio_min_median_max": list(spread(self.ratios)) if self.ratios else None,
            "aim": self.aim,
            "ours": self._side([ours for ours, _ in self.rounds]),
            "peer_side": self._side([peer for _, peer in self.rounds]),
            "facts": self.facts,
        }

    def _measure(self, side: Side) -> float:
        return side.rate if self.of is Of.RATE else side.cpu_per_operation_s

    def _side(self, rounds: list[Side]) -> dict[str, object] | None:
        if not rounds:
            return None
        return {
            "rates": [round(side.rate / self.scale, 3) for side in rounds],
            "median_rate": round(median_rate(rounds) / self.scale, 3),
            "median_cpu_per_operation_s": median(side.cpu_per_operation_s for side in rounds),
            "server_busy": [_share(side.server_cpu_s, side) for side in rounds],
            "generator_busy": [_share(side.generator_cpu_s, side) for side in rounds],
            "failed": sum(side.failed for side in rounds),
        }


def spread(values: list[float]) -> tuple[float, float, float]:
    """Lowest, median, highest of at least one value."""
    return min(values), median(values), max(values)


def median_rate(rounds: list[Side]) -> float:
    """The median of the rounds' rates."""
    return median(side.rate for side in rounds)


def _share(cpu_s: float, side: Side) -> float:
    return round(cpu_s / side.elapsed_s, 2) if side.elapsed_s > 0 else 0.0
