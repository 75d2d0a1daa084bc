"""What a capacity search came to, as capacity.json, run.json and a sentence. Pure.

The formats are those of `reports/README.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.capacity.estimate import CONFIDENCE
from loadtests.capacity.search import Answer, Ended, Kind, Limit, Search
from loadtests.capacity.usual import usual
from loadtests.scenarios import kinds
from loadtests.scenarios.kinds import KINDS, Scenario


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search as a person asked for it; rates per second.

    Args:
        levels: their texts.
        phones: that one burst has at most; items, whatever they are.
        seconds: for how long phones arrive in one burst.
        wanted: the rate that must be reached for exit status 0; None: any.
        more: what allows higher rates than `phones` do.
        running: where the target is, which runs already; "" starts a fresh one for each burst.
        pause_s: between bursts.
    """

    levels: tuple[str, ...]
    lowest: float
    highest: float
    repeats: int
    step: float
    phones: int
    seconds: float
    wanted: float | None = None
    scenario: Scenario = Scenario.REGISTER
    more: str = "more of them (--phones)"
    running: str = ""
    pause_s: float = 0.0

    @property
    def kind(self) -> kinds.Kind:
        """The words for its scenario."""
        return KINDS[self.scenario]

    @property
    def measure(self) -> str:
        """What is searched for.

        For `register` that of RFC 7501 and 7502 (section 6.7), of phones that were not registered
        before; for `refresh` their re-registration rate.
        """
        return f"{self.kind.request} rate"

    @property
    def target(self) -> str:
        """What bursts meet, in words."""
        if not self.running:
            return f"a fresh one for each burst, with as many {self.kind.noun} as the burst has"
        said = f"{self.running}, which ran already and was not fresh: "
        said += usual(self.scenario).restored
        return f"{said}; {self.pause_s:g} s of pause between bursts"

    @property
    def top(self) -> float:
        """The highest rate for which the phones last a whole burst."""
        return min(self.highest, self.phones / self.seconds)

    @property
    def shortened(self) -> str:
        """Why the search ends below the highest rate that was asked for; "" where it does not."""
        if self.top >= self.highest:
            return ""
        return (
            f"{self.phones:,} {self.kind.noun} do not last {self.seconds:g} s at more than "
            f"{self.top:,.4g} per second: what helps is {self.more}"
        )

    def phones_at(self, rate: float) -> int:
        """How many phones a burst at a rate has."""
        return max(1, min(self.phones, round(rate * self.seconds)))


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst of a search; latencies in ms, None where nothing ended well.

    Args:
        search: which of the repeated searches, from 1.
        phones: its items, whatever they are; `registered`: those that ended well.
        within: share of the attempted ones, 0 to 1, that ended well in the levels' time; that
            ended well at all where no level has a time.
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

    def line(self, kind: kinds.Kind) -> str:
        """The burst in one line."""
        p99 = self.latency_ms.get("p99")
        took = f"none {kind.word}" if p99 is None else f"p99 {p99:,.1f} ms"
        said = (
            f"burst {self.number:3d}, search {self.search}: {self.rate:8.1f}/s, "
            f"{self.phones:6d} {kind.noun}, {took:>16}, {100 * self.within:6.2f} %, "
            f"{self.ended.value}"
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
    per_second = f"{answer.rate:,.4g} {asked.kind.request}s per second"
    there = ", at a target that was not fresh" if asked.running else ""
    if answer.kind is Kind.NOT_JUDGED:
        return (
            f"No answer: the generator was the bottleneck at {answer.rate:,.4g} per second already"
        )
    if answer.kind is Kind.BELOW:
        return f"Below {answer.rate:,.4g} per second: the levels were broken at the lowest rate"
    if answer.kind is Kind.AT_LEAST:
        why = "the generator was the limit"
        if answer.limit is Limit.RANGE:
            why = "the search ends there" + (asked.shortened and f", as {asked.shortened}")
        return f"At least {per_second} hold the levels{there}; {why}"
    return (
        f"{per_second} hold the levels{there}"
        f"{_interval(answer)}, from {asked.repeats} search{'es' if asked.repeats > 1 else ''}"
    )


def so_far(bursts: Sequence[Burst], folder: object) -> str:
    """What a search that had to end in its middle has seen."""
    if not bursts:
        return "no burst was played"
    held = [burst.rate for burst in bursts if burst.ended is Ended.HELD]
    broken = [burst.rate for burst in bursts if burst.ended is Ended.BROKEN]
    seen = [f"{max(held):,.4g} per second held"] if held else []
    seen += [f"{min(broken):,.4g} did not"] if broken else []
    return f"until then {' and '.join(seen) or 'none could be judged'}: see {folder}"


def capacity_document(
    asked: Wanted, search: Search, answer: Answer, bursts: Sequence[Burst]
) -> dict[str, object]:
    """capacity.json."""
    rates = search.rates
    return {
        "measure": asked.measure,
        "scenario": asked.scenario.value,
        "noun": asked.kind.noun,
        "done": asked.kind.word,
        "target": asked.target,
        "fresh": not asked.running,
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
        "title": f"Capacity: the highest {asked.measure} that holds the levels",
        "seed": seed,
        "started": started,
        "finished": finished,
        "outcome": "pass" if reached(asked, answer) else "fail",
        "command": command,
        "roles": roles,
        "facts": {
            "Scenario": asked.scenario.value,
            "Latency": f"{asked.kind.latency}, of those that ended well",
            "Target": asked.target,
            "Each burst": f"{asked.kind.noun} arrive for {asked.seconds:g} s, openly, at equal "
            "distances",
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
