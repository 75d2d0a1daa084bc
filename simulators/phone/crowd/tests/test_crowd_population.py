"""Populations: the same seed, the same people; the mix that was asked for; homes and their NAT."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.addresses import DEFAULT_PLAN
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.phone.crowd.nat import FIRST_PORT, Nat
from simulators.phone.crowd.population import Mix, Population

VARIED = Mix(
    models={"6930": 3.0, "6970": 1.0},
    minet=0.1,
    local=0.3,
    phones_in_home={1: 1.0, 3: 1.0},
    boot_s=(5.0, 40.0),
)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 60), st.integers(0, 40), st.integers(0, 99))
def test_a_larger_population_begins_with_the_smaller_one(small: int, more: int, seed: int) -> None:
    first = Population(Seed(seed), small, VARIED)
    second = Population(Seed(seed), small + more, VARIED)
    for own, other in zip(first.residents, second.residents, strict=False):
        assert (own.person, own.firmware_version, own.firmware_kind, own.habits) == (
            other.person, other.firmware_version, other.firmware_kind, other.habits,
        )  # fmt: skip
    assert list(first.homes[:-1]) == list(second.homes[: len(first.homes[:-1])])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 200), st.integers(0, 99))
def test_each_phone_lives_in_one_place_and_only_housemates_share_it(size: int, seed: int) -> None:
    population = Population(Seed(seed), size, VARIED)
    living = [index for home in population.homes for index in home.phones]
    office = [r.index for r in population.residents if r.home is None]
    assert sorted(living + office) == list(range(size))
    places = Counter(population.address(DEFAULT_PLAN, r) for r in population.residents)
    for resident in population.residents:
        address = population.address(DEFAULT_PLAN, resident)
        housemates = 1 if resident.home is None else len(resident.home.phones)
        assert places[address] == housemates
        zone = "lan" if resident.home is None else "home"
        assert DEFAULT_PLAN.zone(address) == zone
    assert len({r.person.mac for r in population.residents}) == size


def test_the_mix_is_what_was_asked_for() -> None:
    residents = Population(Seed(1), 2000, VARIED).residents
    models = Counter(resident.person.model for resident in residents)
    assert models["6930"] == pytest.approx(1500, rel=0.1) and set(models) == {"6930", "6970"}
    assert sum(r.firmware_kind == "minet" for r in residents) == pytest.approx(200, rel=0.3)
    assert sum(r.home is None for r in residents) == pytest.approx(600, rel=0.15)
    boots = [resident.habits.boot_s for resident in residents]
    assert 5 <= min(boots) < 6 and 39 < max(boots) <= 40
    first, second = (Population(Seed(seed), 20).residents[3].person for seed in (1, 2))
    assert first != second


@pytest.mark.parametrize(
    "wrong",
    [
        {"models": {"6999": 1.0}},
        {"models": {}},
        {"firmware": {"5": 0.0}},
        {"local": 1.5},
        {"phones_in_home": {0: 1.0}},
        {"nat_timeout_s": {0.0: 1.0}},
        {"boot_s": (3.0, 1.0)},
    ],
)
def test_no_such_mix(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        Mix(**wrong)  # type: ignore[arg-type]


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["out", "back", "wait"]),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([1.0, 29.0, 30.0, 31.0, 100.0]),
    ),
    max_size=40,
)


@given(ACTS)
def test_a_mapping_lives_as_long_as_something_goes_out(acts: list[tuple[str, str, float]]) -> None:
    nat, now = Nat(30.0), 0.0
    latest: dict[str, tuple[int, float]] = {}
    for act, phone, seconds in acts:
        if act == "wait":
            now += seconds
        elif act == "out":
            port = nat.out(phone, 5060, now)
            before = latest.get(phone)
            if before is not None:
                assert (port == before[0]) == (now < before[1] + 30), "kept until it expires"
            latest[phone] = (port, now)
        elif phone in latest:
            port, at = latest[phone]
            alive = now < at + 30
            assert (nat.back(port, now) == (phone, 5060)) == alive, "another may have it then"
    mapped = [port for port, at in latest.values() if now < at + 30]
    assert len(mapped) == len(set(mapped)), "no two phones have the same port"


def test_the_first_phone_keeps_its_port_and_the_second_gets_another() -> None:
    nat = Nat(30.0)
    assert nat.out("a", 5060, 0.0) == 5060
    assert nat.out("b", 5060, 0.0) == FIRST_PORT
    assert nat.back(9, 0.0) is None
    with pytest.raises(ConfigurationError, match="above 0 s"):
        Nat(0.0)
