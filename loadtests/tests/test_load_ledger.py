"""The books add up: series, totals and batches, however they are cut and dealt out."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.batches import Batch, Message, Waited, bucket_ms, from_line, stats_entry, to_line
from loadtests.engine_core.ledger import MOST_REASONS, OTHER, Ledger
from loadtests.engine_core.totals import Totals
from loadtests.errors import GeneratorError

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take long


@dataclass(frozen=True)
class Case:
    due: float
    lag: float
    took: float
    reason: str | None
    cut: bool  # a batch is taken after it


CASES = st.lists(
    st.builds(
        Case,
        st.floats(0, 20),
        st.floats(0, 0.5),
        st.floats(0, 40),
        st.sampled_from([None, None, "403: refused", "no answer within 32 s"]),
        st.booleans(),
    ),
    max_size=40,
)


def take(ledger: Ledger, *, final: bool = False) -> Batch:
    return ledger.take(wall_s=1000.5, elapsed_s=0.5, cpu_s=0.1, final=final)


def enter(cases: list[Case], worker: int = 0) -> list[Batch]:
    ledger, batches = Ledger(worker), []
    for case in cases:
        start = case.due + case.lag
        ledger.started(case.due, start)
        if case.reason is None:
            ledger.registered(case.due, start + case.took)
        else:
            ledger.failed(case.due, start + case.took, case.reason)
        if case.cut:
            batches.append(take(ledger))
    return [*batches, take(ledger, final=True)]


def total(batches: list[Batch]) -> Totals:
    totals = Totals()
    for batch in batches:
        line = to_line(Message(batch=batch))
        found = from_line(line).batch
        assert found == batch
        totals.add(found)
    return totals


@UNHURRIED
@given(cases=CASES)
def test_the_series_adds_up_to_the_totals(cases: list[Case]) -> None:
    totals = total(enter(cases))
    seconds = totals.seconds.values()
    assert totals.started == len(cases) == sum(s.started for s in seconds)
    assert totals.registered == sum(s.registered for s in seconds) == totals.latency.count
    assert totals.failed == sum(s.failed for s in seconds) == totals.failures.total()
    assert totals.started == totals.registered + totals.failed == totals.lag.count
    assert sum(s.latency.count for s in seconds) == totals.registered


@UNHURRIED
@given(cases=CASES, workers=st.integers(1, 4))
def test_any_number_of_engines_comes_to_the_same(cases: list[Case], workers: int) -> None:
    one = total(enter(cases))
    many = total([b for w in range(workers) for b in enter(cases[w::workers], w)])
    assert (many.started, many.registered, many.failures) == (
        one.started,
        one.registered,
        one.failures,
    )
    for percent in (50, 99, 99.9):
        assert many.latency.percentile_ms(percent) == one.latency.percentile_ms(percent)
        assert many.lag.percentile_ms(percent) == one.lag.percentile_ms(percent)
    assert many.finished == set(range(workers))


@UNHURRIED
@given(cases=CASES)
def test_locust_is_told_each_end_once(cases: list[Case]) -> None:
    entries = [stats_entry(batch, "registration", "REGISTER") for batch in enter(cases)]
    ends = sum(int(str(entry["num_requests"])) for entry in entries)
    assert ends == len(cases)
    for entry in entries:
        response_times = entry["response_times"]
        assert isinstance(response_times, dict)
        assert sum(response_times.values()) == entry["num_requests"]


def test_latency_runs_from_the_scheduled_moment() -> None:
    """A phone started 2 s late and answered at once took 2 s: a slow engine hides nothing."""
    totals = total(enter([Case(due=1.0, lag=2.0, took=0.0, reason=None, cut=False)]))
    latency = totals.latency.percentile_ms(50)
    assert latency == pytest.approx(2000, rel=0.001)
    assert totals.lag.percentile_ms(99) == pytest.approx(2000, rel=0.001)


def test_the_worst_phone_is_named_and_never_back_is_worst() -> None:
    ledger, other = Ledger(0), Ledger(1)
    for at, phone in enumerate((7, 8, 9)):
        ledger.started(at, at)
        ledger.registered(at, at + (3.0 if phone == 8 else 1.0), phone)
    totals = total([take(ledger, final=True)])
    assert totals.worst == Waited(8, 3.0, True)
    other.started(5, 5)
    other.failed(5, 5.5, "403: refused", 42)
    totals.add(take(other, final=True))
    assert totals.worst == Waited(42, 0.5, False)
    assert totals.back.max_ms == 4000.0, "after the beginning, whenever a phone was due"
    assert totals.back.count == 3


def test_a_batch_is_handed_out_once() -> None:
    ledger = Ledger(0)
    ledger.started(0, 0)
    ledger.registered(0, 0.1)
    assert take(ledger).registered == 1
    assert take(ledger) == Batch(0, 1000, 0.5, 0.1)


def test_reasons_are_kinds_not_cases() -> None:
    ledger = Ledger(0)
    for number in range(100):
        ledger.started(0, 0)
        ledger.failed(0, 1, f"strange reason {number}")
    failures = take(ledger).failures
    assert len(failures) == MOST_REASONS + 1
    assert failures[OTHER] == 100 - MOST_REASONS


def test_refreshes_are_no_new_registrations() -> None:
    ledger = Ledger(0)
    ledger.refreshed()
    ledger.lost()
    batch = take(ledger)
    assert (batch.refreshed, batch.lost, batch.started, batch.registered) == (1, 1, 0, 0)


def test_the_busiest_stretch_counts_not_the_mean() -> None:
    totals = Totals()
    for cpu in [0.48] * 4 + [0.0] * 100:
        totals.add(Batch(0, 0, 0.5, cpu))
    assert totals.cpu_percent == pytest.approx(96)


def test_one_busy_engine_is_not_hidden_by_idle_ones() -> None:
    totals = Totals()
    for _ in range(6):
        totals.add(Batch(0, 0, 0.5, 0.49))
        totals.add(Batch(1, 0, 0.5, 0.01))
    assert totals.cpu_percent == pytest.approx(98)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b'{"batch": {"worker": "x"}}', b"hello\n"])
def test_what_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(GeneratorError):
        from_line(line)


@pytest.mark.parametrize(
    ("ms", "bucket"), [(0.2, 0), (7.4, 7), (147, 150), (3432, 3400), (58_760, 59_000)]
)
def test_locusts_rounding(ms: float, bucket: int) -> None:
    assert bucket_ms(ms) == bucket
