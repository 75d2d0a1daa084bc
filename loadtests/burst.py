"""Runs one burst from the target's start to the report: the order of things, and nothing else."""

import asyncio
import json
import os
import resource
import shlex
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from loadtests import show
from loadtests.engine_core.totals import Totals
from loadtests.errors import GeneratorError, TargetError
from loadtests.generator import ROOT, generate
from loadtests.levels import Level
from loadtests.plan import GRACE_S, Plan, check_loopback, check_size, read_accounts
from loadtests.results import Outcome, burst_document, run_document
from loadtests.scenarios.kinds import KINDS, STRUCK, Scenario
from loadtests.schedule import phones_per_home, share
from loadtests.target import Ready, Target, border, read_ready
from simulators.core import Address
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import Shape, arrivals, read_moments


@dataclass(frozen=True, slots=True)
class Asked:
    """A burst as a person asked for it.

    Args:
        limit_s: None for the schedule and a minute.
        run_dir: None for a new folder below runs/.
        mbg, accounts, homes: a target that runs already; `mbg` None starts one.
        time_lines: whether to write down what happened to each phone.
        levels: what the burst has to hold.
        scenario: what the items do.
        moments: file with the moments of the shape `recorded`.
        site: file that describes a target that runs already, for scenarios with more than a border.
    """

    phones: int
    rate_per_s: float
    shape: Shape
    workers: int
    seed: int
    phones_per_home: int
    limit_s: float | None
    run_dir: Path | None
    mbg: Address | None
    accounts: Path | None
    homes: int
    time_lines: bool = False
    levels: tuple[Level, ...] = ()
    scenario: Scenario = Scenario.REGISTER
    site: Path | None = None
    moments: Path | None = None


async def stand(asked: Asked, plan_file: Path, console: Console) -> bool:
    """Start the target, write the plan, and stay until ended: for Locust by hand.

    Raises:
        BenchError: it can't be done as asked.
    """
    asked, moments = _recorded(asked)
    check_size(asked.phones, asked.rate_per_s, asked.shape, asked.workers)
    check_scenario(asked)
    if asked.scenario in STRUCK:
        raise ConfigurationError(
            f"in the scenario {asked.scenario} something happens to the target, which Locust by "
            "hand can't bring about: use python -m loadtests burst"
        )
    async with _target(asked) as target:
        plan = _plan(asked, target.ready, plan_file.parent, moments)
        plan_file.write_bytes(plan.to_json())
        locust = f"locust -f loadtests/locustfile.py {plan.kind.user} --plan {plan_file}"
        more = f" --processes {plan.workers}" if plan.workers > 1 else ""
        console.print(
            f"{plan.phones} {plan.kind.noun}, {plan.manner}. The target runs until Ctrl-C.\n"
            f"With Locust's pages:  {locust}{more}\nWithout:  {locust}{more} --headless",
            highlight=False, markup=False,
        )  # fmt: skip
        await asyncio.get_running_loop().create_future()
    return True


async def run_burst(asked: Asked, console: Console) -> bool:
    """Run it, write the run folder, show the numbers; returns whether it passed.

    Raises:
        BenchError: it could not be done, so there is no result.
    """
    outcome, folder = await _played(asked, console)
    show.show_outcome(console, outcome)
    reported = await report(folder, console)
    console.print(show.last_line(outcome), highlight=False)
    return outcome.passed and reported


async def play(asked: Asked, console: Console) -> Outcome:
    """Run a burst and write its run folder, but for the report.

    Raises:
        BenchError: it could not be done, so there is no result.
    """
    return (await _played(asked, console))[0]


async def _played(asked: Asked, console: Console) -> tuple[Outcome, Path]:
    asked, moments = _recorded(asked)
    check_size(asked.phones, asked.rate_per_s, asked.shape, asked.workers)
    if asked.mbg is not None:
        check_loopback(asked.mbg)
    check_scenario(asked)
    started = datetime.now(UTC)
    kind = KINDS[asked.scenario]
    if asked.mbg is None and asked.accounts is None and asked.site is None:
        console.print(f"Starting the target: {_roles(asked)} with {asked.phones} {kind.noun}")
    async with _target(asked) as target:
        folder = run_folder(asked.run_dir, started, "burst")
        plan = _plan(asked, target.ready, folder, moments)
        console.print(
            f"{plan.phones} {kind.noun}, {plan.manner}, against the MBG at "
            f"{plan.mbg[0]}:{plan.mbg[1]}, "
            f"seed {plan.seed}, {plan.workers} engine(s), {plan.phones_per_home} phone(s) per home",
            highlight=False,
        )
        if plan.phones_per_home > asked.phones_per_home:
            console.print(
                "The limit of open files does not allow a socket per phone: "
                f"{plan.phones_per_home} phones share a home and its socket.",
                highlight=False,
            )
        outcome = replace(await _drive(plan, target, folder, console), levels=asked.levels)
    _write_json(folder / "burst.json", burst_document(outcome))
    command = shlex.join(["python", "-m", "loadtests", *sys.argv[1:]])
    finished = datetime.now(UTC)
    _write_json(
        folder / "run.json",
        run_document(outcome, command=command, started=started, finished=finished),
    )
    (folder / "scenarios.jsonl").write_text("")
    return outcome, folder


async def _drive(plan: Plan, target: Target, folder: Path, console: Console) -> Outcome:
    totals, engine, locust = Totals(), "", dict[str, int | str]()
    before = target.usage()
    shares = _shares(plan)
    log = folder / "locust.log"
    with tempfile.TemporaryDirectory(prefix="burst-plan-") as plans:
        plan_file = Path(plans) / "plan.json"
        plan_file.write_bytes(plan.to_json())
        with show.Progress(console, plan.phones, plan.kind.done) as progress:
            async with aclosing(generate(plan, plan_file, log)) as messages:
                async for message in messages:
                    if message.ready is not None and not engine:
                        engine = f"{message.ready}, child process of Locust"
                        console.print(f"Engine: {engine}", highlight=False)
                    if message.go is not None and plan.scenario in STRUCK:
                        await _strike(target, message.go)
                    if message.lost is not None and message.worker is not None:
                        totals.lose(message.worker, shares[message.worker], message.lost)
                        console.print(f"{totals.lost_workers[message.worker]}", highlight=False)
                    if message.batch is not None:
                        totals.add(message.batch)
                        progress.update(totals)
                    locust = message.locust or locust
            progress.update(totals, last=True)
    after = target.usage()
    if not engine:
        raise GeneratorError(f"no load engine ever started: {log} says why")
    said, unasked = None, "the target was not started by this command"
    try:
        said = await target.report()
    except TargetError as error:
        unasked = str(error)
    ready, here = target.ready, target.started_here
    used = None if before is None or after is None else (before, after)
    return Outcome(plan, ready, totals, engine, said, unasked, here, locust, used)


async def _strike(target: Target, go: float) -> None:
    """Let the storm's cause happen, before the first moment.

    Raises:
        GeneratorError: it took too long, so that nobody knows what was measured.
    """
    await target.strike()
    if time.time() > go:
        raise GeneratorError(
            f"the target needed {time.time() - go:.1f} s too long for what the storm is about: "
            "ask for fewer items"
        )


def _shares(plan: Plan) -> list[int]:
    """How many items each worker has."""
    accounts = read_accounts(Path(plan.accounts), plan.phones)
    homes = [account.home_index // plan.phones_per_home for account in accounts]
    return [len(share(homes, plan.workers, worker)) for worker in range(plan.workers)]


def _roles(asked: Asked) -> str:
    return "MCS, MBG and PBX" if KINDS[asked.scenario].needs_mcs else "MBG and PBX"


def check_scenario(asked: Asked) -> None:
    """Refuse what a scenario can't do.

    Raises:
        ConfigurationError: the message says what to do instead.
    """
    kind, registers = KINDS[asked.scenario], asked.scenario in (
        Scenario.REGISTER, Scenario.REFRESH
    )  # fmt: skip
    if asked.site is None and asked.mbg is None and asked.phones > kind.most:
        raise ConfigurationError(
            f"the scenario {asked.scenario} has at most {kind.most} {kind.noun} at the target that "
            f"it starts, got {asked.phones}: ask for fewer"
        )
    if asked.mbg is not None and not registers:
        raise ConfigurationError(
            f"--mbg goes with the scenarios register and refresh: give --site FILE for "
            f"{asked.scenario}"
        )
    if asked.site is not None and asked.mbg is not None:
        raise ConfigurationError("--site and --mbg exclude each other: give one of them")
    if asked.site is not None and asked.scenario in STRUCK:
        raise ConfigurationError(
            f"in the scenario {asked.scenario} something happens to the target, which only one "
            "that is started here can be told: leave out --site"
        )
    if asked.time_lines and kind.method != "REGISTER":
        raise ConfigurationError(
            f"--time-lines are kept of phones that only register, not in {asked.scenario}"
        )


@asynccontextmanager
async def _target(asked: Asked) -> AsyncIterator[Target]:
    """The running target that was named, or one of our own."""
    if asked.site is not None:
        ready = read_ready(asked.site)
        check_loopback(ready.mbg)
        yield Target(ready)
        return
    if asked.mbg is None:
        if asked.accounts is not None:
            raise ConfigurationError("--accounts goes with --mbg: give both, or neither")
        async with border(asked.phones, asked.seed, scenario=asked.scenario) as target:
            yield target
        return
    if asked.accounts is None:
        raise ConfigurationError(
            "--mbg needs --accounts: the JSON-lines file with the set-side credentials"
        )
    read_accounts(asked.accounts, asked.phones)  # a bad file is refused before anything starts
    yield Target(Ready(asked.mbg, asked.homes, str(asked.accounts.resolve())))


def _recorded(asked: Asked) -> tuple[Asked, tuple[float, ...]]:
    """The moments of a record, and what was asked for with their mean rate.

    Raises:
        ConfigurationError: the shape goes without a record, or the record won't do.
    """
    if (asked.shape is Shape.RECORDED) != (asked.moments is not None):
        raise ConfigurationError("--shape recorded goes with --moments FILE: give both, or neither")
    if asked.moments is None:
        return asked, ()
    try:
        text = asked.moments.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read the moments in {asked.moments}: {error}") from error
    found = read_moments(text.splitlines(), str(asked.moments))
    times = arrivals(Shape.RECORDED, asked.phones, 1.0, bytes, found)
    mean = asked.phones / max(times[-1], 1.0) if times else 1.0
    return replace(asked, rate_per_s=mean), tuple(times)


def _plan(asked: Asked, ready: Ready, folder: Path, moments: tuple[float, ...]) -> Plan:
    _, open_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    plan = Plan(
        mbg=ready.mbg,
        homes=ready.homes,
        accounts=ready.accounts,
        phones=asked.phones,
        rate_per_s=asked.rate_per_s,
        shape=asked.shape,
        workers=asked.workers,
        seed=asked.seed,
        limit_s=GRACE_S if asked.limit_s is None else asked.limit_s,
        phones_per_home=phones_per_home(
            asked.phones, asked.workers, asked.phones_per_home, open_files
        ),
        time_lines=str(folder) if asked.time_lines else "",
        scenario=asked.scenario,
        places=ready.places,
        moments=moments,
    )
    return plan if asked.limit_s is not None else replace(plan, limit_s=plan.scheduled_s + GRACE_S)


def run_folder(wanted: Path | None, started: datetime, kind: str) -> Path:
    """Make the run folder; a default one carries the time, and never takes another run's place."""
    folder = wanted or Path("runs") / f"{started:%Y-%m-%dT%H%M%S}-{kind}"
    number = 2
    while wanted is None and folder.exists():
        folder = folder.with_name(f"{started:%Y-%m-%dT%H%M%S}-{kind}-{number}")
        number += 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"can't write into the run folder {folder} ({error.strerror}): give another one "
            "with --run-dir"
        ) from error
    return folder.resolve()


def _write_json(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


async def report(folder: Path, console: Console) -> bool:
    """Render the report in a process of its own; returns whether that went well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "reports", str(folder),
        cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        console.print(f"Report: {out.decode().strip()}", highlight=False, markup=False)
        return True
    console.print(
        f"The report could not be made from {os.fspath(folder)}: {err.decode().strip()}",
        highlight=False,
        markup=False,
    )
    return False
