"""Whether a planted defect was noticed where it had to be, and nowhere else; pure."""

import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from features.defects.defect import Defect

NEIGHBOURS = 4
"""Scenarios of other requirements that reach a defect and are tried with it, at most."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a scenario with a defect planted; `why` it is red."""

    scenario: str
    ids: tuple[str, ...]
    red: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a defect's scenarios say of it.

    Args:
        noticed: scenarios that turned red as they had to.
        missed: requirements of the defect that no scenario noticed.
        strays: scenarios that turned red and check none of its requirements.
    """

    defect: Defect
    noticed: tuple[Result, ...]
    missed: tuple[str, ...]
    strays: tuple[Result, ...]
    tried: int

    @property
    def caught(self) -> bool:
        """Whether exactly the intended scenarios noticed it."""
        return bool(self.noticed) and not self.missed and not self.strays


def judge(defect: Defect, results: Iterable[Result]) -> Verdict:
    """The verdict on a defect, by what was tried with it."""
    tried = list(results)
    intended = set(defect.ids)
    red = [result for result in tried if result.red]
    noticed = tuple(result for result in red if intended & set(result.ids))
    seen = {id_ for result in noticed for id_ in result.ids}
    missed = tuple(id_ for id_ in defect.ids if id_ not in seen)
    strays = tuple(result for result in red if not intended & set(result.ids))
    return Verdict(defect, noticed, missed, strays, len(tried))


def chosen(
    defect: Defect,
    scenarios: Mapping[str, Collection[str]],
    reached: Collection[str],
    *,
    thorough: bool = False,
) -> set[str]:
    """Which scenarios to try with a defect: those that reach it; of its neighbours some.

    One that never comes to the place of the defect can't be changed by it.

    Args:
        scenarios: their requirements, by name.
        reached: names of those that reach it.
        thorough: try all neighbours.
    """
    intended = {s for s in reached if set(defect.ids) & set(scenarios.get(s, ()))}
    others = sorted(set(reached) - intended)
    if not thorough and len(others) > NEIGHBOURS:
        others = random.Random(defect.name).sample(others, NEIGHBOURS)
    return intended | set(others)
