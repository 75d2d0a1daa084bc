"""What a person sees of a burst: progress while it runs, a table and one last line at the end."""

import sys
import time
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from loadtests.engine_core.totals import Totals
from loadtests.plan import Plan
from loadtests.verdict.cost import cost
from loadtests.verdict.levels import State, Verdict
from loadtests.verdict.recovery import Recovery
from loadtests.verdict.results import PERCENTILES, Outcome, headline_refused
from simulators.core import Address


class Progress:
    """One line about the burst: kept current on a terminal, else printed once a second."""

    def __init__(self, console: Console, phones: int, done: str = "registered") -> None:
        self._console = console
        self._phones = phones
        self._done = done
        self._live = Live(console=console, transient=True) if console.is_terminal else None
        self._shown_at = 0.0

    def __enter__(self) -> "Progress":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, totals: Totals, *, last: bool = False) -> None:
        """Show where the burst stands."""
        now = time.monotonic()
        if not last and now - self._shown_at < 1.0:
            return
        self._shown_at = now
        text = progress_line(totals, self._phones, self._done)
        if self._live is not None and not last:
            self._live.update(text)
        else:
            self._console.print(text, highlight=False)


def progress_line(totals: Totals, phones: int, done: str = "registered") -> str:
    """Where the burst stands, in one line."""
    return (
        f"{max(totals.seconds, default=0):4d} s  {totals.started} of {phones} started, "
        f"{totals.registered} {done}, {totals.failed} failed, "
        f"p99 {_ms(totals.latency.percentile_ms(99))}, lag p99 {_ms(totals.lag.percentile_ms(99))}"
    )


def to_machines(plan: Plan, path: Path, master: Address) -> str:
    """How workers on other machines join a burst."""
    host, port = master
    return (
        f"Waiting for {plan.workers} workers with a copy of {path.parent}, which holds passwords:\n"
        f"  locust -f loadtests/locustfile.py {plan.kind.user} --plan COPY/{path.name} --worker "
        f"--master-host {host} --master-port {port} --source NETWORK"
    )


def by_hand(plan: Plan, path: Path, *, ends: bool) -> str:
    """How to run a plan with Locust by hand; with `ends` its target ends with the command."""
    locust = f"locust -f loadtests/locustfile.py {plan.kind.user} --plan"
    users = f" -u {plan.phones} -r {plan.rate_per_s:g}" if plan.by_locust else ""
    processes = f" --processes {plan.workers}" if plan.workers > 1 else ""
    lines = [
        f"Up to {plan.phones} {plan.kind.noun}, {plan.manner}."
        + (" The target runs until Ctrl-C." if ends else ""),
        f"With Locust's pages:  {locust} {path}{processes}{users}",
        f"Without:  {locust} {path}{processes}{users} --headless",
    ]
    if plan.workers > 1:
        lines += [
            f"On several machines, with copies of {path.parent}, which holds passwords:",
            f"  here:  {locust} {path} --master --master-bind-host ADDRESS{users} --headless",
            f"  {plan.workers} times:  {locust} COPY/{path.name} --worker --master-host ADDRESS "
            "--source NETWORK",
        ]
    return "\n".join(lines)


def outcome_table(outcome: Outcome) -> Table:
    """The numbers of a burst."""
    totals = outcome.totals
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_row("attempted", str(totals.started))
    kind = outcome.plan.kind
    table.add_row(f"{kind.done}, by the load engine", str(totals.registered))
    for role, count in outcome.counts.items():
        table.add_row(f"by the {role}", "not known" if count is None else str(count))
    table.add_row("failed", str(totals.failed))
    for reason, count in totals.failures.most_common(10):
        table.add_row(f"  {reason}", str(count))
    for name, percent in PERCENTILES.items():
        value = _ms(totals.latency.percentile_ms(percent))
        table.add_row(f"latency {name.replace('_', '.')}", value)
    table.add_row("latency max", _ms(totals.latency.max_ms))
    table.add_row("retransmissions", str(totals.retransmissions))
    table.add_row("datagrams not sent, dropped here", f"{totals.send_errors}, {totals.drops}")
    table.add_row("generator lag p99", _ms(totals.lag.percentile_ms(99)))
    cpu = totals.cpu_percent
    table.add_row("generator CPU, busiest 2 s", "not known" if cpu is None else f"{cpu:.0f} %")
    costs = cost(totals, outcome.used)
    for name, shown in costs.rows(kind.item) if costs is not None else ():
        table.add_row(name, shown)
    return table


def levels_table(verdicts: list[Verdict]) -> Table:
    """Each level, what was measured, and what follows."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("level", "measured", ""):
        table.add_column(name)
    for verdict in verdicts:
        table.add_row(verdict.level.text, verdict.actual, verdict.state.value)
    return table


def recovery_table(storm: Recovery) -> Table:
    """The verdict on a storm, part by part."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column()
    for name, shown in storm.rows:
        table.add_row(name, shown)
    return table


def show_outcome(console: Console, outcome: Outcome) -> None:
    """The tables, and what is to be said about them."""
    console.print()
    console.print(outcome_table(outcome), highlight=False)
    console.print()
    if outcome.recovery is not None:
        _show_recovery(console, outcome.recovery)
    if outcome.levels:
        console.print(levels_table(outcome.verdicts), highlight=False)
        console.print()
    for problem in outcome.problems:
        console.print(f"Problem: {problem}", highlight=False, markup=False)
    if outcome.report is None:
        console.print(f"Not counted at MBG and PBX: {outcome.unasked}", highlight=False)
    refused = headline_refused(outcome)
    if refused:
        console.print(f"No headline. {refused}", highlight=False, markup=False)


def _show_recovery(console: Console, storm: Recovery) -> None:
    console.print(f"Recovery: {storm.sentence}", highlight=False, markup=False)
    console.print(recovery_table(storm), highlight=False)
    if storm.story:
        said = f"What happened to the worst phone: {storm.story}"
        console.print(said, highlight=False, markup=False)
    console.print()


def last_line(outcome: Outcome) -> str:
    """`500 of 500 registered`, and how many levels were held where some were asked for."""
    said = f"{outcome.registered} of {outcome.plan.phones} {outcome.plan.kind.done}"
    if not outcome.levels:
        return said
    states = [verdict.state for verdict in outcome.verdicts]
    if State.NOT_JUDGED in states:
        return f"{said}; levels not judged"
    return f"{said}; {states.count(State.HELD)} of {len(states)} levels held"


def console() -> Console:
    """Standard output; a pipe or a file gets long lines whole."""
    return Console(soft_wrap=True) if sys.stdout.isatty() else Console(width=160, soft_wrap=True)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"
