"""`python -m loadtests capacity`: the bursts of a search one by one, a line each, and the answer.

Every burst meets a fresh target: one that knows the phones already would answer another question
(re-registration), and one that is still busy with the last burst would answer for that one. A
target that runs already can't be fresh; there the marks of each burst are taken away before the
next (`restoring`), and the answer says so. What a burst is, and how it is judged, is
`loadtests.burst`; what rate comes next is `search`.
"""

import asyncio
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
from loadtests.asked import Asked, check_homes, check_scenario
from loadtests.asked import check as check_burst
from loadtests.capacity import restoring
from loadtests.capacity.documents import (
    Burst,
    Wanted,
    capacity_document,
    reached,
    run_document,
    sentence,
    so_far,
)
from loadtests.capacity.search import Ended, Search
from loadtests.capacity.usual import most_items, usual
from loadtests.run_folder import report, run_folder
from loadtests.target import Ready
from loadtests.verdict.levels import Measure, State, Verdict
from loadtests.verdict.results import PERCENTILES, Outcome, roles, utc
from simulators.errors import BenchError, ConfigurationError

SHORTEST_S = 0.5
PAUSE_S = 5.0
"""Between bursts at a target that runs already: late answers and retransmissions die away."""
Play = Callable[[Asked, Console], Awaitable[Outcome]]
Restore = Callable[[Asked, Ready], Awaitable[None]]


def wanted(
    like: Asked,
    *,
    lowest: float | None,
    highest: float,
    phones: int | None,
    seconds: float,
    repeats: int,
    step: float,
    pause_s: float | None,
    at_least: float | None,
) -> Wanted:
    """A search as it was asked for; what was not asked for follows scenario and target.

    Raises:
        ConfigurationError: the scenario has no capacity, or the target can't be what was said.
    """
    lowest = usual(like.scenario).lowest if lowest is None else lowest
    check_scenario(replace(like, phones=1))
    ready = burst.running(like)
    accounts = None if ready is None else _accounts(Path(ready.accounts))
    items, more = most_items(like.scenario, phones, accounts)
    return Wanted(
        levels=tuple(level.text for level in like.levels),
        lowest=lowest,
        highest=highest,
        repeats=repeats,
        step=step,
        phones=items,
        seconds=seconds,
        wanted=at_least,
        scenario=like.scenario,
        more=more,
        running="" if ready is None else "the MBG at {}:{}".format(*ready.mbg),
        pause_s=(0.0 if ready is None else PAUSE_S) if pause_s is None else pause_s,
    )


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
            f"{asked.phones} {asked.kind.noun} do not last {asked.seconds:g} s at "
            f"{asked.lowest:g} per second: what helps is a lower rate (--from), {asked.more}"
        )
    if not asked.pause_s >= 0:
        raise ConfigurationError(f"expected 0 s or more for --pause, got {asked.pause_s:g}")


async def run_capacity(
    asked: Wanted,
    like: Asked,
    console: Console,
    play: Play = burst.play,
    restore: Restore = restoring.restore,
) -> bool:
    """Search, write the run folder, show the answer; returns whether a rate was found that holds.

    Args:
        like: what all bursts have in common; phones, rate, seed and folder are set for each.
        play: plays a burst; another one for tests. restore: the same between bursts.

    Raises:
        BenchError: a burst could not be done.
    """
    check(asked)
    search = Search(asked.lowest, asked.top, asked.repeats, asked.step)
    check_burst(replace(like, phones=asked.phones_at(asked.top), rate_per_s=asked.top))
    check_homes(like, burst.mbg_of(like))
    ready = burst.running(like)
    started = datetime.now(UTC)
    folder = run_folder(like.run_dir, started, "capacity")
    console.print(
        f"From {asked.lowest:,.4g} to {asked.top:,.4g} per second in steps of {100 * asked.step:g} "
        f"%, {asked.seconds:g} s a burst, {asked.repeats} search(es); levels: "
        + "; ".join(asked.levels),
        highlight=False,
        markup=False,
    )
    if asked.shortened:
        console.print(f"No further: {asked.shortened}.", highlight=False, markup=False)
    console.print(f"Target: {asked.target}.", highlight=False, markup=False)
    done: list[Burst] = []
    try:
        played_by = await _bursts(asked, like, search, ready, folder, done, console, play, restore)
    except BenchError as error:
        raise BenchError(f"{error}; {so_far(done, folder)}") from error
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


async def _bursts(
    asked: Wanted,
    like: Asked,
    search: Search,
    ready: Ready | None,
    folder: Path,
    done: list[Burst],
    console: Console,
    play: Play,
    restore: Restore,
) -> list[dict[str, str]]:
    """Play what the search asks for, into `done`; returns who played which role."""
    played_by: list[dict[str, str]] = []
    restored = 0
    while (rate := search.rate) is not None:
        number = len(done) + 1
        name = f"burst-{number:03d}"
        one = replace(
            like,
            phones=asked.phones_at(rate),
            rate_per_s=rate,
            seed=like.seed + number - 1,
            run_dir=folder / name,
        )
        if ready is not None and one.phones > restored:
            await _restored(restore(one, ready), rate)
            restored = one.phones
        outcome = await play(one, _silent())
        made = described(outcome, number, search.number, rate, name)
        done.append(made)
        console.print(made.line(asked.kind), highlight=False, markup=False)
        search.tell(made.ended)
        played_by = roles(outcome)
        if ready is not None:
            await _restored(restore(one, ready), rate, console if search.rate is None else None)
        if search.rate is not None:
            await asyncio.sleep(asked.pause_s)
    return played_by


async def _restored(work: Awaitable[None], rate: float, over: Console | None = None) -> None:
    """The search can't go on without it; once it is `over`, what it has found stands.

    Raises:
        BenchError: it can't be done, and is needed.
    """
    try:
        await work
    except BenchError as error:
        if over is None:
            raise BenchError(
                f"the search can't go on at {rate:,.4g} per second, as the target is not as "
                f"before: {error}; what helps may be a lower --to, or a longer --pause"
            ) from error
        over.print(f"What the last burst did is still there: {error}", markup=False)


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


def _accounts(path: Path) -> int:
    """How many the file holds."""
    try:
        with path.open("rb") as file:
            return sum(1 for line in file if line.strip())
    except OSError as error:
        raise ConfigurationError(f"can't read the accounts in {path}: {error}") from error


def _silent() -> Console:
    """What a single burst says is one line here; its own words go nowhere."""
    return Console(file=io.StringIO(), force_terminal=False)


def _write(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
