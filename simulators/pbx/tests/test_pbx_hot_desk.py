"""Hot desking: the table, feature code 348 from phones, and calls that follow the user."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import ConfigurationError
from simulators.pbx.exchange_events import CallBegins, HotDeskLoggedIn, HotDeskLoggedOut
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.feature_codes import silence
from simulators.pbx.hot_desk import TRANSITIONS, Event, HotDesk, State
from simulators.pbx.tests.office import OFFER, Office
from simulators.sip.call_events import CallAnswered, CallOffered, Party, Reason
from simulators.sip.headers import NameAddress

BASES, DESKS = ("2101", "2102"), ("2150", "2151")


def hot_desk() -> HotDesk:
    return HotDesk(
        Extensions(
            Extension(number, "", kind, number, "x")
            for kind, numbers in (
                (DeviceType.SIP_PHONE, BASES),
                (DeviceType.SIP_HOT_DESK, DESKS),
            )
            for number in numbers
        )
    )


@pytest.fixture
def office() -> Office:
    return Office()


def log_ins(office: Office) -> list[object]:
    return [e for e in office.happened if isinstance(e, HotDeskLoggedIn | HotDeskLoggedOut)]


def test_a_second_log_in_logs_out_the_first() -> None:
    desk = hot_desk()
    desk.log_in("2150", "2101")
    assert (desk.state("2150"), dict(desk.places)) == (State.LOGGED_IN, {"2150": "2101"})
    desk.log_in("2150", "2102")
    assert dict(desk.places) == {"2150": "2102"}
    assert (desk.user_at("2101"), desk.user_at("2102")) == (None, "2150")
    assert desk.events() == [
        HotDeskLoggedIn("2150", "2101"),
        HotDeskLoggedOut("2150", "2101", "log-in at another phone"),
        HotDeskLoggedIn("2150", "2102"),
    ]


def test_another_user_at_the_phone_logs_out_who_was_there() -> None:
    desk = hot_desk()
    desk.log_in("2150", "2101")
    desk.log_in("2151", "2101")
    assert dict(desk.places) == {"2151": "2101"}
    desk.events()
    desk.log_in("2151", "2101")  # once more at the same phone changes nothing
    assert desk.events() == []


@pytest.mark.parametrize(
    ("who", "where", "why"),
    [
        ("2101", "2102", "2101 is no SIP hot desk extension"),
        ("2150", "2151", "2151 is no SIP phone extension"),
        ("9999", "2101", "9999 is no SIP hot desk"),
        ("2150", "9999", "9999 is no SIP phone"),
    ],
)
def test_only_hot_desks_log_in_and_only_at_phones(who: str, where: str, why: str) -> None:
    desk = hot_desk()
    with pytest.raises(ConfigurationError, match=why):
        desk.log_in(who, where)
    assert (dict(desk.places), desk.events()) == ({}, [])


def test_every_event_of_the_table_is_one_that_happens() -> None:
    assert {event for events in TRANSITIONS.values() for event in events} == set(Event)


steps = st.one_of(
    st.tuples(st.just("in"), st.sampled_from(DESKS), st.sampled_from(BASES)),
    st.tuples(st.just("out"), st.sampled_from(DESKS), st.just("")),
    st.tuples(st.just("removed"), st.sampled_from(BASES + DESKS), st.just("")),
)


@given(st.lists(steps, max_size=30))
def test_a_user_is_at_one_phone_and_a_phone_has_one_user(taken: list[tuple[str, str, str]]) -> None:
    desk, model = hot_desk(), dict[str, str]()
    for verb, number, base in taken:
        if verb == "in":
            model = {d: b for d, b in model.items() if b != base} | {number: base}
            desk.log_in(number, base)
        elif verb == "out":
            assert desk.log_out(number) is (model.pop(number, None) is not None)
        else:
            model = {d: b for d, b in model.items() if number not in (d, b)}
            desk.changed(Extension(number, "", DeviceType.SIP_PHONE, number, ""), None)
        assert dict(desk.places) == model
        assert {desk.user_at(base): base for base in BASES if desk.user_at(base)} == model
    told = dict[str, str]()
    for event in desk.events():
        if isinstance(event, HotDeskLoggedIn):
            assert event.hot_desk not in told and event.base not in told.values()
            told[event.hot_desk] = event.base
        elif isinstance(event, HotDeskLoggedOut):
            assert told.pop(event.hot_desk) == event.base
    assert told == model


def test_the_code_logs_in_and_the_phone_hears_it_by_a_call_that_ends_at_once(
    office: Office,
) -> None:
    ada = office.phone("2101")
    office.dial(ada, "3482150*4711")
    assert log_ins(office) == [HotDeskLoggedIn("2150", "2101")]
    [answered] = ada.of(CallAnswered)
    assert isinstance(answered, CallAnswered)
    assert b"m=audio 0 RTP/AVP 0" in answered.response.body
    assert (ada.ended().by, ada.ended().reason) == (Party.PEER, Reason.BYE)


def test_calls_of_the_hot_desk_ring_at_the_base_phone(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.dial(ada, "3482150*4711")
    office.dial(bob, "2150")
    offered = ada.offered().request
    assert offered.uri.startswith("sip:2101@")
    assert NameAddress.parse(offered.headers.get("from")).name == "Bob"
    assert office.happened[-1] == CallBegins("2102", "2150")
    office.dial(bob, "2101")  # the base's own calls ring there, too
    assert len(ada.of(CallOffered)) == 2


def test_who_is_logged_in_calls_in_its_own_name(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.dial(ada, "3482150*4711")
    office.dial(ada, "2102")
    shown = NameAddress.parse(bob.offered().request.headers.get("from"))
    assert (shown.name, shown.uri.user) == ("Guest", "2150")
    office.dial(ada, "2150")
    assert ada.refusal().status == 486  # its own phone


def test_the_code_alone_logs_out(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.dial(ada, "3482150*4711")
    office.dial(ada, "348")
    assert log_ins(office)[-1] == HotDeskLoggedOut("2150", "2101", "log-out")
    assert ada.ended().reason is Reason.BYE
    office.dial(bob, "2150")
    assert bob.refusal().status == 480
    office.dial(ada, "348")
    assert ada.refusal().status == 403
    assert "Nobody is logged in at extension 2101" in ada.refusal().headers.get("warning")


def test_a_second_log_in_by_code_logs_out_the_first(office: Office) -> None:
    ada, bob, eve = (office.phone(number) for number in ("2101", "2102", "2103"))
    office.dial(ada, "3482150*4711")
    office.dial(bob, "3482150*4711")
    office.dial(eve, "2150")
    assert len(bob.of(CallOffered)) == 1
    assert ada.of(CallOffered) == []


@pytest.mark.parametrize("digits", ["3482150*4712", "3482150", "3489999*4711", "3482102*2102"])
def test_a_code_that_is_wrong_says_so_and_changes_nothing(office: Office, digits: str) -> None:
    ada = office.phone("2101")
    office.dial(ada, digits)
    assert ada.refusal().status == 403
    assert log_ins(office) == []
    assert dict(office.hot_desk.places) == {}


def test_the_code_takes_credentials_as_any_call(office: Office) -> None:
    ada = office.phone("2101")
    ada.login = type(ada.login)("2101", "wrong")
    office.dial(ada, "3482150*4711")
    assert ada.refusal().status == 401
    assert dict(office.hot_desk.places) == {}


def test_an_extension_of_that_number_goes_before_the_code(office: Office) -> None:
    ada = office.phone("2101")
    office.extensions["348"] = Extension("348", "", DeviceType.SIP_PHONE, "348", "x")
    office.dial(ada, "348")
    assert "Extension 348 is not registered" in ada.refusal().headers.get("warning")


def test_a_phone_that_registers_as_the_hot_desk_itself_goes_first(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.dial(ada, "3482150*4711")
    guest = office.phone("2150", address=("127.30.0.50", 5060))
    office.dial(bob, "2150")
    assert len(guest.of(CallOffered)) == 1
    assert ada.of(CallOffered) == []


def test_silence_answers_each_stream_with_port_0() -> None:
    two = OFFER + b"m=video 4002 RTP/AVP 96 97\r\nm=broken\r\n"
    lines = silence(two, "127.10.0.21").split(b"\r\n")
    assert lines[-3:] == [b"m=audio 0 RTP/AVP 0", b"m=video 0 RTP/AVP 96 97", b""]
    assert silence(b"", "127.10.0.21").endswith(b"t=0 0\r\n")
