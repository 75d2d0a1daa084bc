"""Planted defects: places, planting, which scenarios are tried, verdicts."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.defects import changes
from features.defects.catalogue import by_name
from features.defects.defect import Defect, found, planted, watching
from features.defects.verdict import NEIGHBOURS, Result, chosen, judge

ROOT = Path(__file__).parents[2]
HERE = "features.tests.test_defects"


class Thing:
    """Something to spoil."""

    size = 3

    def double(self, number: int) -> int:
        return 2 * number

    @staticmethod
    def half(number: int) -> float:
        return number / 2

    @property
    def name(self) -> str:
        return "thing"

    async def slowly(self) -> str:
        return "done"


class Heir(Thing):
    """Has nothing of its own."""


def defect(*ids: str, name: str = "", change: Any = lambda original: original) -> Defect:
    ids = ids or ("TOK-8",)
    return Defect(name or f"{ids[0].lower()}-x", "MCS", ids, "It does.", f"{HERE}:Thing", change)


@pytest.mark.parametrize("name", by_name())
def test_each_place_is_there(name: str) -> None:
    found(by_name()[name].place)


def test_each_names_requirements_that_exist_and_reads_as_a_sentence() -> None:
    catalogue = tomllib.loads((ROOT / "reports" / "requirements.toml").read_text())
    known = {requirement["id"] for requirement in catalogue["requirement"]}
    for each in by_name().values():
        assert set(each.ids) <= known, each.name
        assert each.sentence.endswith(".") and each.sentence[0].isupper(), each.name


def test_a_name_that_does_not_begin_with_its_requirement_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with the first of the ids"):
        defect("TOK-8", name="tok-7-x")


def test_methods_static_ones_properties_and_values_are_replaced_and_put_back() -> None:
    thing, before = Thing(), dict(vars(Thing))
    spoils: list[tuple[str, Any, Any]] = [
        ("double", lambda original: lambda self, number: original(self, number) + 1, 5),
        ("half", lambda original: lambda number: original(number) + 1, 2.0),
        ("name", lambda original: lambda self: original(self).upper(), "THING"),
        ("size", lambda original: original + 1, 4),
    ]
    for name, change, expected in spoils:
        with planted(f"{HERE}:Thing.{name}", change):
            value = getattr(thing, name)
            assert (value(2) if callable(value) else value) == expected
        assert vars(Thing)[name] is before[name]


def test_a_changed_function_still_says_what_it_takes() -> None:
    with planted(f"{HERE}:Thing.double", lambda _original: lambda self, number: number):
        assert Thing.double.__annotations__ == {"number": int, "return": int}
        assert Thing.double.__name__ == "double"


@pytest.mark.parametrize(
    "place", [f"{HERE}:Thing.nothing", f"{HERE}:Heir.double", "no.such.module:x", HERE]
)
def test_a_place_that_is_gone_is_named(place: str) -> None:
    with pytest.raises(LookupError, match="no place"), planted(place, lambda original: original):
        pass


async def test_watching_changes_nothing_and_tells_of_calls() -> None:
    told: list[str] = []
    thing = Thing()
    with planted(f"{HERE}:Thing.double", watching(lambda: told.append("double"))):
        assert told == [] and thing.double(2) == 4 and told == ["double"]
    with planted(f"{HERE}:Thing.slowly", watching(lambda: told.append("slowly"))):
        assert await thing.slowly() == "done" and told[1:] == ["slowly"]
    with planted(f"{HERE}:Thing.size", watching(lambda: told.append("size"))):
        assert told[2:] == ["size"], "a value is reached by everybody"


def result(*ids: str, red: bool) -> Result:
    return Result(f"s of {ids}", ids, red)


@pytest.mark.parametrize(
    ("results", "caught", "missed", "strays"),
    [
        ([result("TOK-8", red=True)], False, ("TOK-7",), 0),
        ([result("TOK-8", "TOK-7", red=True)], True, (), 0),
        ([result("TOK-8", red=True), result("TOK-7", red=True)], True, (), 0),
        ([result("TOK-8", "TOK-7", red=True), result("EXT-1", red=False)], True, (), 0),
        ([result("TOK-8", "TOK-7", red=True), result("EXT-1", red=True)], False, (), 1),
        ([result("TOK-8", "TOK-7", red=False)], False, ("TOK-8", "TOK-7"), 0),
        ([], False, ("TOK-8", "TOK-7"), 0),
    ],
)
def test_a_defect_is_caught_by_all_its_requirements_and_by_no_other(
    results: list[Result], caught: bool, missed: tuple[str, ...], strays: int
) -> None:
    verdict = judge(defect("TOK-8", "TOK-7"), results)
    assert (verdict.caught, verdict.missed, len(verdict.strays)) == (caught, missed, strays)


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)), st.booleans())
def test_all_intended_that_reach_it_are_tried_and_some_neighbours(
    intended: set[int], reached: set[int], thorough: bool
) -> None:
    scenarios = {str(n): ("TOK-8",) if n in intended else ("EXT-1",) for n in range(41)}
    tried = chosen(defect(), scenarios, {str(n) for n in reached}, thorough=thorough)
    assert {str(n) for n in intended & reached} <= tried <= {str(n) for n in reached}
    others = reached - intended
    wanted = len(others) if thorough else min(len(others), NEIGHBOURS)
    assert len(tried) == len(intended & reached) + wanted


async def test_the_common_changes_do_what_they_say() -> None:
    thing = Thing()
    with planted(f"{HERE}:Thing.size", changes.being(7)):
        assert thing.size == 7
    with planted(f"{HERE}:Thing.double", changes.returning(7)):
        assert thing.double(2) == 7
    with planted(f"{HERE}:Thing.half", changes.ignoring):
        assert thing.half(2) is None
    with planted(f"{HERE}:Thing.double", changes.answering(lambda found: found + 1)):
        assert thing.double(2) == 5
    for change, expected in (
        (changes.returning_later(7), 7),
        (changes.ignoring_later, None),
        (changes.answering_later(str.upper), "DONE"),
    ):
        with planted(f"{HERE}:Thing.slowly", change):
            assert await thing.slowly() == expected
