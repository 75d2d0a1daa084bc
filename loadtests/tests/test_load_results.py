"""Verdict and headline: each condition that must spoil them does."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from loadtests.batches import Batch, Held, Waited, Wire
from loadtests.engine_core.ledger import Ledger
from loadtests.engine_core.totals import Totals
from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.kinds import Scenario
from loadtests.show import last_line, progress_line
from loadtests.target import Ready, Report
from loadtests.verdict.by_name import Place, Who
from loadtests.verdict.levels import parse_level
from loadtests.verdict.results import Outcome, burst_document, headline_refused, run_document
from simulators.phone.crowd.arrivals import Shape

PLAN = Plan(("127.20.0.10", 5060), 30, "a", 4, 2.0, limit_s=62.0)
READY = Ready(PLAN.mbg, 30, "a", ("127.10.0.21", 5060))


def totals(*, lag_s: float = 0.001, cpu: float = 0.1, fails: int = 0, phones: int = 4) -> Totals:
    ledger = Ledger(0)
    for index in range(phones):
        due = index / 2
        ledger.started(due, due + lag_s)
        if index < fails:
            ledger.failed(due, due + lag_s + 0.5, "403: refused")
        else:
            ledger.registered(due, due + lag_s + 0.01)
    found = Totals()
    held = Held(frozenset(range(4)), frozenset(range(fails, phones)))
    found.add(ledger.take(wall_s=0, elapsed_s=2.0, cpu_s=2 * cpu, final=True, held=held))
    return found


def outcome(found: Totals | None = None, **changed: Any) -> Outcome:
    found = found or totals()
    report = Report(found.registered, found.registered, found.registered, 1.5)
    good = Outcome(PLAN, READY, found, "uvloop", report, "", True, {})
    return replace(good, **changed)


def test_all_registered_by_every_count_passes() -> None:
    good = outcome()
    assert good.passed
    assert good.problems == []
    assert last_line(good) == "4 of 4 registered"
    assert headline_refused(good) is None


@pytest.mark.parametrize("report", [Report(3, 4, 4, 1.5), Report(4, 3, 4, 1.5)])
def test_a_lower_count_at_the_target_fails_the_burst(report: Report) -> None:
    bad = outcome(report=report)
    assert not bad.passed
    assert last_line(bad) == "3 of 4 registered"
    assert "counts 3, the phones 4" in bad.problems[0]


def test_a_target_of_ours_that_can_not_be_asked_fails_the_burst() -> None:
    assert not outcome(report=None, unasked="it has ended").passed


def test_a_foreign_target_can_not_be_asked_and_that_is_said() -> None:
    found = outcome(report=None, unasked="not started here", started_here=False)
    assert found.passed
    facts = run(found)["facts"]
    assert facts["Registered at MBG and PBX"] == "not known: not started here"


def test_failed_phones_fail_the_burst() -> None:
    bad = outcome(totals(fails=1))
    assert not bad.passed
    document = burst_document(bad)
    assert document["failures"] == [{"reason": "403: refused", "count": 1}]
    assert document["headline"] is not None  # the generator was well: the failure is the news
    assert "3 of 4" in str(document["headline"])


def test_phones_never_started_fail_the_burst_and_the_headline() -> None:
    bad = outcome(totals(phones=3))
    assert not bad.passed
    assert "schedule" in (headline_refused(bad) or "")


def test_a_lost_registration_fails_the_burst() -> None:
    found = totals()
    found.add(Batch(0, 0, 0.5, 0.0, lost=1))
    assert not outcome(found).passed


def test_an_engine_without_a_last_word_fails_the_burst() -> None:
    found = totals()
    found.finished.clear()
    assert not outcome(found).passed


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (totals(lag_s=0.2), "started late"),
        (totals(cpu=0.95), "95 % of a core"),
        (Totals(), "no phones were started"),
    ],
)
def test_a_generator_at_its_limit_gets_no_headline(found: Totals, reason: str) -> None:
    document = burst_document(outcome(found))
    assert document["headline"] is None
    assert reason in str(document["headline_refused"])


def test_just_below_the_limits_there_is_one() -> None:
    assert burst_document(outcome(totals(lag_s=0.09, cpu=0.85)))["headline_refused"] is None


def test_datagrams_that_could_not_be_sent_refuse_the_headline() -> None:
    found = totals()
    found.send_errors = 1
    assert "could not be sent" in (headline_refused(outcome(found)) or "")


def test_the_series_has_a_row_for_every_second() -> None:
    rows: Any = burst_document(outcome())["series"]
    assert [row["t_s"] for row in rows] == [0, 1]
    assert [row["started"] for row in rows] == [2, 2]
    found = totals()
    found.add(Batch(0, 0, 0.5, 0.0, seconds={9: next(iter_second())}))
    late: Any = burst_document(outcome(found))["series"]
    assert [row["t_s"] for row in late] == list(range(10))
    assert late[5] == {
        "t_s": 5, "started": 0, "registered": 0, "failed": 0, "p50_ms": None, "p99_ms": None,
    }  # fmt: skip


def iter_second() -> Any:
    ledger = Ledger(0)
    ledger.started(0, 9.5)
    yield ledger.take(wall_s=0, elapsed_s=1, cpu_s=0).seconds[9]


def run(found: Outcome) -> Any:
    moment = datetime(2024, 11, 3, 9, 12, 44, 120_000, UTC)
    return run_document(found, command="python -m loadtests burst", started=moment, finished=moment)


def test_run_json() -> None:
    document = run(outcome())
    assert (document["kind"], document["outcome"], document["seed"]) == ("burst", "pass", 1)
    assert document["started"] == "2024-11-03T09:12:44.120Z"
    assert [role["role"] for role in document["roles"]] == ["MBG", "PBX", "phones"]
    assert run(outcome(totals(fails=1)))["facts"]["Why it failed"] == ("1 phone failed to register")


def test_a_worker_that_hears_nothing_is_named() -> None:
    question = "is the target there, and has it a route to the addresses of this worker's homes?"
    found = totals(fails=1)
    for worker, wire in ((2, Wire(sent=4)), (3, Wire(sent=4, received=1)), (4, Wire())):
        found.add(Batch(worker, 0, 0.5, 0.0, wire=wire))
    found.add(Batch(2, 1, 0.5, 0.0, wire=Wire(sent=1)))
    found.add(Batch(5, 0, 0.5, 0.0, wire=Wire(connections=1)))
    assert [text for text in outcome(found).problems if "nothing came back" in text] == [
        f"nothing came back to worker 2: {question}",
        f"nothing came back to worker 5: {question}",
    ]
    found.add(Batch(2, 2, 0.5, 0.0, wire=Wire(received=1)))
    found.lose(5, 7, "its engine ended")
    assert not [text for text in outcome(found).problems if "nothing came back" in text]


def test_all_at_once_is_said() -> None:
    found = outcome(plan=replace(PLAN, shape=Shape.AT_ONCE))
    assert run(found)["facts"]["Arrivals"] == "all at once"


def test_levels_decide_instead_of_all_registered() -> None:
    one_refused = totals(fails=1)
    bad = outcome(one_refused)
    assert not bad.passed
    lenient = replace(bad, levels=(parse_level("failed <= 25 %"), parse_level("max <= 1 s")))
    assert lenient.passed
    assert run(lenient)["outcome"] == "pass"
    assert last_line(lenient) == "3 of 4 registered; 2 of 2 levels held"
    strict = replace(bad, levels=(*lenient.levels, parse_level("failed <= 24 %")))
    assert not strict.passed
    states: Any = burst_document(strict)["levels"]
    assert [level["state"] for level in states] == ["held", "held", "broken"]


@pytest.mark.parametrize(
    "changed",
    [
        {"totals": totals(cpu=0.95)},
        {"totals": totals(lag_s=0.2)},
        {"report": None, "unasked": "it has ended"},
    ],
)
def test_levels_are_not_judged_by_numbers_that_say_nothing(changed: dict[str, Any]) -> None:
    found = outcome(**{"found": None, "levels": (parse_level("failed <= 25 %"),), **changed})
    assert not found.passed
    assert last_line(found) == "4 of 4 registered; levels not judged"
    level: Any = burst_document(found)["levels"]
    assert level[0]["reason"]


@pytest.mark.parametrize("scenario", [s for s in Scenario if s.startswith("storm")])
def test_each_storm_has_a_verdict_in_any_shape(scenario: Scenario) -> None:
    storm = outcome(plan=replace(PLAN, scenario=scenario, shape=Shape.STEADY)).recovery
    assert storm is not None
    noun = "consumers" if scenario is Scenario.STORM_TOKENS else "phones"
    assert f"all 4 {noun} were back" in storm.sentence
    assert (noun == "consumers") == ([harm.name for harm in storm.harm] == ["operations lost"])


def facts_of(found: Outcome) -> set[str]:
    """The names of what the page says first of a burst."""
    moment = datetime(2026, 11, 28, tzinfo=UTC)
    told: Any = run_document(found, command="x", started=moment, finished=moment)
    return set(told["facts"])


def test_of_consumers_nothing_is_said_that_phones_alone_have() -> None:
    ours = {"Registered at MBG", "Teleworker licences in use", "Phones per home"}
    assert facts_of(outcome()) >= ours
    plan = replace(PLAN, scenario=Scenario.TOKENS)
    report = Report(0, 0, 0, 1.5, done=4)
    said = facts_of(outcome(plan=plan, report=report))
    assert not said & ours and "Consumers given a final token, by the MBG" in said


def test_a_consumer_without_an_end_is_an_operation_lost() -> None:
    found = totals()
    found.started += 1
    plan = replace(PLAN, scenario=Scenario.STORM_TOKENS, phones=5)
    storm = outcome(found, plan=plan).recovery
    assert storm is not None and not storm.whole
    assert storm.sentence == "1 of 5 consumers did not come back; lasting harm: 1 operation lost"


@pytest.mark.parametrize(
    ("scenario", "kept", "story"),
    [
        (Scenario.STORM_FAILOVER, "", "run it with --time-lines, then python -m loadtests phone 3"),
        (Scenario.STORM_FAILOVER, "runs/x", "python -m loadtests phone 3 runs/x"),
        (Scenario.STORM_POWER, "", ""),
        (Scenario.STORM_TOKENS, "", ""),
    ],
)
def test_the_worst_one_has_a_story_where_one_can_be_kept(
    scenario: Scenario, kept: str, story: str
) -> None:
    found = totals()
    found.worst = Waited(3, 1.0, True)
    plan = replace(PLAN, scenario=scenario, time_lines=kept)
    storm = outcome(found, plan=plan).recovery
    assert storm is not None and storm.story.startswith(story) and bool(storm.story) == bool(story)


def test_a_storm_has_a_recovery_and_a_leaked_licence_fails_it() -> None:
    assert burst_document(outcome())["recovery"] is None, "steady arrivals are no storm"
    storm = outcome(plan=replace(PLAN, shape=Shape.AT_ONCE))
    verdict: Any = burst_document(storm)["recovery"]
    assert (verdict["whole"], verdict["back"]) == (True, 4)
    assert storm.passed
    leaked = replace(storm, report=Report(4, 4, 5, 1.5, who=who(licences=("9999",))))
    assert leaked.problems == ["1 licence leaked (extension 9999)"]
    assert not leaked.passed


def who(licences: tuple[str, ...] = (), mbg: frozenset[int] = frozenset(range(4))) -> Who:
    everybody = frozenset(range(4))
    return Who(Place(mbg), Place(everybody), Place(everybody, licences))


def test_a_phone_that_the_target_lacks_is_not_registered_whatever_it_counts() -> None:
    accounts = [PhoneAccount(f"tw{n}", "p", str(2000 + n), n) for n in range(4)]
    good = outcome(accounts=accounts, report=Report(4, 4, 4, 1.5, who=who()))
    assert good.passed and good.registered == 4
    bad = replace(good, report=Report(4, 4, 4, 1.5, who=who(mbg=frozenset({0, 1, 3, 7}))))
    assert bad.registered == 3
    assert bad.problems == ["1 forgotten by the MBG (phone 2, extension 2002)"]
    assert "forgotten by the MBG" in run(bad)["facts"]["Why it failed"]


def test_progress_before_anything_happened() -> None:
    assert "0 of 4 started" in progress_line(Totals(), 4)
