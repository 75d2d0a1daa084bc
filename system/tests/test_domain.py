"""The rules alone: versions, gates, credentials, addresses, operations, retries."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.domain import credentials, gates
from system.domain.addresses import Location, is_host, location_of
from system.domain.operations import (
    ACTIVE,
    TRANSITIONS,
    Event,
    IllegalTransition,
    State,
    next_state,
    retry_delay_s,
)
from system.domain.versions import UnreadableVersion, Version
from system.domain.warnings import extension_warnings
from system.errors import GateClosed
from system.tests.helpers import seeded_entropy

numbers = st.lists(st.integers(0, 9999), min_size=1, max_size=5)


def test_versions_compare_as_the_mission_says() -> None:
    ordered = ["5.0.64", "5.0.100", "6.3", "6.3 SP1", "6.3 sp2", "6.10", "10", "11.4.0.225"]
    assert sorted(sorted(ordered), key=Version.parse) == ordered
    assert sorted(ordered) != ordered  # as text they come out wrong
    assert Version.parse("6.3") == Version.parse("6.3.0")


@settings(deadline=None)
@given(numbers, st.integers(0, 20), st.integers(0, 20))
def test_version_text_reads_back(parts: list[int], pack: int, patch: int) -> None:
    version = Version.parse(f"{'.'.join(map(str, parts))} SP{pack} PR{patch}")
    assert Version.parse(str(version)) == version


@settings(deadline=None)
@given(numbers, numbers)
def test_versions_order_as_padded_lists_of_numbers(one: list[int], other: list[int]) -> None:
    padded_one, padded_other = one + [0] * (5 - len(one)), other + [0] * (5 - len(other))
    first, second = (Version.parse(".".join(map(str, parts))) for parts in (one, other))
    assert (first < second) == (padded_one < padded_other)
    assert (first == second) == (padded_one == padded_other)


@pytest.mark.parametrize("text", ["", "SP1", "6.", "6.3-beta", "six", "6.3 SP", "1" * 70, "٣"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(UnreadableVersion):
        Version.parse(text)


@pytest.mark.parametrize(
    ("closed", "requirement"),
    [
        (gates.mbg_gate("9.9.9", "gateway"), "PRE-1"),
        (gates.mbg_gate(None, "gateway"), "PRE-1"),
        (gates.mbg_gate("unreadable", "gateway"), "PRE-1"),
        (gates.mbg_gate("10", "server-only"), "PRE-2"),
        (gates.pbx_gate("Head Office", "6.3"), "PRE-3"),
        (gates.ct_gateway_gate("5.0.63"), "PRE-4"),
    ],
)
def test_closed_gates_name_their_requirement(closed: GateClosed | None, requirement: str) -> None:
    assert closed is not None
    assert closed.requirement == requirement


def test_open_gates() -> None:
    assert gates.mbg_gate("10", "gateway") is None
    assert gates.mbg_gate("11.4.0.225", "gateway") is None
    assert gates.pbx_gate("Head Office", "6.3 SP1") is None
    assert gates.pbx_gate("Head Office", "6.10") is None
    assert gates.ct_gateway_gate("5.0.100") is None


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_random_credentials_are_strong_and_survive(seed: int) -> None:
    entropy = seeded_entropy(seed)
    name, password = credentials.random_name(entropy), credentials.random_password(entropy)
    assert credentials.name_problem(name) is None
    assert credentials.password_problem(password, name) is None
    for characters in (string.ascii_letters, string.digits, string.punctuation):
        assert set(password) & set(characters)
    assert not set(password) & set('#"\\|,%&?;: $')


def test_random_passwords_have_96_bits_and_more() -> None:
    assert credentials.PASSWORD_BITS >= 96
    entropy = seeded_entropy(3)
    assert len({credentials.random_password(entropy) for _ in range(500)}) == 500


@pytest.mark.parametrize(
    "password",
    ["Abc-123", "ada-12345", "abcdefgh", "12345678", "--------", "with blank-1", "ä-1234567"],
)
def test_weak_or_unusable_passwords_have_a_problem(password: str) -> None:
    assert credentials.password_problem(password, "ada-12345") is not None
    assert credentials.password_problem("Abc-1234", "ada-12345") is None


@pytest.mark.parametrize(
    ("source", "location"),
    [
        ("10.0.0.10", Location.TELEWORKER),
        ("::ffff:10.0.0.10", Location.TELEWORKER),
        ("10.0.0.100", Location.LOCAL),
        ("", Location.LOCAL),
    ],
)
def test_teleworkers_come_from_the_mbg(source: str, location: Location) -> None:
    assert location_of(source, "10.0.0.10") is location
    assert location_of(source, None) is Location.LOCAL


def test_hosts() -> None:
    assert is_host("mcs.example.test")
    assert is_host("2001:db8::1")
    for wrong in (
        "",
        "a b",
        "1.2.3.400",
        "-a",
        "a..b",
        "http://a",
        "a:80",
        "fe80::1%eth0",
        "::1%a/b\n",
    ):
        assert not is_host(wrong)


def test_operations_end_only_where_the_table_says() -> None:
    assert next_state(State.WAITING, Event.SUCCEEDED) is State.DONE
    assert next_state(State.FAILED, Event.RETRY_ASKED) is State.WAITING
    for state in State:
        dead = {Event.RETRY_ASKED, Event.REPLACED} if state is State.DEAD else set()
        assert set(TRANSITIONS[state]) == (set(Event) if state in ACTIVE else dead)
    with pytest.raises(IllegalTransition):
        next_state(State.DONE, Event.PUT_OFF)


@settings(deadline=None)
@given(st.integers(1, 10_000), st.binary(min_size=2, max_size=2))
def test_retries_stay_within_their_bounds(attempts: int, chance: bytes) -> None:
    assert 5 <= retry_delay_s(attempts, 5, 60, lambda _: chance) <= 60


def test_retries_grow_and_are_spread() -> None:
    calm = [retry_delay_s(attempts, 5, 60, lambda _: b"\0\0") for attempts in range(1, 6)]
    assert calm == [5, 10, 20, 40, 60]
    assert retry_delay_s(4, 5, 60, lambda _: b"\xff\xff") < 40


def test_warnings() -> None:
    def texts(auth_name: str | None, *, use_remote: bool = True, on_pbx: bool = True) -> list[str]:
        return extension_warnings("2101", auth_name, use_remote=use_remote, on_pbx=on_pbx)

    assert texts("2101") == []
    assert "9001" in texts("9001")[0]
    assert len(texts(None)) == 1
    assert texts(None, use_remote=False) == []
    assert len(texts("2101", on_pbx=False)) == 1
