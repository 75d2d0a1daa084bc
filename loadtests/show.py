"""What a person sees of a burst: progress while it runs, a table and one last line at the end."""

import sys
import time

from rich.console import Console
from rich.live import Live
from rich.table import Table

from loadtests.engine_core.totals import Totals
from loadtests.results import PERCENTILES, Outcome, headline_refused


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
    table.add_row("generator lag p99", _ms(totals.lag.percentile_ms(99)))
    cpu = totals.cpu_percent
    table.add_row("generator CPU, busiest 2 s", "not known" if cpu is None else f"{cpu:.0f} %")
    return table


def show_outcome(console: Console, outcome: Outcome) -> None:
    """The table, and what is to be said about it."""
    console.print()
    console.print(outcome_table(outcome), highlight=False)
    console.print()
    for problem in outcome.problems:
        console.print(f"Problem: {problem}", highlight=False, markup=False)
    if outcome.report is None:
        console.print(f"Not counted at MBG and PBX: {outcome.unasked}", highlight=False)
    refused = headline_refused(outcome)
    if refused:
        console.print(f"No headline. {refused}", highlight=False, markup=False)


def last_line(outcome: Outcome) -> str:
    """`500 of 500 registered`."""
    return f"{outcome.registered} of {outcome.plan.phones} {outcome.plan.kind.done}"


def console() -> Console:
    """Standard output; a pipe or a file gets long lines whole."""
    return Console(soft_wrap=True) if sys.stdout.isatty() else Console(width=160, soft_wrap=True)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"
