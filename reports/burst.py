"""Reads ``burst.json`` into a ``Burst``.

Counts and rates are checked for type and range here; whether they add up is said on the page
(``coverage.notices``), since a generator that lost count is a result, too.
"""

from reports.fields import Row
from reports.model import Burst, Failure, Generator, Latency, Sample


def read_burst(row: Row) -> Burst:
    """Return the burst described by the one object of burst.json.

    Raises:
        ReportError: A field is missing or of the wrong type, or the series runs backwards.
    """
    generator = row.row("generator")
    return Burst(
        phones=row.integer("phones"),
        rate_per_s=row.number("rate_per_s"),
        workers=row.integer("workers"),
        engine=row.text("engine"),
        scheduled_s=row.number("scheduled_s"),
        attempted=row.integer("attempted"),
        registered=row.integer("registered"),
        failed=row.integer("failed"),
        failures=tuple(
            Failure(item.text("reason"), item.integer("count")) for item in row.rows("failures")
        ),
        latency_ms=_latency(row.row("latency_ms")),
        series=_series(row),
        generator=Generator(
            cpu_percent=generator.optional_number("cpu_percent"),
            lag_p99_ms=generator.optional_number("lag_p99_ms"),
            retransmissions=generator.optional_integer("retransmissions"),
        ),
        headline=row.optional_text("headline"),
        headline_refused=row.optional_text("headline_refused"),
    )


def _latency(row: Row) -> Latency:
    return Latency(
        p50=row.optional_number("p50"),
        p90=row.optional_number("p90"),
        p95=row.optional_number("p95"),
        p99=row.optional_number("p99"),
        p99_9=row.optional_number("p99_9"),
        max=row.optional_number("max"),
    )


def _series(burst: Row) -> tuple[Sample, ...]:
    samples: list[Sample] = []
    for row in burst.rows("series"):
        sample = Sample(
            t_s=row.number("t_s"),
            started=row.integer("started"),
            registered=row.integer("registered"),
            failed=row.integer("failed"),
            p50_ms=row.optional_number("p50_ms"),
            p99_ms=row.optional_number("p99_ms"),
        )
        if samples and sample.t_s <= samples[-1].t_s:
            row.refuse(
                "t_s", f"more than {samples[-1].t_s:g}, as samples follow in time", sample.t_s
            )
        samples.append(sample)
    return tuple(samples)
