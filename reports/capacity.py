"""Reads ``capacity.json`` into a ``Capacity``."""

from reports.fields import Row
from reports.load import Capacity, CapacityBurst, CapacityKind, Latency, LevelState


def read_capacity(row: Row) -> Capacity:
    """Return the search described by the one object of capacity.json.

    Raises:
        ReportError: A field is missing or of the wrong type.
    """
    answer = row.row("answer")
    return Capacity(
        measure=row.text("measure", blank=False),
        levels=row.texts("levels"),
        from_per_s=row.number("from_per_s"),
        to_per_s=row.number("to_per_s"),
        repeats=row.integer("repeats"),
        seconds_per_burst=row.number("seconds_per_burst"),
        kind=answer.choice("kind", CapacityKind),
        sentence=answer.text("sentence", blank=False),
        rate_per_s=answer.number("rate_per_s"),
        low_per_s=answer.optional_number("low_per_s"),
        high_per_s=answer.optional_number("high_per_s"),
        confidence=answer.optional_number("confidence"),
        limit=answer.optional_text("limit"),
        bursts=tuple(_burst(item) for item in row.rows("bursts")),
        noun=row.optional_text("noun") or "phones",
        done=row.optional_text("done") or "registered",
        target=row.optional_text("target"),
        fresh=row.is_null("fresh") or row.flag("fresh"),
    )


def _burst(row: Row) -> CapacityBurst:
    rate = row.number("rate_per_s")
    if not rate:
        row.refuse("rate_per_s", "a rate above 0", rate)
    latency = row.row("latency_ms")
    return CapacityBurst(
        number=row.integer("number"),
        search=row.integer("search"),
        rate_per_s=rate,
        phones=row.integer("phones"),
        state=row.choice("state", LevelState),
        registered=row.integer("registered"),
        within=row.number("within"),
        latency_ms=Latency(
            **{
                name: latency.optional_number(name)
                for name in ("p50", "p90", "p95", "p99", "p99_9", "max")
            }
        ),
        folder=row.optional_text("folder"),
        reason=row.optional_text("reason"),
    )
