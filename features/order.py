"""Scenarios in random order, so that none leans on another; the seed of the order is printed.

Those that are tagged `slow` begin, in random order too: a long one at the end keeps one core alone.

`--random-order-seed 17` repeats an order, `none` keeps that of the files. Parallel runs share one.
"""

import random
from typing import Any

import pytest

from features.defects.plugin import is_scenario

OPTION = "--random-order-seed"
FILES = "none"
SLOW = "slow"
SEEDS = 1_000_000


def add_option(parser: pytest.Parser) -> None:
    """What can be asked for."""
    parser.addoption(OPTION, default="", help="order of the scenarios: a number, or `none`")


class Order:
    """Shuffles the scenarios of a run, and nothing else in it."""

    def __init__(self, config: pytest.Config) -> None:
        worker = getattr(config, "workerinput", None)
        given = str(worker["random_order_seed"] if worker else config.getoption(OPTION))
        if given not in ("", FILES) and not given.isdecimal():
            raise pytest.UsageError(f"{OPTION}: expected a whole number or none, got {given!r}")
        self.seed = given or str(random.SystemRandom().randrange(SEEDS))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Each process of a parallel run collects in the same order."""
        node.workerinput["random_order_seed"] = self.seed

    def pytest_report_header(self) -> str:
        """How to repeat it."""
        return f"order of the scenarios: {OPTION} {self.seed}"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Shuffle the scenarios among the places that they have."""
        if self.seed == FILES:
            return
        places = [
            place
            for place, item in enumerate(items)
            if is_scenario(getattr(item, "fixturenames", ()))
        ]
        shuffled = [items[place] for place in places]
        random.Random(int(self.seed)).shuffle(shuffled)
        shuffled.sort(key=lambda item: item.get_closest_marker(SLOW) is None)
        for place, item in zip(places, shuffled, strict=True):
            items[place] = item
