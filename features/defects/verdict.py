"""Whether a planted defect was noticed where it had to be, and nowhere else; pure."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from features.defects.defect import Defect

SECONDS_A_WORD = 2.0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a scenario with a defect planted.

    Args:
        why: it is red, in a line.
        crash: what broke meanwhile, in a line; a red scenario then says nothing of the defect.
    """

    scenario: str
    ids: tuple[str, ...]
    red: bool
    why: str = ""
    crash: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a defect's scenarios say of it.

    Args:
        noticed: scenarios that turned red as they had to.
        missed: requirements of the defect that no scenario noticed.
        strays: scenarios that turned red and check none of its requirements.
        crashed: scenarios in which something broke instead of being wrong.
        gone: why it can't be planted; "" where it can.
    """

    defect: Defect
    noticed: tuple[Result, ...]
    missed: tuple[str, ...]
    strays: tuple[Result, ...]
    crashed: tuple[Result, ...]
    tried: int
    gone: str = ""

    @property
    def caught(self) -> bool:
        """Whether exactly the intended scenarios noticed it."""
        return bool(self.noticed) and not (self.missed or self.strays or self.crashed)

    def __str__(self) -> str:
        """What became of it, in a line."""
        if self.caught:
            return "caught by " + ", ".join(result.scenario for result in self.noticed)
        if self.gone:
            return f"can't be planted: {self.gone}"
        if not self.tried:
            return "no scenario reaches it"
        if self.crashed:
            return f"breaks {self.crashed[0].scenario} instead: {self.crashed[0].crash}"
        if self.strays:
            return f"reddens {self.strays[0].scenario} too: {self.strays[0].why}"
        return f"survives: {' '.join(self.missed)} see nothing"


def judge(defect: Defect, results: Iterable[Result], gone: str = "") -> Verdict:
    """The verdict on a defect, by what was tried with it, or by why it can't be planted."""
    tried = list(results)
    intended = set(defect.ids)
    crashed = tuple(result for result in tried if result.crash)
    red = [result for result in tried if result.red and not result.crash]
    noticed = tuple(result for result in red if intended & set(result.ids))
    seen = {id_ for result in noticed for id_ in result.ids}
    missed = tuple(id_ for id_ in defect.ids if id_ not in seen)
    strays = tuple(result for result in red if not intended & set(result.ids))
    return Verdict(defect, noticed, missed, strays, crashed, len(tried), gone)


def still_to_see(defect: Defect, results: Iterable[Result]) -> set[str]:
    """Requirements of the defect that none of these has noticed."""
    return set(judge(defect, results).missed)


def order_of(
    defect: Defect,
    scenarios: Mapping[str, Collection[str]],
    reached: Collection[str],
    seconds: Mapping[str, float],
) -> list[str]:
    """The scenarios that should notice a defect, the likeliest and quickest first.

    One that never comes to the place of the defect can't be changed by it. The more words a
    scenario's name shares with the defect's sentence, the likelier it is about the same thing; a
    word weighs as much as two seconds.

    Args:
        scenarios: their requirements, by name.
        reached: names of those that reach it.
        seconds: what each takes; one that is not known comes last.
    """
    about = _words(f"{defect.name} {defect.sentence}")

    def cost(scenario: str) -> tuple[float, str]:
        shared = len(about & _words(scenario))
        return seconds.get(scenario, float("inf")) - SECONDS_A_WORD * shared, scenario

    intended = [s for s in reached if set(defect.ids) & set(scenarios.get(s, ()))]
    return sorted(intended, key=cost)


def _words(text: str) -> set[str]:
    """Its longer words, without what makes a plural."""
    return {word.removesuffix("s") for word in re.findall("[a-z]{4,}", text.lower())}


def culprits(
    tried: Callable[[Sequence[Defect]], Result], defects: Sequence[Defect]
) -> list[tuple[Defect, Result]]:
    """What becomes of a scenario that none of these defects should disturb, for each of them.

    All are planted at once, and halves of them only where it turned red: as many runs as there are
    defects would take far too long.

    Args:
        tried: runs the scenario with some planted.
        defects: one at least.
    """
    result = tried(defects)
    if len(defects) == 1 or not (result.red or result.crash):
        return [(defect, result) for defect in defects]
    middle = len(defects) // 2
    return culprits(tried, defects[:middle]) + culprits(tried, defects[middle:])
