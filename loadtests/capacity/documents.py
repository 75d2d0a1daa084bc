"""What a capacity search came to, as capacity.json, run.json and a sentence. Pure.

The formats are those of `reports/README.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.capacity.estimate import CONFIDENCE
from loadtests.capacity.search import Answer, Ended, Kind, Limit, Search

UNDER_TEST = "registration rate"
"""RFC 7501 and 7502 (section 6.7): of phones that were not registered before."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search as a person asked for it; rates per second.

    Args:
        levels: their texts.
        phones: that one burst has at most.
        seconds: for how long phones arrive in one burst.
        wanted: the rate that must be reached for exit status 0; None: any.
    """

    levels: tuple[str, ...]
    lowest: float
    highest: float
    repeats: int
    step: float
    phones: int
    seconds: float
    wanted: float | None = None

    @property
    def top(self) -> float:
        """The highest rate for which the phones last a whole burst."""
        return min(self.highest, self.phones / self.seconds)

    def phones_at(self, rate: float) -> int:
        """How many phones a burst at a rate has."""
        return max(1, min(self.phones, round(rate * self.seconds)))


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst of a search; latencies in ms, None where nobody registered.

    Args:
        search: which of the repeated searches, from 1.
        within: share of the attempted phones, 0 to 1, that registered in the levels' time; that
            registered at all where no level has a time.
        folder: its run folder, below that of the search.
        reason: why it was not judged.
    """

    number: int
    search: int
    rate: float
    phones: int
    ended: Ended
    registered: int
    within: float
    latency_ms: dict[str, float | None]
    folder: str
    reason: str = ""

    @property
    def line(self) -> str:
        """The burst in one line."""
        p99 = self.latency_ms.get("p99")
        took = "nobody registered" if p99 is None else f"p99 {p99:,.1f} ms"
        said = (
            f"burst {self.number:3d}, search {self.search}: {self.rate:8.1f}/s, "
            f"{self.phones:6d} phones, {took:>16}, {100 * self.within:6.2f} %, {self.ended.value}"
        )
        return said if not self.reason else f"{said} ({self.reason})"

    def document(self) -> dict[str, object]:
        """The burst as capacity.json has it."""
        return {
            "number": self.number,
            "search": self.search,
            "rate_per_s": round(self.rate, 3),
            "phones": self.phones,
            "state": self.ended.value,
            "registered": self.registered,
            "within": round(self.within, 6),
            "latency_ms": self.latency_ms,
            "folder": self.folder,
            "reason": self.reason or None,
        }


def reached(asked: Wanted, answer: Answer) -> bool:
    """Whether the search found a rate that holds, and one as high as was wanted."""
    found = answer.kind in (Kind.FOUND, Kind.AT_LEAST)
    return found and (asked.wanted is None or answer.rate >= asked.wanted)


def sentence(asked: Wanted, answer: Answer) -> str:
    """The answer for people."""
    if answer.kind is Kind.NOT_JUDGED:
        return (
            f"No answer: the generator was the bottleneck at {answer.rate:,.4g} per second already"
        )
    if answer.kind is Kind.BELOW:
        return f"Below {answer.rate:,.4g} per second: the levels were broken at the lowest rate"
    if answer.kind is Kind.AT_LEAST:
        why = "the generator was the limit"
        if answer.limit is Limit.RANGE:
            why = f"the search ends there{_shortened(asked)}"
        return f"At least {answer.rate:,.4g} registrations per second hold the levels; {why}"
    return (
        f"{answer.rate:,.4g} registrations per second hold the levels"
        f"{_interval(answer)}, from {asked.repeats} search{'es' if asked.repeats > 1 else ''}"
    )


def capacity_document(
    asked: Wanted, search: Search, answer: Answer, bursts: Sequence[Burst]
) -> dict[str, object]:
    """capacity.json."""
    rates = search.rates
    return {
        "measure": UNDER_TEST,
        "levels": list(asked.levels),
        "from_per_s": asked.lowest,
        "to_per_s": asked.top,
        "repeats": asked.repeats,
        "step_percent": round(100 * asked.step, 3),
        "seconds_per_burst": asked.seconds,
        "answer": {
            "kind": answer.kind.value,
            "rate_per_s": round(answer.rate, 3),
            "low_per_s": None if answer.low is None else round(answer.low, 3),
            "high_per_s": None if answer.high is None else round(answer.high, 3),
            "confidence": CONFIDENCE,
            "limit": answer.limit.value,
            "wanted_per_s": asked.wanted,
            "sentence": sentence(asked, answer),
        },
        "searches": [
            {
                "held_per_s": round(rates[edge.held], 3) if edge.held >= 0 else None,
                "limit": edge.limit.value,
            }
            for edge in search.edges
        ],
        "bursts": [burst.document() for burst in bursts],
    }


def run_document(
    asked: Wanted,
    answer: Answer,
    roles: list[dict[str, str]],
    *,
    seed: int,
    command: str,
    started: str,
    finished: str,
) -> dict[str, object]:
    """run.json; times as it holds them."""
    return {
        "kind": "capacity",
        "title": f"Capacity: the highest {UNDER_TEST} that holds the levels",
        "seed": seed,
        "started": started,
        "finished": finished,
        "outcome": "pass" if reached(asked, answer) else "fail",
        "command": command,
        "roles": roles,
        "facts": {
            "Target": "a fresh one for each burst, with as many phones as the burst has",
            "Each burst": f"phones arrive for {asked.seconds:g} s, openly, at equal distances",
            "Journal": "off",
        },
    }


def _interval(answer: Answer) -> str:
    if answer.low is None or answer.high is None:
        return " (how far it may be off is not known: not every search met its edge)"
    return (
        f"; with {100 * CONFIDENCE:g} % confidence half of all bursts hold somewhere between "
        f"{answer.low:,.4g} and {answer.high:,.4g}"
    )


def _shortened(asked: Wanted) -> str:
    if asked.top >= asked.highest:
        return ""
    return (
        f", as {asked.phones:,} phones do not last {asked.seconds:g} s at more: "
        "give more with --phones"
    )
