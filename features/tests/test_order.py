"""Random order: repeatable, told, of scenarios alone; and the runs that are made with it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from features.defects.plugin import EXAMPLE
from features.order import OPTION, Order
from features.repeat import Round, read, summary


def order(given: str = "", worker: str | None = None) -> Order:
    config: dict[str, Any] = {"getoption": lambda name: given}
    if worker is not None:
        config["workerinput"] = {"random_order_seed": worker}
    return Order(cast(pytest.Config, SimpleNamespace(**config)))


class Item:
    """What the order asks of a test: every third is no scenario, a few scenarios are slow."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.fixturenames = () if number % 3 == 0 else (EXAMPLE,)

    def get_closest_marker(self, name: str) -> bool | None:
        return True if name == "slow" and self.number in SLOW else None


SLOW = (31, 40, 58)


def items(count: int) -> list[pytest.Item]:
    """Scenarios, and in every third place a test that is none."""
    return cast(list[pytest.Item], [Item(number) for number in range(count)])


def numbers(of: list[pytest.Item]) -> list[int]:
    return [cast(Any, item).number for item in of]


def shuffled(by: Order) -> list[int]:
    found = items(60)
    by.pytest_collection_modifyitems(found)
    return numbers(found)


def test_a_seed_repeats_an_order_and_another_gives_another() -> None:
    assert shuffled(order("17")) == shuffled(order("17")) != shuffled(order("18"))


def test_only_scenarios_move_and_none_gets_lost() -> None:
    found = shuffled(order("17"))
    assert found != list(range(60))
    assert sorted(found) == list(range(60))
    assert found[::3] == list(range(0, 60, 3))


def test_slow_ones_begin_in_random_order() -> None:
    begun = {tuple(n for n in shuffled(order(str(seed))) if n % 3)[:3] for seed in range(20)}
    assert {tuple(sorted(three)) for three in begun} == {SLOW}
    assert len(begun) > 1


def test_none_keeps_the_order_of_the_files() -> None:
    assert shuffled(order("none")) == list(range(60))


def test_the_order_is_told_and_given_to_the_other_processes() -> None:
    drawn = order()
    assert drawn.pytest_report_header().endswith(f"{OPTION} {drawn.seed}")
    node = SimpleNamespace(workerinput={})
    drawn.pytest_configure_node(node)
    worker = order(worker=node.workerinput["random_order_seed"])
    assert shuffled(worker) == shuffled(drawn) == shuffled(order(drawn.seed))


def test_what_is_no_seed_is_named() -> None:
    with pytest.raises(pytest.UsageError, match="got 'spring'"):
        order("spring")


def test_a_round_tells_its_order_and_what_failed(tmp_path: Path) -> None:
    results = tmp_path / "round.xml"
    results.write_text(
        "<testsuites><testsuite>"
        '<testcase name="a"/><testcase name="b"><failure/></testcase>'
        '<testcase name="c"><skipped/></testcase><testcase name="d"><error/></testcase>'
        "</testsuite></testsuites>"
    )
    passed, failed = read(results)
    assert (passed, failed) == (1, ["b", "d"])
    bad = Round(2, 8, passed, tuple(failed), 170.2)
    assert bad.line == f"round 2: 1 passed in 170 s ({OPTION} 8), failed: b, d"
    rounds = [Round(1, 7, 190, (), 160.0), bad, Round(3, 9, 0, (), 1.0)]
    assert summary(rounds) == "1 of 3 rounds without a failure, the slowest took 170 s"
