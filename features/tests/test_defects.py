"""Planted defects: places, planting, which scenarios are tried, verdicts."""

import json
import logging
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.defects import changes, plugin, trial
from features.defects.catalogue import by_name
from features.defects.crashes import in_a_line, is_crash, is_near, watched
from features.defects.defect import Defect, found, planted, watching
from features.defects.verdict import Result, culprits, judge, order_of, still_to_see

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


class Item:
    """A scenario, as far as `Reach` looks at one."""

    name = originalname = "test_a_scenario"
    fixturenames = (plugin.EXAMPLE,)

    def get_closest_marker(self, _name: str) -> None:
        return None


def lost(monkeypatch: pytest.MonkeyPatch) -> Defect:
    """A defect whose place is gone, in a catalogue with one that is there."""
    gone = Defect("tok-8-lost", "MCS", ("TOK-8",), "It does.", f"{HERE}:Thing.gone", lambda _: None)
    there = Defect(
        "tok-8-there", "MCS", ("TOK-8",), "It does.", f"{HERE}:Thing.double", lambda _: None
    )
    catalogue = {each.name: each for each in (gone, there)}
    for module in (plugin, trial):
        monkeypatch.setattr(module, "by_name", lambda: catalogue)
    return gone


def test_a_defect_whose_place_is_gone_ends_no_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost(monkeypatch)
    reach = plugin.Reach(tmp_path, "", None)
    item: Any = Item()
    running = reach.pytest_runtest_protocol(item)
    next(running)
    Thing().double(1)
    with pytest.raises(StopIteration):
        running.send(True)
    assert plugin.read(tmp_path).by == {"tok-8-there": {"test_a_scenario"}}
    said: list[str] = []
    terminal: Any = SimpleNamespace(write_line=lambda line, **_: said.append(line))
    reach.pytest_terminal_summary(terminal)
    (line,) = said
    assert line.startswith("tok-8-lost can't be planted: no place") and "has to follow" in line


def test_a_defect_whose_place_is_gone_is_refused_for_a_whole_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost(monkeypatch)
    assert plugin.plantable("tok-8-there").name == "tok-8-there"
    with pytest.raises(pytest.UsageError, match="tok-8-lost can't be planted: no place"):
        plugin.plantable("tok-8-lost")


def test_a_defect_whose_place_is_gone_is_not_caught_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost(monkeypatch)
    reached = {"scenario": "test_a_scenario", "seconds": 1, "reached": ["tok-8-lost"]}
    (tmp_path / "reach-run.jsonl").write_text(json.dumps(reached), encoding="utf-8")
    trying = trial.Trial(tmp_path, tmp_path, [], thorough=False, worker=False)
    asked: list[list[Any]] = []
    metafunc: Any = SimpleNamespace(
        fixturenames=Item.fixturenames,
        definition=SimpleNamespace(name="test_a_scenario", iter_markers=lambda: ()),
        parametrize=lambda _name, params, **_: asked.append(params),
    )
    trying.pytest_generate_tests(metafunc)
    assert asked == [[]], "a scenario that an older run wrote down is not run with it"
    session: Any = SimpleNamespace(exitstatus=0)
    trying.pytest_sessionfinish(session)
    found = json.loads((tmp_path / trial.FOUND).read_text(encoding="utf-8"))["defects"]
    assert session.exitstatus == pytest.ExitCode.TESTS_FAILED
    assert found[0]["verdict"].startswith("can't be planted: no place") and not found[0]["caught"]
    assert found[1]["verdict"] == "no scenario reaches it"


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


def test_a_crash_is_no_catch() -> None:
    broken = Result("s", ("TOK-8",), True, "the MCS refused with 500", "TypeError: none")
    verdict = judge(defect(), [broken])
    assert (verdict.caught, verdict.missed, verdict.crashed) == (False, ("TOK-8",), (broken,))
    assert str(verdict) == "breaks s instead: TypeError: none"
    noticed = result("TOK-8", red=True)
    assert not judge(defect(), [noticed, broken]).caught, "one that breaks elsewhere is careless"
    quiet = Result("s", ("TOK-7",), False, crash="TypeError: none")
    assert not judge(defect(), [noticed, quiet]).caught, "also where nobody has noticed"


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([], "no scenario reaches it"),
        ([result("TOK-8", red=False)], "survives: TOK-8 see nothing"),
        ([result("TOK-8", red=True)], "caught by s of ('TOK-8',)"),
        ([result("TOK-8", red=True), result("EXT-1", red=True)], "reddens s of ('EXT-1',) too: "),
    ],
)
def test_a_verdict_is_said_in_a_line(results: list[Result], said: str) -> None:
    assert str(judge(defect(), results)) == said


def test_what_is_still_to_be_seen_gets_less() -> None:
    two = defect("TOK-8", "TOK-7")
    assert still_to_see(two, []) == {"TOK-8", "TOK-7"}
    assert still_to_see(two, [result("TOK-8", red=True)]) == {"TOK-7"}
    assert still_to_see(two, [result("TOK-8", "TOK-7", red=True)]) == set()


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)), st.data())
def test_all_intended_that_reach_it_are_tried_and_of_those_alike_the_quickest_first(
    intended: set[int], reached: set[int], data: st.DataObject
) -> None:
    scenarios = {str(n): ("TOK-8",) if n in intended else ("EXT-1",) for n in range(41)}
    seconds = data.draw(st.dictionaries(st.sampled_from(sorted(scenarios)), st.floats(0, 100)))
    order = order_of(defect(), scenarios, {str(n) for n in reached}, seconds)
    assert sorted(order) == sorted(str(n) for n in intended & reached)
    known = [seconds[name] for name in order if name in seconds]
    assert known == sorted(known)
    assert all(name in seconds for name in order[: len(known)]), "the unknown ones come last"


def test_a_scenario_about_the_same_thing_comes_before_a_quicker_one() -> None:
    each = defect(name="tok-8-renew-ignored")
    scenarios = {"test_a_phone": ("TOK-8",), "test_renew_extends_tokens": ("TOK-8",)}
    seconds = {"test_a_phone": 1.0, "test_renew_extends_tokens": 2.5}
    order = order_of(each, scenarios, set(scenarios), seconds)
    assert order == ["test_renew_extends_tokens", "test_a_phone"]
    seconds["test_renew_extends_tokens"] = 9.0
    assert order_of(each, scenarios, set(scenarios), seconds)[0] == "test_a_phone"


@given(st.integers(1, 60), st.sets(st.integers(0, 59)))
def test_who_disturbs_a_neighbour_is_found_by_halves(number: int, bad: set[int]) -> None:
    defects = [defect(name=f"tok-8-{n}") for n in range(number)]
    guilty = {each.name for n, each in enumerate(defects) if n in bad}
    runs: list[int] = []

    def tried(planted: Sequence[Defect]) -> Result:
        runs.append(len(planted))
        return Result("s", ("EXT-1",), bool(guilty & {each.name for each in planted}))

    found = culprits(tried, defects)
    assert [each for each, _ in found] == defects
    assert {each.name for each, result in found if result.red} == guilty
    assert runs[0] == number
    assert len(runs) <= 1 + 2 * len(guilty) * number.bit_length()


def test_two_that_disturb_only_together_accuse_nobody() -> None:
    defects = [defect(name=f"tok-8-{n}") for n in range(4)]
    found = culprits(lambda some: Result("s", (), len(some) == 4), defects)
    assert not any(result.red for _, result in found)


def test_what_is_logged_with_a_traceback_is_a_crash() -> None:
    log = logging.getLogger("mcs.somewhere")
    with watched() as crashes:
        log.error("nothing broke")
        log.warning("a warning", exc_info=ValueError("no"))
        log.error("a line was cut", exc_info=ConnectionResetError())
        log.error("it broke", exc_info=KeyError("x"))
    log.error("later", exc_info=KeyError("y"))
    assert [in_a_line(error) for error in crashes.seen] == ["KeyError: 'x'"]


@pytest.mark.parametrize(
    ("act", "crash"),
    [
        (lambda: [][0], False),
        (lambda: vars(Thing)["no"], False),
        (lambda: Thing.double(None, None), True),  # type: ignore[arg-type]  # the mistake
        (lambda: getattr(Thing, "no"), True),  # noqa: B009  # mypy would see it
        (lambda: changes.answering(lambda found: found[1])(list)(), False),
    ],
)
def test_mistakes_of_a_program_are_crashes(act: Callable[[], object], crash: bool) -> None:
    with pytest.raises(Exception) as raised:
        act()
    assert is_crash(raised.value) is crash


def test_what_breaks_in_the_planted_code_is_a_crash() -> None:
    with pytest.raises(LookupError) as raised:
        found("nothing")
    assert is_crash(raised.value) and is_near(raised.value)


def test_what_breaks_behind_the_planted_code_is_near_it() -> None:
    def broken() -> object:
        raise KeyError("x")

    with pytest.raises(KeyError) as raised:
        changes.answering(lambda value: value)(broken)()
    assert not is_crash(raised.value) and is_near(raised.value)
    with pytest.raises(KeyError) as raised:
        broken()
    assert not is_near(raised.value)


def test_an_assertion_speaks_for_itself() -> None:
    assert in_a_line(AssertionError("waited in vain\nfor ever")) == "waited in vain"
    assert in_a_line(AssertionError()) == "AssertionError: "
    assert in_a_line(ValueError("x" * 300)) == "ValueError: " + "x" * 200


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
