"""Which phone counts as a hot desk extension's: those that register with its own credentials."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.entropy import Seed
from simulators.pbx.exchange_events import (
    Ending,
    ExtensionUnregistered,
    HotDeskLoggedOut,
    RegistrationRefused,
)
from simulators.pbx.hot_desk_phones import MOST_LEFT, HotDeskPhones, Place
from simulators.pbx.tests.office import NODE, Office, Phone
from simulators.sip.agent import RegistrationAgent
from simulators.sip.call_events import CallOffered
from simulators.sip.registration import State

HOME, DESK = ("127.30.0.50", 5060), ("127.10.64.51", 5060)


@pytest.fixture
def office() -> Office:
    office = Office()
    for number in ("2101", "2102", "2103"):
        office.phone(number)
    return office


def guest(office: Office, address: tuple[str, int]) -> Phone:
    """The phone at this address gets the credentials of 2150 and registers."""
    return office.phone("2150", address=address)


def refresh(office: Office, phone: Phone) -> State:
    """Register once more, as a phone does before its time is up."""
    phone.register(NODE, office.now)
    office.run()
    return phone.state


def rings(office: Office, *phones: Phone) -> list[int]:
    """Eve calls 2150; how many calls have been offered to each phone since the last look."""
    before = [len(phone.of(CallOffered)) for phone in phones]
    eve = next(phone for phone in office.phones.values() if phone.number == "2103")
    office.dial(eve, "2150")
    eve.calls.hang_up(eve.key, office.now)
    office.run()
    return [len(p.of(CallOffered)) - n for p, n in zip(phones, before, strict=True)]


def test_after_a_second_log_in_the_newest_phone_has_the_calls(office: Office) -> None:
    office.hot_desk.log_in("2150", "")
    first = guest(office, HOME)
    assert rings(office, first) == [1]
    office.hot_desk.log_in("2150", "")
    second = guest(office, DESK)
    assert (first.state, second.state) == (State.REGISTERED, State.REGISTERED)
    assert rings(office, first, second) == [0, 1]


def test_a_refresh_of_the_phone_that_was_logged_out_takes_nothing_back(office: Office) -> None:
    office.hot_desk.log_in("2150", "")
    first = guest(office, HOME)
    office.hot_desk.log_in("2150", "")
    second = guest(office, DESK)
    assert refresh(office, first) is State.REFUSED
    refused = [e for e in office.happened if isinstance(e, RegistrationRefused)][-1]
    why = "Hot desk extension 2150 was logged out at this phone"
    assert refused == RegistrationRefused("2150", why, 403)
    assert rings(office, first, second) == [0, 1]
    assert refresh(office, second) is State.REGISTERED
    restarted = office.phone("2150", address=HOME, on=False)  # another Call-ID, the same contact
    entropy = Seed(2).stream("restarted").randbytes
    restarted.agent = RegistrationAgent(HOME, entropy, registers_only=True)
    assert refresh(office, restarted) is State.REFUSED
    assert rings(office, restarted, second) == [0, 1]


def test_a_refresh_between_log_in_and_registration_is_not_for_good(office: Office) -> None:
    office.hot_desk.log_in("2150", "2101")
    first = guest(office, HOME)
    office.hot_desk.log_in("2150", "2102")
    assert refresh(office, first) is State.REGISTERED
    second = guest(office, DESK)
    assert rings(office, first, second) == [0, 1]
    assert refresh(office, first) is State.REFUSED


def test_until_the_new_phone_registers_the_base_it_logged_in_at_rings(office: Office) -> None:
    bob = next(phone for phone in office.phones.values() if phone.number == "2102")
    office.hot_desk.log_in("2150", "2101")
    first = guest(office, HOME)
    assert rings(office, first, bob) == [1, 0]
    office.hot_desk.log_in("2150", "2102")
    assert rings(office, first, bob) == [0, 1]
    refresh(office, first)
    assert rings(office, first, bob) == [0, 1]


def test_who_comes_back_to_a_phone_may_register_there_again(office: Office) -> None:
    office.hot_desk.log_in("2150", "")
    first = guest(office, HOME)
    office.hot_desk.log_in("2150", "")
    second = guest(office, DESK)
    office.hot_desk.log_in("2150", "")
    assert refresh(office, first) is State.REGISTERED
    assert refresh(office, second) is State.REFUSED
    assert rings(office, first, second) == [1, 0]


def test_one_border_gateway_for_both_phones_stays_registered(office: Office) -> None:
    office.hot_desk.log_in("2150", "")
    mbg = guest(office, HOME)
    office.hot_desk.log_in("2150", "")
    assert refresh(office, mbg) is State.REGISTERED
    assert rings(office, mbg) == [1]


def test_a_log_out_takes_the_registration_away_until_the_next_log_in(office: Office) -> None:
    office.hot_desk.log_in("2150", "2101")
    phone = guest(office, HOME)
    assert office.hot_desk.log_out("2150")
    office.run()
    assert office.happened[-2:] == [
        HotDeskLoggedOut("2150", "2101", "log-out", left=True),
        ExtensionUnregistered("2150", Ending.LOGGED_OUT),
    ]
    assert refresh(office, phone) is State.REFUSED
    assert office.exchange.bindings.get("2150") is None
    office.hot_desk.log_in("2150", "2101")
    assert refresh(office, phone) is State.REGISTERED


def test_a_phone_of_its_own_has_nothing_to_do_with_log_ins(office: Office) -> None:
    own = guest(office, HOME)
    office.hot_desk.log_in("2150", "2101")
    assert office.hot_desk.log_out("2150")
    office.run()
    assert refresh(office, own) is State.REGISTERED
    other = guest(office, DESK)  # the newest registration counts, as with every extension
    assert (refresh(office, own), other.state) == (State.REGISTERED, State.REGISTERED)


def test_a_phone_that_was_logged_out_may_end_its_own_binding_and_no_other(office: Office) -> None:
    office.hot_desk.log_in("2150", "")
    first = guest(office, HOME)
    office.hot_desk.log_in("2150", "")
    guest(office, DESK)
    first.agent.unregister("it", office.now)
    office.run()
    assert first.state is State.UNREGISTERED
    binding = office.exchange.bindings.get("2150")
    assert binding is not None
    assert binding.peer == DESK


def test_the_memory_of_what_was_left_is_bounded_and_goes_with_the_extension() -> None:
    phones = HotDeskPhones()
    phones.logged_in("2150")
    places = [Place(f"call {n}", f"sip:2150@127.30.0.{n}") for n in range(MOST_LEFT + 2)]
    for place in places:
        phones.registered("2150", place)
    assert [phones.has_left("2150", p) for p in places] == [False, *[True] * MOST_LEFT, False]
    phones.forget("2150")
    assert not any(phones.has_left("2150", place) for place in places)


PLACES = [Place(f"call {n}", f"sip:2150@127.30.0.{n}") for n in range(3)]
steps = st.one_of(st.sampled_from(["in", "out"]), st.sampled_from(PLACES))


@given(st.lists(steps, max_size=25))
def test_whatever_happens_the_latest_phone_of_a_log_in_is_let_in(taken: list[str | Place]) -> None:
    """The model: what a log-in allows is everything; each new phone leaves the one before it."""
    phones, is_in, latest, left = HotDeskPhones(), False, None, set[Place]()
    older = False
    for step in taken:
        if step == "in":
            is_in, left, older = True, set(), latest is not None
            phones.logged_in("2150")
        elif step == "out":
            if is_in:
                has_left = latest is not None and not older
                assert phones.logged_out("2150") is has_left
                if has_left and latest is not None:
                    left.add(latest)
                    latest = None
            is_in = older = False
        elif isinstance(step, Place) and not phones.has_left("2150", step):
            if step != latest:
                left |= {latest} if latest is not None and is_in else set()
                older = False
            latest = step
            phones.registered("2150", step)
        assert {place for place in PLACES if phones.has_left("2150", place)} == left
        assert latest not in left
        assert phones.is_older("2150") is older
