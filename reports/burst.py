"""Reads ``burst.json`` into a ``Burst``.

Counts and rates are checked for type and range here; whether they add up is said on the page
(``coverage.notices``), since a generator that lost count is a result, too.
"""

from dataclasses import fields

from reports.fields import Row
from reports.load import (
    Burst,
    Cost,
    Failure,
    Generator,
    Harm,
    Harmed,
    Latency,
    Level,
    LevelState,
    Recovery,
    Sample,
)


def read_burst(row: Row) -> Burst:
    """Return the burst described by the one object of burst.json.

    Raises:
        ReportError: A field is missing or of the wrong type, or the series runs backwards.
    """
    generator = row.row("generator")
    return Burst(
        noun=row.optional_text("noun") or "phones",
        request=row.optional_text("request") or "registration",
        done=row.optional_text("done") or "registered",
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
            send_errors=generator.optional_integer("send_errors"),
            drops=generator.optional_integer("drops"),
        ),
        headline=row.optional_text("headline"),
        headline_refused=row.optional_text("headline_refused"),
        levels=tuple(_level(item) for item in row.rows("levels", optional=True)),
        recovery=_recovery(row.optional_row("recovery")),
        cost=_cost(row.optional_row("cost_per_phone")),
    )


def _level(row: Row) -> Level:
    return Level(
        level=row.text("level", blank=False),
        actual=row.text("actual"),
        state=row.choice("state", LevelState),
        reason=row.optional_text("reason"),
    )


def _recovery(row: Row | None) -> Recovery | None:
    if row is None:
        return None
    worst = row.optional_row("worst_phone")
    return Recovery(
        verdict=row.text("verdict", blank=False),
        whole=row.flag("whole"),
        back_99_percent_s=row.optional_number("back_99_percent_s"),
        back_all_s=row.optional_number("back_all_s"),
        worst_phone=None if worst is None else worst.integer("phone"),
        worst_waited_s=None if worst is None else worst.number("waited_s"),
        worst_back=worst is not None and worst.flag("back"),
        harm=tuple(
            Harm(
                item.text("name"),
                item.optional_text("what"),
                item.optional_integer("count"),
                tuple(_harmed(one) for one in item.rows("who", optional=True)),
            )
            for item in row.rows("harm")
        ),
        unknown=row.optional_integer("unknown") or 0,
        under_way=row.optional_integer("under_way") or 0,
        worst_story="" if worst is None else worst.optional_text("story"),
    )


def _harmed(row: Row) -> Harmed:
    return Harmed(row.optional_integer("phone"), row.text("extension"))


def _cost(row: Row | None) -> Cost | None:
    if row is None:
        return None
    return Cost(**{field.name: row.optional_number(field.name) for field in fields(Cost)})


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
