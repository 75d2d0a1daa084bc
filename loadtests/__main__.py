"""`python -m loadtests`: load on the estate, by hand or by make.

Exit status: 0 all phones are registered, by every count, or all service levels held; 1 not so; 2 it
could not be done as asked, and one sentence says why; 130 stopped by Ctrl-C.
"""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from loadtests import show
from loadtests.asked import Asked
from loadtests.bench.command import chosen, run_bench
from loadtests.bench.pairs import PAIRS
from loadtests.bench.rounds import Size
from loadtests.burst import run_burst, stand
from loadtests.capacity.command import run_capacity, wanted
from loadtests.capacity.usual import usual_level
from loadtests.options import (
    Accounts,
    HomesOctet,
    LevelTexts,
    Mbg,
    Network,
    Outside,
    RunDir,
    ScenarioOption,
    SeedText,
    Site,
    Source,
    Workers,
    address_of,
    levels_of,
    seed_of,
)
from loadtests.scenarios.kinds import Scenario
from loadtests.time_lines import read_phone
from simulators.errors import BenchError
from simulators.phone.crowd.arrivals import Shape

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)


@app.callback()
def loadtests() -> None:
    """Load on the estate. Traffic goes to 127.0.0.0/8 alone, unless --network allows more."""


@app.command()
def burst(
    scenario: ScenarioOption = Scenario.REGISTER,
    phones: Annotated[int, typer.Option(help="Teleworkers, or items, 1 to 60000.")] = 500,
    rate: Annotated[float, typer.Option(help="Items that start per second.")] = 100.0,
    workers: Workers = 1,
    seed: SeedText = "1",
    shape: Annotated[
        Shape, typer.Option(help="How they come; open arrivals, RATE is the highest or the mean.")
    ] = Shape.STEADY,
    run_dir: RunDir = None,
    limit: Annotated[
        float | None,
        typer.Option(help="End after so many seconds; else 60 s after the last start."),
    ] = None,
    phones_per_home: Annotated[
        int, typer.Option(help="Phones behind one public address and its socket.")
    ] = 1,
    mbg: Mbg = None,
    accounts: Accounts = None,
    homes: HomesOctet = 30,
    moments: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --shape recorded: one moment in seconds a line."),
    ] = None,
    site: Site = None,
    time_lines: Annotated[
        bool, typer.Option("--time-lines", help="Write down what happened to each phone.")
    ] = False,
    network: Network = "",
    outside: Outside = "",
    source: Source = "",
    machines: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS:PORT", help="Workers are on others, and join here."),
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --machines: what these get a copy of.")
    ] = None,
    level: LevelTexts = None,
) -> None:
    """Play a scenario with PHONES items, RATE of them per second, and report.

    Without one, teleworkers register through the MBG. Starts what it needs (MBG and PBX, for some
    scenarios our MCS too) as processes of their own, drives the phones with Locust and load
    engines in other processes, writes the run folder and its report.html.

    Examples:

    \b
    python -m loadtests burst --phones 500 --rate 100
    python -m loadtests burst --phones 5000 --shape at-once --workers 2
    python -m loadtests burst --phones 5000 --rate 500 --shape power-return
    python -m loadtests burst --mbg 127.20.0.10:5060 --accounts accounts.jsonl --phones 100
    python -m loadtests burst --rate 200 --level "99.9 % registered within 2 s" --level "lost <= 0"

    python -m loadtests burst --scenario boot --phones 100 --rate 20

    Exit status: 0 all registered, 1 not all or a worker was lost; with levels: 0 all held,
    1 one broken or not judged, since the generator was the bottleneck; 2 it could not be done as
    asked.
    """
    asked = Asked(
        phones=phones,
        rate_per_s=rate,
        shape=shape,
        workers=workers,
        seed=seed_of(seed),
        phones_per_home=phones_per_home,
        limit_s=limit,
        run_dir=run_dir,
        mbg=address_of(mbg),
        accounts=accounts,
        homes=homes,
        time_lines=time_lines,
        levels=levels_of(level, scenario),
        scenario=scenario,
        site=site,
        moments=moments,
        network=network,
        outside=outside,
        source=source,
        machines=address_of(machines, "--machines"),
        plan=plan,
    )
    sys.exit(0 if asyncio.run(_ending(run_burst(asked, show.console()))) else 1)


@app.command()
def capacity(
    scenario: ScenarioOption = Scenario.REGISTER,
    level: LevelTexts = None,
    lowest: Annotated[
        float | None, typer.Option("--from", help="Lowest rate, items per second.")
    ] = None,
    highest: Annotated[float, typer.Option("--to", help="Highest rate.")] = 2000.0,
    phones: Annotated[
        int | None, typer.Option(help="Items of one burst at most; else as many as there can be.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="For so long items arrive in a burst.")] = 10.0,
    repeats: Annotated[int, typer.Option(help="Searches; more narrow the interval.")] = 3,
    step: Annotated[float, typer.Option(help="Between rates, in percent.")] = 5.0,
    at_least: Annotated[
        float | None, typer.Option(help="Exit status 1 where the rate found is lower.")
    ] = None,
    pause: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Between bursts; else 5 at a target that runs already."
        ),
    ] = None,
    workers: Workers = 1,
    seed: SeedText = "1",
    run_dir: RunDir = None,
    mbg: Mbg = None,
    accounts: Accounts = None,
    homes: HomesOctet = 30,
    site: Site = None,
    network: Network = "",
    source: Source = "",
) -> None:
    """Search for a scenario's highest rate that holds the service levels (RFC 7502).

    Each burst meets a fresh target. Ascending steps, then bisection, all of it repeated; the answer
    is the median, with an interval. Where the generator is the bottleneck first, the answer is "at
    least". Writes capacity.json, a run folder per burst, and report.html with the curve. With
    --mbg or --site bursts meet one target that runs already: between them, phones take their
    registration back and extensions are unticked, and the answer says that it was not fresh.

    Examples:

    \b
    python -m loadtests capacity --level "99.9 % registered within 2 s" --to 1000
    python -m loadtests capacity --level "p99 <= 500 ms" --level "failed <= 0.1 %" --repeats 5
    python -m loadtests capacity --from 100 --to 400 --at-least 250
    python -m loadtests capacity --scenario boot --level "99 % booted within 10 s"
    python -m loadtests capacity --mbg 127.20.0.10:5060 --accounts accounts.jsonl --pause 10

    Exit status: 0 a rate holds (and it is at least --at-least), 1 none does or it could not be
    judged, 2 it could not be done as asked.
    """
    like = Asked(
        phones=1,
        rate_per_s=1.0,
        shape=Shape.STEADY,
        workers=workers,
        seed=seed_of(seed),
        phones_per_home=1,
        limit_s=None,
        run_dir=run_dir,
        mbg=address_of(mbg),
        accounts=accounts,
        homes=homes,
        levels=levels_of(level, scenario) or (usual_level(scenario),),
        scenario=scenario,
        site=site,
        network=network,
        source=source,
    )
    asked = wanted(
        like,
        lowest=lowest,
        highest=highest,
        phones=phones,
        seconds=seconds,
        repeats=repeats,
        step=step / 100,
        pause_s=pause,
        at_least=at_least,
    )
    found = asyncio.run(_ending(run_capacity(asked, like, show.console())))
    sys.exit(0 if found else 1)


@app.command()
def target(
    plan: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Where the plan is written, or a file .json; with files."),
    ],
    scenario: ScenarioOption = Scenario.REGISTER,
    phones: Annotated[int, typer.Option(help="Teleworkers, or items.")] = 500,
    rate: Annotated[float, typer.Option(help="Items that start per second.")] = 100.0,
    workers: Annotated[int, typer.Option(help="Locust workers, each with an engine.")] = 1,
    seed: SeedText = "1",
    shape: Annotated[
        Shape | None,
        typer.Option(help="How they come; without one Locust's -u, -r and -t rule."),
    ] = None,
    mbg: Mbg = None,
    accounts: Accounts = None,
    homes: HomesOctet = 30,
    site: Site = None,
    network: Network = "",
    outside: Outside = "",
) -> None:
    """Start the target of a scenario and write its plan, for Locust by hand; runs until Ctrl-C.

    A target that runs already is named as for burst; then the plan is written, and no more. DIR
    gets the plan with all that the engines read, passwords too, and can be copied elsewhere.

    Without --shape, Locust's own options rule: -u is how many of the phones come, each once, -r how
    many a second, -t when the test ends. With one, that rules, and Locust is not given them.

    python -m loadtests target --scenario boot --phones 100 --plan boots

    locust -f loadtests/locustfile.py Boot --plan boots/plan.json -u 100 -r 10 -t 60s --headless
    """
    asked = Asked(
        phones=phones, rate_per_s=rate, shape=shape or Shape.STEADY, workers=workers,
        seed=seed_of(seed), phones_per_home=1, limit_s=None, run_dir=None,
        mbg=address_of(mbg), accounts=accounts, homes=homes,
        scenario=scenario, by_locust=shape is None, site=site, network=network, outside=outside,
    )  # fmt: skip
    asyncio.run(_ending(stand(asked, plan, show.console())))


@app.command()
def phone(
    number: Annotated[int, typer.Argument(help="Which phone, from 0.")],
    run_dir: Annotated[Path, typer.Argument(help="Run folder of a burst with --time-lines.")],
) -> None:
    """Tell what happened to one phone of a burst, when, and how long after its moment.

    python -m loadtests burst --phones 5000 --rate 500 --time-lines --run-dir runs/mine

    python -m loadtests phone 4711 runs/mine
    """
    sys.stdout.write(read_phone(run_dir, number).text() + "\n")


@app.command()
def bench(
    only: Annotated[
        str, typer.Option(metavar="PAIR,...", help=f"Only these: {', '.join(PAIRS)}.")
    ] = "",
    seconds: Annotated[
        float, typer.Option(min=0.1, max=60, help="That one side has in one round.")
    ] = 3.0,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Of each figure.")] = 5,
    phones: Annotated[int, typer.Option(min=1, max=20_000, help="Registered in one round.")] = 1000,
    extensions: Annotated[
        int, typer.Option(min=1, max=50_000, help="Provisioned in one round.")
    ] = 10_000,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the numbers there, too.")
    ] = None,
    run_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="For bench.json, bench.html; else new below runs/."),
    ] = None,
) -> None:
    """Measure our MBG side by side with peers, and show ratios.

    rest: signed calls beside an unsigned mock by Prism (installed with npm into .bench/ the first
    time). border: registrations beside a bare relay and a bare responder. forward: octets and
    connections beside a bare socket relay. registrar: registrations of SIPp at a PBX node beside
    Kamailio (Debian: apt-get install kamailio sip-tester). two-nodes: the node in two processes
    beside one, by the busiest one's processor time. generator: our phones beside SIPp, at
    Kamailio and at our node. hold: 50,000 registered phones in one process. life: whole lives of
    phones beside the bare sum of their parts. phones: the MCS's phone listener beside aiohttp and
    nginx. phone-list: its list of 50,000 phones. provision: extensions that an MCS provisions on an
    MBG beside a bare signed client loop. two-mcs: the same by two MCS on one PostgreSQL beside one.
    estate: start of the whole estate beside a bare process. Ours and the peer take turns, with the
    same generator. Numbers go to bench.json, the ratios and aims are drawn in bench.html.

    Exit status: 0 it ran, 1 operations failed, 2 it could not be done.
    """
    names = chosen(only)
    size = Size(rounds=rounds, seconds=seconds, phones=phones, extensions=extensions)
    work = run_bench(names, size, json_file, run_dir, show.console())
    sys.exit(0 if asyncio.run(_ending(work)) else 1)


async def _ending(work: Coroutine[None, None, bool]) -> bool:
    """Like Ctrl-C, a request to terminate goes through every clean-up on the way out."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def entry() -> None:
    """Run a command; what a person can put right is one sentence and exit status 2."""
    # A script's background job is born deaf to Ctrl-C; whoever sends it means us to stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app(prog_name="python -m loadtests")
    except BenchError as error:
        sys.stderr.write(f"loadtests: {error}\n")
        sys.exit(2)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.stderr.write("loadtests: stopped; everything that was started has been ended\n")
        sys.exit(130)


if __name__ == "__main__":
    entry()
