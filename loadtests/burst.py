"""Runs one burst from the target's start to the report: the order of things, and nothing else."""

import asyncio
import shlex
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from loadtests import show
from loadtests.asked import Asked, check, check_homes, plan_of, recorded
from loadtests.engine_core.totals import Totals
from loadtests.errors import GeneratorError, TargetError
from loadtests.generator import Where, generate
from loadtests.machines.networks import check_address
from loadtests.machines.plan_folder import write_plan
from loadtests.plan import PhoneAccount, Plan, read_accounts
from loadtests.run_folder import report, run_folder, write_json
from loadtests.scenarios.kinds import KINDS, STRUCK
from loadtests.schedule import share
from loadtests.target import Ready, Target, border, read_ready
from loadtests.verdict.results import Outcome, burst_document, run_document
from simulators.errors import ConfigurationError


async def stand(asked: Asked, where: Path, console: Console) -> bool:
    """Write a plan for Locust by hand; a target that was started for it stays until ended.

    Args:
        where: see `write_plan`.

    Raises:
        BenchError: it can't be done as asked.
    """
    asked, moments = recorded(asked)
    check(asked)
    if asked.scenario in STRUCK:
        raise ConfigurationError(
            f"in the scenario {asked.scenario} something happens to the target, which Locust by "
            "hand can't bring about: use python -m loadtests burst"
        )
    async with _target(asked) as target:
        plan = plan_of(asked, target.ready, where, moments)
        said = show.by_hand(plan, write_plan(where, plan), ends=target.started_here)
        console.print(said, highlight=False, markup=False, soft_wrap=True)
        if target.started_here:
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
    asked, moments = recorded(asked)
    check(asked)
    check_homes(asked, mbg_of(asked))
    started = datetime.now(UTC)
    kind = KINDS[asked.scenario]
    if asked.mbg is None and asked.accounts is None and asked.site is None:
        console.print(f"Starting the target: {_roles(asked)} with {asked.phones} {kind.noun}")
    async with _target(asked) as target:
        folder = run_folder(asked.run_dir, started, "burst")
        plan = plan_of(asked, target.ready, folder, moments)
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
        outcome = replace(await _drive(asked, plan, target, folder, console), levels=asked.levels)
    write_json(folder / "burst.json", burst_document(outcome))
    command = shlex.join(["python", "-m", "loadtests", *sys.argv[1:]])
    finished = datetime.now(UTC)
    write_json(
        folder / "run.json",
        run_document(outcome, command=command, started=started, finished=finished),
    )
    (folder / "scenarios.jsonl").write_text("")
    return outcome, folder


async def _drive(
    asked: Asked, plan: Plan, target: Target, folder: Path, console: Console
) -> Outcome:
    totals, engine, locust = Totals(), "", dict[str, int | str]()
    before = target.usage()
    accounts = read_accounts(Path(plan.accounts), plan.phones)
    shares = _shares(plan, accounts)
    log = folder / "locust.log"
    where = Where(asked.machines, asked.source)
    with tempfile.TemporaryDirectory(prefix="burst-plan-") as plans:
        if asked.plan is not None and asked.machines is not None:
            plan_file = write_plan(asked.plan, plan)
            said_to_whom = show.to_machines(plan, plan_file, asked.machines)
            console.print(said_to_whom, highlight=False, markup=False, soft_wrap=True)
        else:
            plan_file = Path(plans) / "plan.json"
            plan_file.write_bytes(plan.to_json())
        with show.Progress(console, plan.phones, plan.kind.done) as progress:
            async with aclosing(generate(plan, plan_file, log, where)) as messages:
                async for message in messages:
                    if message.ready is not None and not engine:
                        engine = f"{message.ready}, child process of Locust"
                        console.print(f"Engine: {engine}", highlight=False)
                    if message.clock is not None:
                        console.print(f"worker {message.worker}: {message.clock}", highlight=False)
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
    return Outcome(
        plan, ready, totals, engine, said, unasked, here, locust, used, accounts=accounts
    )


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


def mbg_of(asked: Asked) -> str:
    """Where the MBG is, or will be."""
    if asked.site is not None:
        return read_ready(asked.site).mbg[0]
    return asked.mbg[0] if asked.mbg is not None else asked.outside or "127.0.0.1"


def _shares(plan: Plan, accounts: list[PhoneAccount]) -> list[int]:
    """How many items each worker has."""
    homes = [account.home_index // plan.phones_per_home for account in accounts]
    return [len(share(homes, plan.workers, worker)) for worker in range(plan.workers)]


def _roles(asked: Asked) -> str:
    return "MCS, MBG and PBX" if KINDS[asked.scenario].needs_mcs else "MBG and PBX"


def running(asked: Asked) -> Ready | None:
    """The target that runs already, as it was named; None where one is to be started.

    Raises:
        ConfigurationError: it is named by halves, or elsewhere than on this machine.
    """
    if asked.site is not None:
        ready = read_ready(asked.site)
        check_address(ready.mbg, asked.network)
        return ready
    if asked.mbg is not None and asked.accounts is not None:
        check_address(asked.mbg, asked.network)
        return Ready(asked.mbg, asked.homes, str(asked.accounts.resolve()))
    if asked.mbg is not None:
        raise ConfigurationError(
            "--mbg needs --accounts: the JSON-lines file with the set-side credentials"
        )
    if asked.accounts is not None:
        raise ConfigurationError("--accounts goes with --mbg: give both, or neither")
    return None


@asynccontextmanager
async def _target(asked: Asked) -> AsyncIterator[Target]:
    """The running target that was named, or one of our own."""
    ready = running(asked)
    if ready is None:
        async with border(
            asked.phones, asked.seed, scenario=asked.scenario, outside=asked.outside
        ) as target:
            yield target
        return
    read_accounts(Path(ready.accounts), asked.phones)  # a bad file is refused before all starts
    yield Target(ready)
