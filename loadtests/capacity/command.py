"""`python -m loadtests capacity`: the bursts of a search one by one, a line each, and the answer.

Every burst meets a fresh target: one that knows the phones already would answer another question
(re-registration), and one that is still busy with the last burst would answer for that one. What a
burst is, and how it is judged, is `loadtests.burst`; what rate comes next is `search`.
"""

import io
import json
import shlex
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from loadtests import burst
from loadtests.asked import Asked
from loadtests.capacity.documents import (
    Burst,
    Wanted,
    capacity_document,
    reached,
    run_document,
    sentence,
)
from loadtests.capacity.search import Ended, Search
from loadtests.levels import Measure, State, Verdict
from loadtests.results import PERCENTILES, Outcome, roles, utc
from loadtests.run_folder import report, run_folder
from simulators.errors import ConfigurationError

SHORTEST_S = 0.5
Play = Callable[[Asked, Console], Awaitable[Outcome]]


def check(asked: Wanted) -> None:
    """Refuse what no search can be.

    Raises:
        ConfigurationError: the message says what is expected.
    """
    if not asked.seconds >= SHORTEST_S:
        raise ConfigurationError(
            f"expected bursts of {SHORTEST_S:g} s or more, got {asked.seconds:g}: a shorter one is "
            "over before a queue shows; choose another number for --seconds"
        )
    if asked.top < asked.lowest:
        raise ConfigurationError(
            f"{asked.phones} phones do not last {asked.seconds:g} s at {asked.lowest:g} per "
            "second: give more with --phones, or a lower rate with --from"
        )


async def run_capacity(
    asked: Wanted, like: Asked, console: Console, play: Play = burst.play
) -> bool:
    """Search, write the run folder, show the answer; returns whether a rate was found that holds.

    Args:
        like: what all bursts have in common; phones, rate, seed and folder are set for each.
        play: plays a burst; another one for tests.

    Raises:
        BenchError: a burst could not be done.
    """
    check(asked)
    search = Search(asked.lowest, asked.top, asked.repeats, asked.step)
    started = datetime.now(UTC)
    folder = run_folder(like.run_dir, started, "capacity")
    console.print(
        f"From {asked.lowest:,.4g} to {asked.top:,.4g} per second in steps of {100 * asked.step:g} "
        f"%, {asked.seconds:g} s a burst, {asked.repeats} search(es); levels: "
        + "; ".join(asked.levels),
        highlight=False,
        markup=False,
    )
    done: list[Burst] = []
    played_by: list[dict[str, str]] = []
    while (rate := search.rate) is not None:
        number = len(done) + 1
        name = f"burst-{number:03d}"
        outcome = await play(
            replace(
                like,
                phones=asked.phones_at(rate),
                rate_per_s=rate,
                seed=like.seed + number - 1,
                run_dir=folder / name,
            ),
            _silent(),
        )
        made = described(outcome, number, search.number, rate, name)
        done.append(made)
        console.print(made.line, highlight=False, markup=False)
        search.tell(made.ended)
        played_by = roles(outcome)
    answer = search.answer()
    _write(folder / "capacity.json", capacity_document(asked, search, answer, done))
    command = shlex.join(["python", "-m", "loadtests", *sys.argv[1:]])
    about = run_document(
        asked,
        answer,
        played_by,
        seed=like.seed,
        command=command,
        started=utc(started),
        finished=utc(datetime.now(UTC)),
    )
    _write(folder / "run.json", about)
    (folder / "scenarios.jsonl").write_text("")
    console.print()
    reported = await report(folder, console)
    console.print(sentence(asked, answer), highlight=False, markup=False)
    return reached(asked, answer) and reported


def described(outcome: Outcome, number: int, search: int, rate: float, folder: str) -> Burst:
    """What the search needs to know of a burst."""
    verdicts, totals = outcome.verdicts, outcome.totals
    times = [v.level.within_ms for v in verdicts if v.level.measure is Measure.WITHIN]
    within = totals.latency.count_within(max(times)) if times else totals.registered
    latency = {name: totals.latency.percentile_ms(at) for name, at in PERCENTILES.items()}
    return Burst(
        number=number,
        search=search,
        rate=rate,
        phones=outcome.plan.phones,
        ended=ended(verdicts),
        registered=outcome.registered,
        within=within / totals.started if totals.started else 0.0,
        latency_ms={**latency, "max": totals.latency.max_ms},
        folder=folder,
        reason=next((v.reason for v in verdicts if v.reason), ""),
    )


def ended(verdicts: list[Verdict]) -> Ended:
    """All levels of a burst in one word."""
    states = {verdict.state for verdict in verdicts}
    if State.NOT_JUDGED in states:
        return Ended.NOT_JUDGED
    return Ended.BROKEN if State.BROKEN in states else Ended.HELD


def _silent() -> Console:
    """What a single burst says is one line here; its own words go nowhere."""
    return Console(file=io.StringIO(), force_terminal=False)


def _write(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
