"""What holds for all scenarios: the split of items, the merging of what engines say."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.batches import Batch
from loadtests.driver import Engine
from loadtests.engine_core.ledger import Ledger
from loadtests.engine_core.totals import Totals
from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.kinds import KINDS, OF_PHONES, STRUCK, Scenario
from loadtests.target import Ready, Report
from loadtests.verdict.results import Outcome, burst_document, headline_refused

UNHURRIED = settings(deadline=None, max_examples=20)
PLAN = Plan(("127.20.0.10", 5060), 30, "a", 4, 2.0, limit_s=62.0)


def ignored(batch: Batch) -> None:
    """Nobody listens."""


PLACES = dict.fromkeys(("api", "feed", "mbg", "control"), "https://127.10.0.5:8200/x")
PLACES |= {"files": "127.20.0.10:8202", "firmware": "5.0.0.1018", "ca": "nowhere"}


@pytest.mark.parametrize("scenario", list(Scenario))
@UNHURRIED
@given(homes=st.lists(st.integers(0, 40), min_size=1, max_size=40), workers=st.integers(1, 5))
def test_engines_share_one_population_without_overlap(
    scenario: Scenario, homes: list[int], workers: int
) -> None:
    workers = min(workers, len(homes))
    accounts = [
        PhoneAccount(f"u{i}", "p", str(i), home, f"1400E9{i:06X}", "6930")
        for i, home in enumerate(homes)
    ]
    plan = replace(PLAN, scenario=scenario, phones=len(homes), workers=workers, places=PLACES)
    shares = [Engine(plan, worker, accounts, ignored).phones for worker in range(workers)]
    assert sorted(index for share in shares for index in share) == list(range(len(homes)))


@pytest.mark.parametrize("scenario", list(Scenario))
@UNHURRIED
@given(ends=st.lists(st.tuples(st.integers(0, 3), st.floats(0.0001, 50)), min_size=1, max_size=60))
def test_percentiles_are_those_of_all_engines_together(
    scenario: Scenario, ends: list[tuple[int, float]]
) -> None:
    """Each scenario's ends go into the same histograms, which are merged and never averaged."""
    totals = Totals()
    for worker in range(4):
        ledger = Ledger(worker)
        for _, latency_s in (end for end in ends if end[0] == worker):
            ledger.started(0, 0)
            ledger.registered(0, latency_s)
        totals.add(ledger.take(wall_s=0, elapsed_s=2, cpu_s=0.1, final=True))
    plan = replace(PLAN, scenario=scenario, phones=60, workers=4)
    outcome = Outcome(plan, Ready(PLAN.mbg, 30, "a"), totals, "x", None, "", False, {})
    ordered = sorted(round(latency_s * 1000, 3) for _, latency_s in ends)
    found = burst_document(outcome)["latency_ms"]
    assert isinstance(found, dict)
    for name, percent in (("p50", 50.0), ("p99", 99.0)):
        wanted = ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
        assert abs(found[name] - wanted) <= 0.002 * wanted + 0.002


def halves(plan: Plan, ended: int) -> Totals:
    """Engine 0 with all of its 2 items; engine 1 with 1 started, so many of these ended."""
    totals = Totals()
    for worker, count, done in ((0, 2, 2), (1, 1, ended)):
        ledger = Ledger(worker)
        for index in range(count):
            ledger.started(index, index)
        for index in range(done):
            ledger.registered(index, index + 0.01)
        totals.add(ledger.take(wall_s=0, elapsed_s=2, cpu_s=0.1, final=worker == 0))
    return totals


@pytest.mark.parametrize("scenario", list(Scenario))
def test_a_lost_worker_is_told_and_its_items_are_no_failures(scenario: Scenario) -> None:
    plan = replace(PLAN, scenario=scenario, workers=2)
    totals = halves(plan, 0)
    totals.lose(1, 2, "killed")
    totals.lose(1, 2, "told twice")
    totals.lose(0, 2, "it had ended, so nothing was lost")
    report = Report(3, 3, 3, 1.0, 3)
    outcome = Outcome(plan, Ready(PLAN.mbg, 30, "a"), totals, "x", report, "", True, {})
    assert outcome.problems == [
        "worker 1 was lost, with 2 items, of which 1 had started and 0 ended (killed); "
        "what became of the others is not known"
    ]
    assert not outcome.passed
    document = burst_document(outcome)
    assert (document["failed"], document["failures"]) == (0, [])
    assert document["headline"] is None
    assert headline_refused(outcome) == "The generator was not whole: worker 1 was lost"


def test_what_was_never_started_by_living_workers_is_still_a_problem() -> None:
    plan = replace(PLAN, workers=2, phones=6)
    totals = halves(plan, 1)
    totals.lose(1, 2, "killed")
    outcome = Outcome(plan, Ready(PLAN.mbg, 30, "a"), totals, "x", None, "", False, {})
    assert "never started: 2 phones" in outcome.problems


def test_every_scenario_is_in_the_table_and_has_a_user_of_its_own() -> None:
    assert set(KINDS) == set(Scenario)
    assert len({kind.user for kind in KINDS.values()}) == len(KINDS)
    assert set(Scenario) > STRUCK
    assert Scenario.PROVISION not in OF_PHONES
