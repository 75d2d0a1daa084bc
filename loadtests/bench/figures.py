"""The arithmetic of the bench: rounds, ratios, and when a figure deserves no headline. Pure.

Ours and the peer take turns, so that what disturbs the machine meets both. The headline is the
median of the rounds' ratios, with the lowest and the highest beside it.
"""

from dataclasses import dataclass, field
from enum import Enum
from statistics import median

from loadtests.bench.aims import Aim

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
        busiest_cpu_s: of several measured processes, that of the one which used most; else 0.
    """

    count: float
    elapsed_s: float
    server_cpu_s: float
    generator_cpu_s: float
    failed: int = 0
    busiest_cpu_s: float = 0.0

    @property
    def rate(self) -> float:
        """Operations (or octets) per second."""
        return self.count / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def cpu_per_operation_s(self) -> float:
        """Processor time of the measured process for one operation."""
        return self.server_cpu_s / self.count if self.count else 0.0

    @property
    def per_busiest_second(self) -> float:
        """Operations, of all processes, for a second of the busiest one's processor time.

        As many as there would be in a second if it had a core for itself, and so had each other.
        """
        busiest = self.busiest_cpu_s or self.server_cpu_s
        return self.count / busiest if busiest else 0.0

    @property
    def generator_bound(self) -> bool:
        """Whether the generator limited the rate: it was busier than a server that had room."""
        if self.elapsed_s <= 0:
            return True
        busiest = self.busiest_cpu_s or self.server_cpu_s
        server, generator = busiest / self.elapsed_s, self.generator_cpu_s / self.elapsed_s
        return server < BUSY and generator >= server


class Of(Enum):
    """What a figure's ratio compares; the value says it, and in which unit ours and peer are."""

    RATE = "operations per second"
    CPU = "processor time per operation"
    BUSIEST = "operations per second of the busiest process's processor time"
    TIME = "time"
    VALUE = "a number of ours alone"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured on both sides.

    Args:
        name: such as `GET one device`; unit: such as `calls/s`.
        scale: divides a rate for showing, such as 1e6 for MB/s.
        aim: what is to be reached, where something is.
        of: what the ratio compares. Processor time per operation is known also where the
            generator limits the rate.
        rounds: (ours, peer), in order.
        value: our number where there is no peer (`Of.VALUE`), in the unit; lost: what went wrong.
        facts: further numbers of ours, by name.
        skipped: why there is no peer, or nothing at all.
        lacks: what the machine lacks for a rate to say anything; "" where it has all.
    """

    name: str
    unit: str
    peer: str
    scale: float = 1.0
    aim: Aim | None = None
    of: Of = Of.RATE
    rounds: tuple[tuple[Side, Side], ...] = ()
    value: float | None = None
    lost: int = 0
    facts: dict[str, float] = field(default_factory=dict)
    skipped: str = ""
    lacks: str = ""

    @property
    def ratios(self) -> list[float]:
        """Ours by the peer's, a number for each round in which both did something."""
        measures = [(self._measure(ours), self._measure(peer)) for ours, peer in self.rounds]
        return [ours / peer for ours, peer in measures if ours and peer]

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios; None where there is no headline."""
        return None if self.refused or self.of is Of.VALUE else spread(self.ratios)[1]

    @property
    def ours(self) -> float | None:
        """Our median in the unit of what is compared: a rate, microseconds, or seconds."""
        return self.value if self.of is Of.VALUE else self._median([o for o, _ in self.rounds])

    @property
    def peers(self) -> float | None:
        """The peer's median in the same unit."""
        return self._median([peer for _, peer in self.rounds])

    @property
    def measured_in(self) -> str:
        """The unit of `ours` and `peers`."""
        if self.of is Of.CPU:
            return "µs of CPU"
        if self.of is Of.BUSIEST:
            return f"{self.unit} of CPU"
        return "s" if self.of is Of.TIME else self.unit

    @property
    def held(self) -> bool | None:
        """Whether the aim is reached; None where there is none, or nothing to judge by."""
        if self.aim is None or self.refused:
            return None
        return self.aim.held(self.ratio, self.ours)

    @property
    def refused(self) -> str:
        """Why there is no headline; "" when there is one."""
        if self.skipped:
            return self.skipped
        if self.of is Of.VALUE:
            if self.value is None:
                return "nothing was measured"
            return f"{self.lost:,} were lost" if self.lost else ""
        sides = [("ours", [o for o, _ in self.rounds]), (self.peer, [p for _, p in self.rounds])]
        reasons = [self.lacks] if self.lacks and self.of is Of.RATE else []
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
        if self.of is Of.VALUE:
            return not self.skipped and bool(self.refused)
        sides = [side for pair in self.rounds for side in pair]
        return not self.skipped and (not sides or any(s.failed or not s.rate for s in sides))

    @property
    def headline(self) -> str:
        """`2.10 times the peer's ... (1.95 .. 2.31 in 5 rounds)`, or why there is none."""
        if self.refused:
            return f"no headline: {self.refused}"
        if self.of is Of.VALUE:
            said = f"{self.value or 0:,.0f} {self.unit}"
        else:
            low, middle, high = spread(self.ratios)
            said = (
                f"{middle:.2f} times the peer's {self.of.value} "
                f"({low:.2f} .. {high:.2f} in {len(self.rounds)} rounds)"
            )
        if self.aim is None or self.held is None:
            return said
        return f"{said}; aim {self.aim.text}: {'held' if self.held else 'missed'}"

    def document(self, command: str) -> dict[str, object]:
        """The figure for bench.json: the six fields that everybody needs, then the rest.

        Args:
            command: what measures it again.
        """
        return {
            "name": self.name,
            "ours": _rounded(self.ours),
            "peer": _rounded(self.peers),
            "ratio": _rounded(self.ratio),
            "aim": None if self.aim is None else self.aim.bound,
            "command": command,
            "held": self.held,
            "aim_text": None if self.aim is None else self.aim.text,
            "absolute": self.aim is not None and bool(self.aim.absolute),
            "less_is_better": self.of not in (Of.RATE, Of.BUSIEST),
            "measured_in": self.measured_in,
            "peer_name": self.peer,
            "unit": self.unit,
            "ratio_of": self.of.value,
            "headline_refused": self.refused or None,
            "not_measured": self.skipped or None,
            "ratio_min_median_max": list(spread(self.ratios)) if self.ratios else None,
            "sides": {
                "ours": self._side([ours for ours, _ in self.rounds]),
                "peer": self._side([peer for _, peer in self.rounds]),
            },
            "facts": self.facts,
        }

    def _measure(self, side: Side) -> float:
        if self.of is Of.TIME:
            return side.elapsed_s / side.count if side.count else 0.0
        if self.of is Of.BUSIEST:
            return side.per_busiest_second
        return side.rate if self.of is Of.RATE else side.cpu_per_operation_s

    def _median(self, rounds: list[Side]) -> float | None:
        if not rounds:
            return None
        by_scale = 1 / self.scale
        factor = {Of.RATE: by_scale, Of.BUSIEST: by_scale, Of.CPU: 1e6}.get(self.of, 1.0)
        return median(self._measure(side) for side in rounds) * factor

    def _side(self, rounds: list[Side]) -> dict[str, object] | None:
        if not rounds:
            return None
        return {
            "rates": [round(side.rate / self.scale, 3) for side in rounds],
            "median_rate": round(median_rate(rounds) / self.scale, 3),
            "median_cpu_per_operation_s": median(side.cpu_per_operation_s for side in rounds),
            "server_busy": [_share(side.server_cpu_s, side) for side in rounds],
            "busiest_busy": [_share(side.busiest_cpu_s, side) for side in rounds],
            "generator_busy": [_share(side.generator_cpu_s, side) for side in rounds],
            "failed": sum(side.failed for side in rounds),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def spread(values: list[float]) -> tuple[float, float, float]:
    """Lowest, median, highest of at least one value."""
    return min(values), median(values), max(values)


def median_rate(rounds: list[Side]) -> float:
    """The median of the rounds' rates."""
    return median(side.rate for side in rounds)


def _share(cpu_s: float, side: Side) -> float:
    return round(cpu_s / side.elapsed_s, 2) if side.elapsed_s > 0 else 0.0
