"""An exchange as registrar: requests that no good agent sends, and what its settings change."""

from dataclasses import replace

import pytest

from simulators.errors import ConfigurationError
from simulators.pbx.exchange_events import (
    Ending,
    ExtensionRegistered,
    ExtensionUnregistered,
    WeakPassword,
)
from simulators.pbx.registrar import Licences
from simulators.pbx.settings import NodeSettings
from simulators.pbx.tests.registrar_pair import MBG, REALM, Hand, Pair
from simulators.sip.agent import RegistrationChanged
from simulators.sip.digest import Challenge
from simulators.sip.registration import State


@pytest.fixture
def pair() -> Pair:
    return Pair()


@pytest.fixture
def hand(pair: Pair) -> Hand:
    return Hand(pair)


def test_a_replayed_request_is_challenged_anew(pair: Pair, hand: Hand) -> None:
    challenge = pair.exchange.authentication.authenticator.challenge(0)
    once = hand.authorization(challenge)
    assert hand.send("<sip:a@b>", authorization=once).status == 200
    pair.events()
    again = hand.send("<sip:evil@b>", cseq=2, authorization=once)
    assert again.status == 401
    assert Challenge.parse(again.headers.get("www-authenticate")).stale
    binding = pair.exchange.bindings.get("2101")
    assert binding is not None and binding.contact == "sip:a@b"
    assert pair.events() == []
    counted = hand.authorization(challenge, count=2)
    assert hand.send("<sip:a@b>", cseq=3, authorization=counted).status == 200


@pytest.mark.parametrize("cseq", [4, 5])
def test_an_older_cseq_of_the_same_agent_gets_500(pair: Pair, hand: Hand, cseq: int) -> None:
    assert hand.send("<sip:a@b>", cseq=5).status == 200
    assert hand.send("<sip:a@b>;expires=0", cseq=cseq).status == 500
    assert hand.send("*", expires="0", cseq=cseq).status == 500
    assert pair.exchange.bindings.extensions() == ["2101"]
    assert hand.send("<sip:a@b>", cseq=6).status == 200
    assert hand.send("<sip:a@b>", cseq=1, call_id="rebooted").status == 200


def test_one_contact_per_extension_a_new_one_replaces_the_old(pair: Pair, hand: Hand) -> None:
    hand.send("<sip:2101@127.10.0.10>", cseq=1)
    response = hand.send("<sip:2101@127.10.0.11>", cseq=2)
    assert response.headers.all("contact") == ["<sip:2101@127.10.0.11>;expires=3600"]
    assert len(pair.exchange.bindings) == 1
    *_, last = pair.events()
    assert last == ExtensionRegistered("2101", "sip:2101@127.10.0.11", 3600)


def test_all_contacts_go_with_a_star(pair: Pair, hand: Hand) -> None:
    hand.send("<sip:2101@127.10.0.10>", cseq=1)
    pair.events()
    assert hand.send("*", expires="0", cseq=2).status == 200
    assert pair.events() == [ExtensionUnregistered("2101", Ending.UNREGISTERED)]
    assert hand.send("*", expires="0", cseq=3).status == 200  # nothing left is no error
    assert pair.events() == []


@pytest.mark.parametrize(
    ("contacts", "expires"), [(["*"], ""), (["*"], "60"), (["*", "<sip:a@b>"], "0"), (["<a"], "")]
)
def test_contacts_that_make_no_sense_get_400(
    pair: Pair, hand: Hand, contacts: list[str], expires: str
) -> None:
    hand.send("<sip:2101@127.10.0.10>", cseq=1)
    assert hand.send(*contacts, expires=expires, cseq=2).status == 400
    assert pair.exchange.bindings.extensions() == ["2101"]


def test_taking_back_another_contact_changes_nothing(pair: Pair, hand: Hand) -> None:
    hand.send("<sip:2101@127.10.0.10>", cseq=1)
    response = hand.send("<sip:2101@127.10.0.99>;expires=0", cseq=2)
    assert response.headers.all("contact") == ["<sip:2101@127.10.0.10>;expires=3600"]
    assert pair.exchange.bindings.extensions() == ["2101"]


def test_without_a_contact_it_is_a_question(pair: Pair, hand: Hand) -> None:
    assert hand.send().headers.all("contact") == []
    hand.send("<sip:2101@127.10.0.10>", cseq=2)
    pair.wire.now = 600
    answer = hand.send(cseq=1)  # a question may carry any CSeq
    assert answer.headers.all("contact") == ["<sip:2101@127.10.0.10>;expires=3000"]


def test_the_contacts_own_expiry_beats_the_header(pair: Pair, hand: Hand) -> None:
    response = hand.send("<sip:a@b>;expires=120", expires="600")
    assert response.headers.all("contact") == ["<sip:a@b>;expires=120"]
    assert hand.send("<sip:a@b>;expires=7", expires="600", cseq=2).status == 423
    soon = hand.send("<sip:a@b>", expires="soon", cseq=3)
    assert soon.headers.all("contact") == ["<sip:a@b>;expires=3600"]  # section 10.2.1.1


def test_a_required_extension_is_refused_by_name(pair: Pair, hand: Hand) -> None:
    response = hand.send("<sip:a@b>", more=[("Require", "path, gruu")])
    assert (response.status, response.reason) == (420, "Bad Extension")
    assert response.headers.get("unsupported") == "path, gruu"


def test_a_to_that_is_none_gets_400(pair: Pair, hand: Hand) -> None:
    assert hand.send("<sip:a@b>", to="<tel:2101>").status == 400
    assert pair.exchange.bindings.extensions() == []


def test_a_weak_password_raises_the_alarm(pair: Pair, hand: Hand) -> None:
    pair.extensions["2101"] = replace(pair.extensions["2101"], auth_password="2101")
    assert pair.register(password="2101") is State.REGISTERED
    assert WeakPassword("2101") in pair.events()
    pair.register("2102")
    assert not any(isinstance(event, WeakPassword) for event in pair.events())


def test_garbage_is_met_with_silence(pair: Pair) -> None:
    pair.exchange.receive(b"garbage", MBG, 0.0)
    assert (pair.exchange.to_send(), pair.exchange.events()) == ([], [])
    assert not pair.exchange.waiting()


@pytest.mark.parametrize(
    "habits",
    [
        {"min_expires_s": 0},
        {"default_expires_s": 59},
        {"licences": -1},
        {"contacts_per_extension": 0},
        {"algorithms": ()},
        {"algorithms": ("SHA-1",)},
        {"ring_limit_s": 0},
        {"hot_desk_code": "*9"},
    ],
)
def test_settings_that_make_no_sense(habits: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        NodeSettings(**habits)  # type: ignore[arg-type]


def test_sha_256_as_a_setting() -> None:
    assert Pair(NodeSettings(algorithms=("SHA-256",))).register() is State.REGISTERED


def test_both_algorithms_are_offered_in_the_order_of_the_setting() -> None:
    pair = Pair(NodeSettings(algorithms=("SHA-256", "MD5")))
    offered = Hand(pair).send("<sip:a@b>", authorization="")
    values = [v for name, v in offered.headers.items if name == "WWW-Authenticate"]
    challenges = [Challenge.parse(value) for value in values]
    assert [challenge.algorithm for challenge in challenges] == ["SHA-256", "MD5"]
    for cseq, challenge in enumerate(challenges, 1):
        hand = Hand(pair)
        hand.branch = cseq * 10
        fresh = replace(challenge, nonce=hand.nonce())
        answered = hand.authorization(fresh)
        assert hand.send("<sip:a@b>", cseq=cseq, authorization=answered).status == 200


def test_an_algorithm_that_was_not_offered_does_not_serve(pair: Pair, hand: Hand) -> None:
    challenge = Challenge(REALM, hand.nonce(), "SHA-256")
    refused = hand.send("<sip:a@b>", authorization=hand.authorization(challenge))
    assert refused.status == 401
    assert pair.exchange.bindings.get("2101") is None


def test_credentials_without_qop_serve_once_for_each_nonce(pair: Pair, hand: Hand) -> None:
    old = hand.authorization(Challenge(REALM, hand.nonce(), qop=""))
    assert "nc=" not in old
    assert hand.send("<sip:a@b>", authorization=old).status == 200
    again = hand.send("<sip:a@b>", cseq=2, authorization=old)
    assert again.status == 401
    assert Challenge.parse(again.headers.get("www-authenticate")).stale


@pytest.mark.parametrize("same", ["<sip:2101@HOST:5070;Transport=TCP>", "sip:%32101@host:5070"])
def test_contacts_that_mean_the_same_are_one(same: str) -> None:
    params = ";transport=tcp" if "TCP" in same else ""
    pair = Pair(NodeSettings(contacts_per_extension=2))
    hand = Hand(pair)
    hand.send(f"<sip:2101@host:5070{params}>", cseq=1)
    assert len(hand.send(same, cseq=2).headers.all("contact")) == 1
    assert len(hand.send("<sip:2101@host:5071>", cseq=3).headers.all("contact")) == 2
    assert len(hand.send(f"{same};expires=0", cseq=4).headers.all("contact")) == 1


def test_licences_in_use_and_the_most_there_were(pair: Pair) -> None:
    registrar = pair.exchange.registrar
    pair.register("2101")
    pair.register("2102")
    pair.agent.unregister("2101", 0)
    pair.wire.run()
    pair.agent.retry("2102", pair.wire.now)
    pair.wire.run()
    assert registrar.licences == Licences(None, 1, 2)


def test_fewer_licences_while_running_take_none_from_who_has_one(pair: Pair) -> None:
    pair.register("2101", expires_s=300)
    pair.exchange.registrar.set_licences(0)
    pair.wire.advance(286)
    assert pair.state("2101") is State.REGISTERED
    assert pair.register("2102") is State.REFUSED


def test_the_agents_events_tell_the_same_story(pair: Pair) -> None:
    pair.register()
    told = [e.after for e in pair.wire.happened[MBG] if isinstance(e, RegistrationChanged)]
    assert told == [State.REGISTERING, State.REGISTERED]
