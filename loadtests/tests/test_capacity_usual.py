"""What a search is like unless told otherwise, in its scenario's words, and how far it goes."""

from dataclasses import replace

import pytest

from loadtests.capacity.documents import Burst, Wanted, run_document, sentence
from loadtests.capacity.search import Answer, Ended, Kind, Limit
from loadtests.capacity.usual import most_items, usual, usual_level
from loadtests.scenarios.kinds import KINDS, STRUCK, Scenario
from loadtests.verdict.levels import parse_level
from simulators.errors import ConfigurationError

STORMS = STRUCK | {Scenario.STORM_POWER}
SEARCHED = [scenario for scenario in Scenario if scenario not in STORMS]
FOUND = Answer(Kind.FOUND, 31.4, 25.0, 40.0, Limit.LEVELS)
ASKED = Wanted(("p99 <= 1 s",), 5.0, 2000.0, 3, 0.05, phones=2000, seconds=10.0)


@pytest.mark.parametrize("scenario", SEARCHED)
def test_a_search_speaks_in_the_words_of_its_scenario(scenario: Scenario) -> None:
    kind, asked = KINDS[scenario], replace(ASKED, scenario=scenario)
    level = usual_level(scenario)
    assert level == parse_level(level.text, kind.words)
    assert kind.word in level.text
    assert sentence(asked, FOUND).startswith(f"31.4 {kind.request}s per second hold the levels; ")
    burst = Burst(7, 2, 31.4, 314, Ended.BROKEN, 0, 0.0, {"p99": None}, "burst-007")
    assert f"314 {kind.noun}, " in burst.line(kind) and f"none {kind.word}" in burst.line(kind)
    about = run_document(asked, FOUND, [], seed=1, command="", started="", finished="")
    assert about["title"] == f"Capacity: the highest {kind.request} rate that holds the levels"


@pytest.mark.parametrize("scenario", SEARCHED)
def test_a_target_that_was_not_fresh_is_said_and_what_was_done_about_it(
    scenario: Scenario,
) -> None:
    fresh = replace(ASKED, scenario=scenario)
    running = replace(fresh, running="the MBG at 127.20.0.10:5060", pause_s=5)
    assert "a fresh one for each burst" in fresh.target
    assert "fresh" not in sentence(fresh, FOUND)
    assert usual(scenario).restored in running.target and "5 s of pause" in running.target
    for answer in (FOUND, replace(FOUND, kind=Kind.AT_LEAST)):
        assert ", at a target that was not fresh" in sentence(running, answer)


@pytest.mark.parametrize("scenario", sorted(STORMS))
def test_a_storm_has_no_rate(scenario: Scenario) -> None:
    with pytest.raises(ConfigurationError, match="the event decides how fast all come"):
        usual(scenario)


@pytest.mark.parametrize(
    ("scenario", "asked", "accounts", "items", "more"),
    [
        (Scenario.REGISTER, None, None, 20_000, "(--phones)"),
        (Scenario.REGISTER, 60_000, None, 60_000, "(--seconds)"),
        (Scenario.BOOT, None, None, 2000, "(--site FILE)"),
        (Scenario.BOOT, 100, None, 100, "(--phones)"),
        (Scenario.BOOT, None, 5000, 5000, "a longer file of accounts"),
        (Scenario.HOTDESK, None, 40, 40, "a longer file of accounts"),
        (Scenario.REGISTER, None, 50_000, 20_000, "(--phones)"),
    ],
)
def test_items_bound_a_burst_and_what_allows_more_is_said(
    scenario: Scenario, asked: int | None, accounts: int | None, items: int, more: str
) -> None:
    found, helps = most_items(scenario, asked, accounts)
    assert found == items
    assert more in helps


@pytest.mark.parametrize(
    ("asked", "accounts", "said"),
    [(2001, None, "at most 2000 phones at the target"), (41, 40, "at most 40 phones in the acco")],
)
def test_more_items_than_there_can_be_are_refused(
    asked: int, accounts: int | None, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        most_items(Scenario.BOOT, asked, accounts)


def test_a_range_that_items_cut_short_is_said() -> None:
    assert ASKED.top == 200
    assert "2,000 phones do not last 10 s at more than 200 per second" in ASKED.shortened
    assert replace(ASKED, highest=200).shortened == ""
