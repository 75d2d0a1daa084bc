"""The table alone: scope, count, chance, end; and that chance repeats with the seed."""

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from simulators.errors import ConfigurationError
from simulators.faults.catalogue import CATALOGUE, COMMON, made
from simulators.faults.delay import Delay
from simulators.faults.fault import Fault
from simulators.faults.http_faults import HttpCall
from simulators.faults.refuse_nonce import RefuseNonce
from simulators.faults.table import MOST, FaultTable

CALL = HttpCall("POST", "/mslrest/mbg/v1/devices/", "MiVOAppSuite")


class Trap(Fault):
    """Strikes at words that begin as told."""

    name: ClassVar[str] = "trap"
    beginning: str = Field(default="")

    def concerns(self, event: object) -> bool:
        return str(event).startswith(self.beginning)


class Bench:
    def __init__(self, seed: int = 1) -> None:
        self.now = 0.0
        self.told: list[tuple[str, int, str]] = []
        self.table = FaultTable(
            seed, lambda: self.now, lambda f, number, what: self.told.append((f.name, number, what))
        )

    def strikes(self, word: str = "word") -> int:
        return len(self.table.strikes(Trap, word, f"the {word}"))

    def pattern(self, words: int = 100) -> list[int]:
        return [self.strikes() for _ in range(words)]


def test_a_fault_strikes_until_it_is_switched_off_and_each_strike_is_told() -> None:
    bench = Bench()
    assert bench.strikes() == 0
    switched = bench.table.switch_on(Trap())
    assert [bench.strikes(), bench.strikes()] == [1, 1]
    assert bench.told == [("trap", 1, "the word")] * 2
    assert [(s.number, s.struck, s.state(0)) for s in bench.table.listed()] == [(1, 2, "on")]
    bench.table.switch_off(switched.number)
    assert bench.strikes() == 0
    assert bench.table.listed() == []


def test_a_fault_strikes_in_its_scope_alone() -> None:
    bench = Bench()
    bench.table.switch_on(Trap(beginning="s"))
    assert [bench.strikes("sun"), bench.strikes("moon")] == [1, 0]
    assert bench.table.strikes(RefuseNonce, CALL, "a call") == [], "a trap is no HTTP fault"


def test_a_fault_is_used_up_after_so_many_strikes() -> None:
    bench = Bench()
    bench.table.switch_on(Trap(times=2))
    assert bench.pattern(4) == [1, 1, 0, 0]
    assert bench.table.listed()[0].state(0) == "used up"


def test_a_fault_ends_by_the_bench_clock() -> None:
    bench = Bench()
    bench.now = 1000.0
    bench.table.switch_on(Trap(for_s=60))
    bench.now = 1059.9
    assert bench.strikes() == 1
    bench.now = 1060.0
    assert bench.strikes() == 0
    assert bench.table.of(Trap) == []
    assert bench.table.listed()[0].state(bench.now) == "expired"


def test_chance_repeats_with_the_seed_and_only_with_it() -> None:
    patterns = []
    for seed in (1, 1, 2):
        bench = Bench(seed)
        bench.table.switch_on(Trap(probability=0.5))
        patterns.append(bench.pattern())
    assert patterns[0] == patterns[1]
    assert patterns[0] != patterns[2]
    assert 30 <= sum(patterns[0]) <= 70


def test_one_fault_more_never_shifts_the_luck_of_another() -> None:
    alone, crowded = Bench(), Bench()
    for bench in (alone, crowded):
        bench.table.switch_on(Trap(probability=0.5))
    crowded.table.switch_on(Trap(probability=0.5, beginning="w"))
    for bench in (alone, crowded):
        bench.pattern()
    assert alone.table.listed()[0].struck == crowded.table.listed()[0].struck
    first = [what for what in crowded.told if what[1] == 1]
    assert first == alone.told


@given(st.floats(0, 1), st.integers(0, 2**64), st.integers(1, 20))
def test_certain_faults_always_strike_and_impossible_ones_never(
    chance: float, seed: int, times: int
) -> None:
    bench = Bench(seed)
    bench.table.switch_on(Trap(probability=chance, times=times))
    struck = sum(bench.pattern(30))
    assert struck <= times
    assert chance < 1 or struck == times
    assert chance > 0 or struck == 0


def test_calm_switches_all_off_and_during_just_one() -> None:
    bench = Bench()
    bench.table.switch_on(Trap())
    with bench.table.during(Trap()):
        assert bench.strikes() == 2
    assert bench.strikes() == 1
    bench.table.calm()
    assert bench.strikes() == 0


def test_numbers_are_never_given_again_and_unknown_ones_are_refused() -> None:
    bench = Bench()
    first = bench.table.switch_on(Trap()).number
    bench.table.switch_off(first)
    with pytest.raises(ConfigurationError, match=f"no fault {first}"):
        bench.table.switch_off(first)
    assert bench.table.switch_on(Trap()).number != first


def test_a_full_table_forgets_ended_faults_and_refuses_more_living_ones() -> None:
    bench = Bench()
    bench.table.switch_on(Trap(for_s=1))
    for _ in range(MOST - 1):
        bench.table.switch_on(Trap(probability=0))
    with pytest.raises(ConfigurationError, match="switch some off"):
        bench.table.switch_on(Trap())
    bench.now = 1.0
    assert bench.table.switch_on(Trap()).number == MOST + 1
    assert len(bench.table.listed()) == MOST


def test_a_role_may_refuse_a_fault_that_it_can_not_have() -> None:
    def admit(fault: Fault) -> None:
        raise ConfigurationError("not here")

    table = FaultTable(1, lambda: 0.0, lambda *_: None, admit)
    with pytest.raises(ConfigurationError, match="not here"):
        table.switch_on(Trap())
    assert table.listed() == []


@pytest.mark.parametrize(
    ("fault", "in_scope"),
    [
        (RefuseNonce(), True),
        (RefuseNonce(method="POST"), True),
        (RefuseNonce(method="GET"), False),
        (RefuseNonce(path="/mslrest/mbg/v1/devices/*"), True),
        (RefuseNonce(path="/mslrest/mbg/v1/icps/*"), False),
        (RefuseNonce(consumer="MiVOAppSuite"), True),
        (RefuseNonce(consumer="MiCollab"), False),
    ],
)
def test_scopes_of_calls(fault: Fault, in_scope: bool) -> None:
    assert fault.concerns(CALL) is in_scope


def test_a_fault_is_made_by_name_and_what_is_wrong_is_named() -> None:
    assert made("delay", {"delay_s": 2, "times": 1}) == Delay(delay_s=2, times=1)
    for name, parameters, sentence in (
        ("dealy", {}, "there is no fault dealy; there are refuse-nonce, delay"),
        ("delay", {"delay_s": -1}, "parameters.delay_s: must be greater"),
        ("delay", {"seconds": 1}, "its parameters are times, probability, for_s"),
        ("delay", {"times": 0}, "parameters.times: must be greater"),
    ):
        with pytest.raises(ConfigurationError, match=sentence):
            made(name, parameters)


def test_every_fault_says_what_a_person_sees_and_describes_its_parameters() -> None:
    for name, kind in CATALOGUE.items():
        assert len(kind().description) > 60, name
        assert kind().description.endswith("."), name
        for parameter, field in kind.model_fields.items():
            assert field.description, f"{name}: {parameter}"
        assert tuple(kind.model_fields)[: len(COMMON)] == COMMON or name == "restart"
