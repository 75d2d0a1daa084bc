"""Batches of an engine in Locust's own statistics, and from a worker on to its master."""

from typing import Any, cast

import locust
from locust.env import Environment
from locust.runners import WorkerRunner
from locust.stats import StatsEntry, StatsEntryDict, StatsError

from loadtests.batches import Batch, stats_entry
from loadtests.engine_core.totals import Totals
from loadtests.scenarios.kinds import Kind


def merge(environment: Environment, kind: Kind, batch: Batch) -> None:
    """Add a batch to this process's statistics, from which Locust reports to its master."""
    stats = environment.stats
    name, method = kind.request, kind.method
    if batch.registered or batch.failed:
        said = stats_entry(batch, name, method)
        entry = StatsEntry.unserialize(cast(StatsEntryDict, said), stats)
        for kept in (stats.entries[(name, method)], stats.total):
            if not kept.num_requests and isinstance(environment.runner, WorkerRunner):
                kept.start_time = entry.start_time  # the master's time, and not this clock's
            kept.extend(entry)
    for reason, count in batch.failures.items():
        key = StatsError.create_key(method, name, reason)
        stats.errors.setdefault(key, StatsError(method, name, reason)).occurrences += count
    if batch.final and isinstance(environment.runner, WorkerRunner):
        _report(environment, environment.runner)


def _report(environment: Environment, runner: WorkerRunner) -> None:
    """Report to the master now: it may show its numbers as soon as the last engine has ended."""
    data: dict[str, Any] = {}
    environment.events.report_to_master.fire(  # type: ignore[no-untyped-call]
        client_id=runner.client_id, data=data
    )
    runner.send_message("stats", data)


def counted(environment: Environment) -> dict[str, int | str]:
    """What Locust's statistics hold at the end."""
    total = environment.stats.total
    return {
        "version": locust.__version__,
        "requests": total.num_requests,
        "failures": total.num_failures,
        "p50_ms": total.get_response_time_percentile(0.5) or 0,
        "p99_ms": total.get_response_time_percentile(0.99) or 0,
    }


def merged(totals: Totals, kind: Kind) -> str:
    """What the engines' own histograms give together; Locust's percentiles are rounded."""
    points = (f"p{p:g} {totals.latency.percentile_ms(p) or 0:.2f} ms" for p in (50, 90, 99, 99.9))
    return (
        f"By the histograms of all engines, merged: {totals.registered} {kind.done}, "
        f"{totals.failed} failed; {', '.join(points)}"
    )
