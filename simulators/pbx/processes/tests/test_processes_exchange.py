"""What one process does with a REGISTER, step by step, and what it refuses."""

import pytest

from simulators.entropy import Seed
from simulators.pbx.processes.messages import (
    Claim,
    Grant,
    HandedOver,
    LicencesAsked,
    LicencesGranted,
    LicencesSpared,
    LicencesWanted,
    Recall,
    Registered,
    Unregistered,
)
from simulators.pbx.processes.tests.several import NODE, PLACES, REALM, Answer, Ask, Several
from simulators.sip.agent import RegistrationAgent
from simulators.sip.digest import Challenge, answer
from simulators.sip.message import Response, parse
from simulators.sip.registration import Account, State


def test_the_default_owner_asks_nobody() -> None:
    """Extension 2101 belongs to process 1, 2102 to process 2."""
    several = Several()
    several.ask(Ask(cseq=1))
    assert [Answer.of(each).status for each in several.sent] == [200]
    assert list(several.up[1]) == [Registered(["2101"])]
    several.settle()
    several.ask(Ask(cseq=2))
    assert [Answer.of(each).status for each in several.sent] == [200, 200]
    assert several.ways() == [], "a refresh is no news"
    several.ask(Ask(cseq=3, expires=0))
    assert list(several.up[1]) == [Unregistered(["2101"])]


def test_another_process_waits_until_the_owner_has_handed_over() -> None:
    several = Several()
    several.ask(Ask("2102", cseq=1))
    assert (several.sent, list(several.up[1])) == ([], [Claim(["2102"])])
    several.carry(("up", 1))
    assert list(several.down[2]) == [Recall(["2102"])]
    several.carry(("down", 2))
    assert list(several.up[2]) == [HandedOver("2102", [])]
    several.carry(("up", 2))
    assert list(several.down[1]) == [Grant(["2102"])]
    several.carry(("down", 1))
    assert [Answer.of(each).status for each in several.sent] == [200]
    several.settle()
    several.ask(Ask("2102", cseq=2, expires=0))
    several.ask(Ask("2102", cseq=3))
    assert [Answer.of(each).status for each in several.sent] == [200] * 3, "it stays the owner"


@pytest.mark.parametrize("contact", ["own", "<sip:2101@127.30.0.2>, <sip:2101@127.30.0.3>"])
def test_a_copy_that_comes_while_it_waits_is_dropped_and_later_answered_as_before(
    contact: str,
) -> None:
    """By the short way and the long one."""
    several = Several()
    octets = Ask("2102", contact=contact).octets(1)
    for _ in range(3):
        several.arrives(octets, 0)
    assert list(several.up[1]) == [Claim(["2102"])]
    several.settle()
    assert len(several.sent) == 1
    several.arrives(octets, 0)
    assert len(several.sent) == 2
    assert several.sent[0].data == several.sent[1].data
    several.advance(700)  # expired, and its answer forgotten
    several.arrives(octets, 0)
    several.settle()
    assert Answer.of(several.sent[2]).status == 200


@pytest.mark.parametrize(
    ("ask", "status"), [(Ask(credentials=""), 401), (Ask(extension="9999"), 404)]
)
def test_what_can_change_nothing_is_answered_at_once(ask: Ask, status: int) -> None:
    several = Several()
    several.ask(ask)
    assert [Answer.of(each).status for each in several.sent] == [status]
    assert several.ways() == []


def test_a_licence_is_asked_for_where_none_is_left_and_given_up_where_one_is_free() -> None:
    several = Several(licences=2)
    several.ask(Ask("2101", place=0))
    assert (several.sent, list(several.up[1])) == ([], [LicencesWanted(1)])
    several.settle()
    assert [Answer.of(each).status for each in several.sent] == [200]
    several.ask(Ask("2101", place=0, expires=0, cseq=2))  # its licence stays in process 1
    several.settle()
    for extension, place in (("2102", 1), ("2103", 1)):
        assert several.asked(Ask(extension, place)).status == 200
    assert several.ownership.licences.in_use == 2
    several.ask(Ask("2101", place=0, call="c2"))
    several.carry(("up", 1))
    assert list(several.down[2]) == [LicencesAsked()]
    several.carry(("down", 2))
    assert list(several.up[2]) == [LicencesSpared(0)]
    several.carry(("up", 2))
    assert list(several.down[1]) == [LicencesGranted(0)]
    several.carry(("down", 1))
    assert Answer.of(several.sent[-1]).status == 403


def test_who_comes_while_licences_are_asked_for_is_asked_for_anew() -> None:
    several = Several(licences=1)
    several.ask(Ask("2101", place=0))
    several.ask(Ask("2104", place=0))
    for way in (("up", 1), ("down", 1)):
        several.carry(way)
    assert [Answer.of(each).status for each in several.sent] == [200]
    assert list(several.up[1]) == [Registered(["2101"]), LicencesWanted(1)]
    several.settle()
    assert [Answer.of(each).status for each in several.sent] == [200, 403]


def test_what_waits_for_a_licence_is_decided_before_it_is_handed_over() -> None:
    several = Several(licences=1)
    several.ask(Ask("2101", place=0))
    several.ask(Ask("2101", place=1, call="c2"))
    several.carry(("up", 2))
    several.carry(("down", 1))
    assert list(several.up[1]) == [LicencesWanted(1)], "recalled, and not handed over yet"
    several.settle()
    assert [Answer.of(each).status for each in several.sent] == [200, 200]
    assert several.bound() == {"2101": [(2, ["sip:2101@127.30.0.3:5062"])]}
    assert several.ownership.licences.in_use == 1


def test_what_waits_for_a_licence_is_not_overtaken_by_the_phones_next_request() -> None:
    several = Several(licences=1)
    several.asked(Ask("2104", place=0))
    several.ask(Ask("2101", place=0, cseq=1))
    several.ask(Ask("2104", place=0, expires=0, cseq=2))  # sets the licence free
    several.ask(Ask("2101", place=0, cseq=2))
    several.settle()
    assert [Answer.of(each).status for each in several.sent] == [200] * 4


def test_the_licence_goes_with_the_bindings() -> None:
    several = Several(licences=1)
    several.asked(Ask("2101", place=0))
    assert several.licences_held() == several.licences_given() == {1: 1, 2: 0}
    several.asked(Ask("2101", place=1, call="c2"))
    assert several.licences_held() == several.licences_given() == {1: 0, 2: 1}


def test_a_refused_one_takes_no_licence() -> None:
    several = Several(licences=1)
    assert several.asked(Ask(credentials="wrong")).status == 401
    assert several.asked(Ask("2102", place=1)).status == 200
    assert several.ownership.registered() == {"2102": 2}


def test_who_was_refused_for_want_of_a_licence_registers_when_one_is_free() -> None:
    several = Several(licences=1)
    several.asked(Ask("2101", place=0))
    for place in (0, 1):
        refused = several.asked(Ask("2102", place=place, call="c2"))
        assert (refused.status, "No Cat-F licence" in refused.warning) == (403, True)
    several.asked(Ask("2101", place=0, expires=0, cseq=2))
    for place in (0, 1):
        assert several.asked(Ask("2102", place=place, call=f"d{place}")).status == 200


def test_bindings_move_with_the_time_that_is_left() -> None:
    several = Several()
    several.asked(Ask(expires=600))
    several.now += 100
    asked = several.asked(Ask(place=1, contact="", call="c2"))
    assert asked.contacts == ("<sip:2101@127.30.0.2:5062>;expires=500",)
    assert several.bound() == {"2101": [(2, ["sip:2101@127.30.0.2:5062"])]}
    [row] = several.cores[2].bindings.of("2101")
    assert (row.call_id, row.cseq, row.peer, row.transport) == ("c1", 1, PLACES[0], "UDP")
    several.advance(499)
    assert several.ownership.registered() == {"2101": 2}
    several.advance(1)
    assert (several.bound(), several.ownership.registered()) == ({}, {})


def test_of_one_that_expires_while_it_is_recalled_there_is_nothing_to_hand_over() -> None:
    several = Several()
    several.asked(Ask(expires=60))
    several.ask(Ask(place=1, call="c2"))
    several.carry(("up", 2))
    assert list(several.down[1]) == [Recall(["2101"])]
    several.now += 60
    several.carry(("down", 1))
    assert list(several.up[1]) == [Unregistered(["2101"]), HandedOver("2101", [])]
    several.settle()
    assert several.bound() == {"2101": [(2, ["sip:2101@127.30.0.3:5062"])]}


def test_to_unregister_from_elsewhere_ends_it_everywhere() -> None:
    several = Several(3)
    several.asked(Ask(place=0))
    assert several.asked(Ask(place=1, contact="*", expires=0, call="c2")).status == 200
    assert (several.bound(), several.ownership.registered()) == ({}, {})


def test_calls_are_refused_in_a_sentence_and_options_say_so_before() -> None:
    several = Several()
    invite = Ask().octets(1).replace(b"REGISTER", b"INVITE")
    several.arrives(invite, 0)
    [sent] = several.sent
    response = parse(sent.data)
    assert isinstance(response, Response)
    assert response.status == 501
    assert "several processes" in response.headers.get("warning")
    several.sent.clear()
    several.arrives(Ask().octets(2).replace(b"REGISTER", b"OPTIONS"), 1)
    [sent] = several.sent
    response = parse(sent.data)
    assert isinstance(response, Response)
    assert (response.status, response.headers.get("allow")) == (200, "REGISTER, OPTIONS")


def test_with_real_digest_a_nonce_of_another_process_is_stale_and_no_use_to_a_thief() -> None:
    several = Several(digest=True)
    several.ask(Ask(credentials=""))
    challenge = _challenge(several)
    credentials = str(
        answer(
            challenge, method="REGISTER", uri="sip:127.10.0.21", username="2101",
            password="right-2101", cnonce="c", count=1,
        )
    )  # fmt: skip
    assert several.asked(Ask(place=0, credentials=credentials, cseq=2)).status == 200
    for count in range(2):  # the same credentials at another process
        assert several.asked(Ask(place=1, credentials=credentials, cseq=3 + count)).status == 401
        assert _challenge(several).stale
    assert [each[1] for each in several.bound()["2101"]] == [["sip:2101@127.30.0.2:5062"]]


def test_a_phone_whose_datagrams_are_dealt_anew_gets_over_it_by_itself() -> None:
    """Challenged by one process, it answers to another, as when its NAT gives it a new port."""
    several = Several(digest=True)
    phone = RegistrationAgent(PLACES[0], Seed(9).stream("phone").randbytes)
    phone.register("a", Account(NODE, NODE[0], "2101", "2101", "right-2101", PLACES[0]), 0.0)
    for place in (0, 1, 1):
        assert phone.registrations["a"].state is State.REGISTERING
        for datagram in phone.to_send():
            several.arrives(datagram.data, place)
        several.settle()
        sent, several.sent = several.sent, []
        for datagram in sent:
            phone.receive(datagram.data, NODE, 0.0)
    assert phone.registrations["a"].state is State.REGISTERED
    assert several.ownership.registered() == {"2101": 2}


def _challenge(several: Several) -> Challenge:
    response = parse(several.sent[-1].data)
    assert isinstance(response, Response)
    assert REALM in response.headers.get("www-authenticate")
    return Challenge.parse(response.headers.get("www-authenticate"))
