"""The commands of `python -m features`: suites with report, demo, an estate to work against."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from features import repeat as repeating
from features.defects import run as planting
from features.demo import Demo, Outcome
from features.pictures import chromium, take
from features.recording import RunFolder
from features.verdicts.applicability import load as load_applicability
from features.verdicts.core import Profile
from features.verdicts.rules import read_rules
from features.words import catalogue
from simulators.control.server import ControlServer
from simulators.entropy import Seed
from simulators.errors import BenchError, ConfigurationError
from simulators.estate import mcs_program
from simulators.estate.config import EstateConfig, load
from simulators.estate.estate import Estate
from simulators.mbg.mbg import Mbg
from simulators.running import run

MOST_PHONES = 5_000
SUITES = Path(__file__).with_name("test_features.py")

HELP = """The suites with their report, the demo, an estate to work against, pictures of all pages.

Start with `demo`, which ends by itself, or with `up`, which prints what to open in a browser.
"""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(help=HELP)
def features() -> None:
    """All commands; each has a --help of its own."""


@app.command()
def demo(
    phones: Annotated[int, typer.Option(help="How many teleworkers to deploy.")] = 25,
    seed: Annotated[str, typer.Option(help="Decides names, MACs, secrets; repeats a run.")] = "1",
    estate: Annotated[
        Path | None, typer.Option(help="Estate file (TOML); default: all ours.")
    ] = None,
) -> None:
    """Play stages 1 to 6 with PHONES invented teleworkers and write the run's report.

    Exit status 0 only when all of them are registered at the PBX through the MBG.
    """
    outcome = _play(phones, seed, estate)
    console = Console(highlight=False)
    report = asyncio.run(_report(outcome.folder))
    console.print(f"Report: {report}", soft_wrap=True)
    if outcome.error:
        console.print(f"[red]{outcome.error.splitlines()[0]}[/red]", markup=True)
    console.print(f"{outcome.registered} of {phones} registered")
    if outcome.error or outcome.registered != phones:
        raise typer.Exit(1)


@app.command()
def up(
    phones: Annotated[int, typer.Option(help="How many teleworkers to deploy.")] = 5,
    seed: Annotated[str, typer.Option(help="Decides names, MACs, secrets; repeats a run.")] = "1",
    estate: Annotated[
        Path | None, typer.Option(help="Estate file (TOML); default: all ours.")
    ] = None,
) -> None:
    """Play the stages and stay up until Ctrl-C, with all addresses and log-ins printed.

    Open the estate's page, printed last, in a browser on this machine: it has links to both admin
    sites, each handset, the live map. One estate at a time has these fixed addresses.
    """
    _play(phones, seed, estate, _stay)


@app.command()
def pictures(
    phones: Annotated[int, typer.Option(help="How many teleworkers to deploy.")] = 5,
    seed: Annotated[str, typer.Option(help="Decides names, MACs, secrets; repeats a run.")] = "1",
    estate: Annotated[
        Path | None, typer.Option(help="Estate file (TOML); default: all ours.")
    ] = None,
) -> None:
    """Play the stages, then picture every page: both sites, handsets, the wall, the live map.

    At 1280 and 400 pixels, light and dark, by chromium, into a folder below runs/.
    """
    chromium()
    folder = RunFolder.new("pictures").path

    async def picture(running: Estate) -> None:
        sys.stdout.write(f"{await take(running, folder)} pictures in {folder}\n")

    outcome = _play(phones, seed, estate, picture)
    if outcome.error:
        raise BenchError(f"nothing was pictured: {outcome.error.splitlines()[0]}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def check(
    context: typer.Context,
    estate: Annotated[
        Path | None, typer.Option(help="Estate file (TOML); default: all ours.")
    ] = None,
    profile: Annotated[
        Profile, typer.Option(help="strict: all; manual: as the manual page; smoke: happy paths.")
    ] = Profile.STRICT,
    applicability: Annotated[
        Path | None, typer.Option(help="File (TOML): what the product does not support, and why.")
    ] = None,
) -> None:
    """Run the feature suites and write their report; further options go to pytest (-m ICP-2).

    Exit status: 0 when nothing that counts in the profile failed and something was proved, 1 when
    not, 2 when it can't be done as asked.
    """
    folder = RunFolder.new("features").path
    command = [sys.executable, "-m", "pytest", str(SUITES), "-q"]
    command += [f"--run-dir={folder.resolve()}", f"--profile={profile.value}"]
    if estate is not None:
        load(estate)
        command.append(f"--estate={estate.resolve()}")
    if applicability is not None:
        load_applicability(applicability, read_rules())
        command.append(f"--applicability={applicability.resolve()}")
    status = subprocess.run([*command, *context.args], check=False).returncode
    if folder.exists():
        Console().print(f"Report: {asyncio.run(_report(folder))}", soft_wrap=True)
    raise typer.Exit(status)


@app.command()
def defects(
    only: Annotated[str, typer.Option(help="These alone, comma-separated.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="Show them, try none.")] = False,
    thorough: Annotated[
        bool, typer.Option(help="Try each with all scenarios that reach it; takes long.")
    ] = False,
    reach: Annotated[
        Path | None, typer.Option(help="Run folder that notes who reaches which; default: a run.")
    ] = None,
) -> None:
    """Plant each defect, and see that exactly the scenarios of its requirements turn red.

    Exit status 0 only when all are caught; the last line is `N of N caught`.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    if listed:
        planting.listed(console)
        return
    raise typer.Exit(planting.try_all(console, reach, only, thorough=thorough))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def repeat(
    context: typer.Context,
    times: Annotated[int, typer.Argument(help="How often.", min=1)] = 20,
    first: Annotated[int, typer.Option(help="Seed of the first round's order.")] = 1,
) -> None:
    """Run the suites TIMES times, each in another order; further options go to pytest (-n 2).

    Exit status 0 only when no scenario failed in any round; the last line sums up.
    """
    console = Console(highlight=False)
    folder = RunFolder.new("repeat").path
    rounds = repeating.repeat(times, first, context.args, folder, console.print)
    console.print(repeating.summary(rounds), soft_wrap=True)
    raise typer.Exit(any(each.failed or not each.passed for each in rounds))


@app.command()
def steps(
    write: Annotated[Path | None, typer.Option(help="Into this file, not to the screen.")] = None,
) -> None:
    """The step catalogue: what a scenario can say, by area (docs/steps.md)."""
    if write is None:
        sys.stdout.write(catalogue.page())
    else:
        write.write_text(catalogue.page(), encoding="utf-8")


def _play(
    phones: int,
    seed: str,
    estate: Path | None,
    linger: Callable[[Estate], Awaitable[None]] | None = None,
) -> Outcome:
    """Check what was asked for, play, and show the phones.

    Raises:
        ConfigurationError: it can't be done as asked.
    """
    if not 1 <= phones <= MOST_PHONES:
        raise ConfigurationError(
            f"expected 1 to {MOST_PHONES} phones, got {phones}: choose another number"
        )
    number = Seed.parse(seed).number
    config = EstateConfig() if estate is None else load(estate)
    if config.mcs.role == "external":
        mcs_program.unwanted()
    config = config.model_copy(update={"run": config.run.model_copy(update={"seed": number})})
    if config.mbg.licences < phones:
        raise ConfigurationError(
            f"the MBG has {config.mbg.licences} teleworker licences for {phones} phones: "
            "set mbg.licences in the estate file"
        )
    console = Console(highlight=False)
    command = f"python -m features demo --phones {phones} --seed {number}"
    command += f" --estate {estate}" if estate is not None else ""
    shown = _Shown(console)
    with shown.progress:
        outcome = run(Demo(config, phones, shown, command, linger).play())
    _show(console, outcome)
    return outcome


async def _stay(estate: Estate) -> None:
    """Say where everything is, then wait for Ctrl-C."""
    plan, mcs = estate.claim.plan, estate.mcs
    assert mcs is not None
    lines = [
        f"MCS site     {mcs.api_url}/  log-in {mcs.admin_name} / {mcs.admin_password}",
        f"MCS API      {mcs.api_url}/api/v1",
        *(
            line
            for mbg, control in zip(estate.mbgs, estate.controls, strict=True)
            for line in _mbg_lines(mbg, control)
        ),
        *(f"{node.role:<12} {node.address[0]}:{node.address[1]}" for node in estate.nodes),
        f"PBX control  {estate.pbx_control.url}",
        f"CT Gateway   {plan.ct_gateway}:{estate.ct_gateway.address[1]}",
        f"homes        {plan.home(0)} and on",
        f"phones       control {estate.phone_control.url}",
        *(f"{label:<12} {url}" for label, url in estate.where.faces()),
        "The sites' certificates are of the run's own CA: a browser asks before it opens them.",
        f"All of this with links: {estate.control.url}/",
        "The estate is up. Ctrl-C takes it down.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


def _mbg_lines(mbg: Mbg, control: ControlServer) -> list[str]:
    """Where one MBG is, each line with its role's name."""
    https = f"https://{mbg.rest_address[0]}:{mbg.rest_address[1]}"
    return [
        f"{mbg.role:<12} inside {mbg.inside}, outside {mbg.outside}; REST {https}/mslrest",
        f"{mbg.role + ' site':<12} {https}/server-manager/  "
        f"log-in admin / {mbg.settings.site_password}",
        f"{mbg.role + ' control':<12} {control.url}",
    ]


class _Shown:
    """Progress on a terminal: a bar per stage; without one, a line per stage."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[latest]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self.progress.add_task("", visible=False, latest="")
        self._left = 0
        self._title = ""

    def began(self, page: str) -> None:
        self._console.print(f"To watch the stages in a browser: {page}", soft_wrap=True)

    def stage(self, number: int, title: str, total: int) -> None:
        self._title = f"Stage {number}  {title}"
        self._left = total
        self._task = self.progress.add_task(self._title, total=total, latest="")

    def did(self, what: str) -> None:
        self._left -= 1
        self.progress.update(self._task, advance=1, latest=what if self._left else "")
        if not self._left and not self._console.is_terminal:
            self._console.print(f"{self._title}: done")


def _show(console: Console, outcome: Outcome) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold underline")
    for heading in ("Ext", "Name", "Model", "MAC", "Home", "Firmware", "State"):
        table.add_column(heading, no_wrap=True)
    for phone in outcome.phones:
        columns = ("extension", "name", "model", "mac", "home", "firmware", "state")
        table.add_row(*(phone[column] for column in columns))
    console.print(table)


async def _report(folder: Path) -> str:
    """Have the report written; returns what that said: the path of the page."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "reports", str(folder), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        return f"not written (python -m reports {folder} ended with {process.returncode})"
    return output.decode().strip().splitlines()[-1]


def entry() -> None:
    """Run a command; what a person can put right is one sentence and exit status 2."""
    # A script's background job is born deaf to Ctrl-C; whoever sends it means us to stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app()
    except BenchError as error:
        sys.stderr.write(f"features: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
