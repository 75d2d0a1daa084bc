"""An exchange as registrar, and a registration agent: back to back, time moved by hand."""

from dataclasses import replace

import pytest

from simulators.core import Address, Datagram
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.pbx.exchange import Exchange
from simulators.pbx.exchange_events import (
    Ending,
    ExtensionRegistered,
    ExtensionUnregistered,
    RegistrationRefused,
    WeakPassword,
)
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.registrar import Licences
from simulators.pbx.settings import NodeSettings
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.digest import Challenge, answer
from simulators.sip.message import Headers, Request, Response, parse
from simulators.sip.registration import Account, State
from simulators.tests.back_to_back import Wire

NODE, MBG = ("127.10.0.21", 5060), ("127.10.0.10", 5060)
REALM = "Head Office"
Headers_ = list[tuple[str, str]]


class Pair:
    """A registrar with two extensions, an agent, and the wire between them."""

    def __init__(self, settings: NodeSettings | None = None) -> None:
        seed = Seed(1)
        self.extensions = Extensions(
            Extension(number, "", DeviceType.SIP_PHONE, number, f"right-{number}")
            for number in ("2101", "2102")
        )
        self.exchange = Exchange(
            REALM, self.extensions, seed.stream("pbx").randbytes, settings, local=NODE
        )
        self.agent = RegistrationAgent(MBG, seed.stream("mbg").randbytes)
        self.wire = Wire()
        self.wire.join(NODE, self.exchange)
        self.wire.join(MBG, self.agent)

    def account(self, number: str = "2101", **changes: object) -> Account:
        account = Account(NODE, NODE[0], number, number, f"right-{number}", MBG)
        return replace(account, **changes)  # type: ignore[arg-type]

    def register(self, number: str = "2101", **changes: object) -> State:
        self.agent.register(number, self.account(number, **changes), self.wire.now)
        self.wire.run()
        return self.state(number)

    def state(self, number: str = "2101") -> State:
        return self.agent.registrations[number].state

    def last(self, number: str = "2101") -> Response:
        response = self.agent.registrations[number].last
        assert response is not None
        return response

    def events(self) -> list[object]:
        events, self.wire.happened[NODE] = self.wire.happened[NODE], []
        return events

    def statuses(self) -> list[int]:
        """Of all answers that the registrar has sent."""
        answers = [parse(d.data) for _, source, d in self.wire.seen if source == NODE]
        return [message.status for message in answers if isinstance(message, Response)]


@pytest.fixture
def pair() -> Pair:
    return Pair()


def contact(number: str = "2101") -> str:
    return f"sip:{number}@{MBG[0]}:{MBG[1]}"


def test_the_right_password_registers_after_one_challenge(pair: Pair) -> None:
    assert pair.register() is State.REGISTERED
    assert pair.statuses() == [401, 200]
    assert pair.events() == [ExtensionRegistered("2101", contact(), 3600)]
    binding = pair.exchange.bindings.get("2101")
    assert binding is not None
    assert (binding.contact, binding.cseq, binding.until) == (contact(), 2, 3600)
    assert pair.last().headers.get("contact") == f"<{contact()}>;expires=3600"


def test_the_challenge_names_the_node_as_realm(pair: Pair) -> None:
    pair.register()
    first = parse(next(d for _, source, d in pair.wire.seen if source == NODE).data)
    challenge = Challenge.parse(first.headers.get("www-authenticate"))
    assert (challenge.realm, challenge.qop, challenge.stale) == (REALM, "auth", False)


def test_a_wrong_password_gets_401_again_and_no_binding(pair: Pair) -> None:
    assert pair.register(password="wrong-1") is State.REFUSED
    assert pair.statuses() == [401, 401]
    assert pair.events() == [RegistrationRefused("2101", "wrong password", 401)]
    assert pair.exchange.bindings.extensions() == []


def test_an_authorization_name_that_nobody_has_looks_like_a_wrong_password(pair: Pair) -> None:
    assert pair.register(auth_username="9009") is State.REFUSED
    assert pair.last().status == 401
    assert pair.events() == [RegistrationRefused("2101", "unknown user", 401)]


def test_an_unknown_extension_gets_404(pair: Pair) -> None:
    assert pair.register("9009") is State.REFUSED
    assert pair.statuses() == [401, 404]
    assert "Extension 9009 does not exist" in pair.last("9009").headers.get("warning")
    [refused] = pair.events()
    assert isinstance(refused, RegistrationRefused) and refused.status == 404


def test_ext_6_an_authorization_name_that_is_not_the_number_gets_403(pair: Pair) -> None:
    pair.extensions["2101"] = replace(pair.extensions["2101"], auth_name="9001")
    assert pair.register(auth_username="9001") is State.REFUSED
    text = "Authorization name 9001 is not the extension number 2101"
    assert pair.last().status == 403
    assert pair.last().headers.get("warning") == f'399 {NODE[0]} "{text}"'
    assert pair.events() == [RegistrationRefused("2101", text, 403)]
    assert pair.exchange.bindings.extensions() == []


def test_ext_6_with_a_wrong_password_it_is_401_so_the_name_is_not_betrayed(pair: Pair) -> None:
    pair.extensions["2101"] = replace(pair.extensions["2101"], auth_name="9001")
    assert pair.register(auth_username="9001", password="wrong-1") is State.REFUSED
    assert pair.last().status == 401


def test_ext_6_another_extensions_credentials_do_not_serve(pair: Pair) -> None:
    assert pair.register(auth_username="2102", password="right-2102") is State.REFUSED
    assert pair.last().status == 403
    assert "name 2102 is not the extension number 2101" in pair.last().headers.get("warning")
    assert pair.register("2102") is State.REGISTERED


def test_ext_6_the_mbg_registers_with_the_authorization_name_as_aor(pair: Pair) -> None:
    pair.extensions["2101"] = replace(pair.extensions["2101"], auth_name="9001")
    assert pair.register("9001", password="right-2101") is State.REFUSED
    assert pair.last("9001").status == 403
    assert "name 9001 is not the extension number 2101" in pair.last("9001").headers.get("warning")
    assert pair.register("9001", password="wrong-1") is State.REFUSED
    assert pair.last("9001").status == 404  # without the password nobody learns whose name it is


def test_a_name_with_quotes_can_not_break_out_of_the_warning(pair: Pair) -> None:
    pair.extensions["2101"] = replace(pair.extensions["2101"], auth_name='9"\\')
    pair.register(auth_username='9"\\')
    assert 'name 9\\"\\\\ is not' in pair.last().headers.get("warning")


@pytest.mark.parametrize(
    ("asked", "granted"), [(60, 60), (300, 300), (3600, 3600), (86_400, 3600), (0, 3600)]
)
def test_expiry_is_granted_as_asked_up_to_an_hour(pair: Pair, asked: int, granted: int) -> None:
    assert pair.register(expires_s=asked) is State.REGISTERED
    assert pair.agent.registrations["2101"].granted_s == granted
    assert pair.events() == [ExtensionRegistered("2101", contact(), granted)]


def test_too_brief_gets_423_and_the_agent_asks_for_what_is_granted(pair: Pair) -> None:
    assert pair.register(expires_s=59) is State.REGISTERED
    assert pair.statuses() == [401, 423, 200]
    assert pair.agent.registrations["2101"].granted_s == 60
    refused, registered = pair.events()
    assert refused == RegistrationRefused("2101", "expiry below 60 s", 423)
    assert isinstance(registered, ExtensionRegistered)


def test_it_stays_registered_as_long_as_the_agent_refreshes(pair: Pair) -> None:
    pair.register(expires_s=300)
    pair.wire.advance(3000)
    assert pair.state() is State.REGISTERED
    first, *further = pair.events()
    assert first == ExtensionRegistered("2101", contact(), 300)
    refresh = ExtensionRegistered("2101", contact(), 300, refreshed=True)
    assert further == [refresh] * 10  # every 285 s
    assert pair.exchange.bindings.extensions() == ["2101"]


def test_a_binding_that_nobody_refreshes_expires(pair: Pair) -> None:
    pair.register(expires_s=300)
    pair.agent.drop("2101")
    pair.events()
    pair.wire.advance(299.9)
    assert pair.events() == []
    pair.wire.advance(0.1)
    assert pair.events() == [ExtensionUnregistered("2101", Ending.EXPIRED)]
    assert pair.exchange.bindings.get("2101") is None


def test_un_registering(pair: Pair) -> None:
    pair.register()
    pair.events()
    pair.agent.unregister("2101", pair.wire.now)
    pair.wire.run()
    assert pair.state() is State.UNREGISTERED
    assert pair.events() == [ExtensionUnregistered("2101", Ending.UNREGISTERED)]
    assert "contact" not in pair.last().headers
    pair.wire.advance(4000)
    assert pair.events() == []


def test_a_nonce_that_is_too_old_is_replaced_without_a_refusal(pair: Pair) -> None:
    pair.register()  # refreshes after 3585 s, nonces live 300 s
    pair.wire.advance(3590)
    assert pair.statuses() == [401, 200, 401, 200]
    assert not any(isinstance(e, RegistrationRefused) for e in pair.events())
    assert pair.state() is State.REGISTERED


def test_a_removed_extension_loses_its_binding_and_its_next_refresh(pair: Pair) -> None:
    pair.register(expires_s=300)
    pair.register("2102", expires_s=300)
    pair.events()
    del pair.extensions["2101"]
    pair.exchange.remove("2101", pair.wire.now)
    pair.exchange.remove("2101", pair.wire.now)
    pair.wire.advance(286)
    assert pair.events()[0] == ExtensionUnregistered("2101", Ending.REMOVED)
    assert (pair.state("2101"), pair.last("2101").status) == (State.REFUSED, 404)
    assert pair.state("2102") is State.REGISTERED


def test_a_new_password_is_wanted_at_the_next_refresh(pair: Pair) -> None:
    pair.register(expires_s=300)
    pair.extensions["2101"] = replace(pair.extensions["2101"], auth_password="renewed-1")
    assert pair.exchange.bindings.extensions() == ["2101"]
    pair.wire.advance(286)
    assert (pair.state(), pair.last().status) == (State.REFUSED, 401)


# Licences


def test_without_a_free_licence_the_answer_names_it() -> None:
    pair = Pair(NodeSettings(licences=1))
    assert pair.register("2101", expires_s=300) is State.REGISTERED
    assert pair.register("2102", expires_s=300) is State.REFUSED
    assert pair.last("2102").status == 403
    assert "No Cat-F licence is free" in pair.last("2102").headers.get("warning")
    pair.wire.advance(286)
    assert pair.state("2101") is State.REGISTERED  # a refresh never loses one


def test_a_licence_set_free_serves_the_next() -> None:
    pair = Pair(NodeSettings(licences=1))
    pair.register("2101")
    pair.agent.unregister("2101", 0)
    pair.wire.run()
    assert pair.register("2102") is State.REGISTERED


def test_no_licence_at_all() -> None:
    assert Pair(NodeSettings(licences=0)).register() is State.REFUSED
    assert Pair(NodeSettings(licences=None)).register() is State.REGISTERED


# Loss


def test_a_lost_request_comes_again_by_retransmission(pair: Pair) -> None:
    lost: list[Datagram] = []

    def lose_the_first(datagram: Datagram) -> bool:
        if datagram.to == NODE and not lost:
            lost.append(datagram)
        return lost[-1:] == [datagram] and len(pair.wire.seen) == 1

    pair.wire.loses = lose_the_first
    assert pair.register() is State.REGISTERING
    pair.wire.advance(0.5)
    assert pair.state() is State.REGISTERED
    assert pair.statuses() == [401, 200]


def test_a_lost_200_is_said_again_and_binds_once(pair: Pair) -> None:
    pair.wire.loses = lambda datagram: datagram.data.startswith(b"SIP/2.0 200")
    assert pair.register() is State.REGISTERING
    pair.wire.advance(0.4)
    assert pair.statuses() == [401, 200]
    pair.wire.loses = lambda datagram: False
    pair.wire.advance(0.2)
    assert pair.statuses() == [401, 200, 200]  # the same answer, no second look at the nonce
    assert pair.state() is State.REGISTERED
    assert pair.events() == [ExtensionRegistered("2101", contact(), 3600)]


def test_a_dead_wire_times_out(pair: Pair) -> None:
    pair.wire.loses = lambda datagram: True
    pair.register()
    pair.wire.advance(31.9)
    assert pair.state() is State.REGISTERING
    pair.wire.advance(0.1)
    assert pair.state() is State.TIMED_OUT
    assert pair.events() == []


# Requests that no good agent sends


class Hand:
    """Writes REGISTER by hand, with the right digest unless told otherwise."""

    def __init__(self, pair: Pair, peer: Address = MBG) -> None:
        self.pair, self.peer = pair, peer
        self.branch = 0

    def send(
        self,
        *contacts: str,
        expires: str = "",
        call_id: str = "hand",
        cseq: int = 1,
        method: str = "REGISTER",
        to: str = "<sip:2101@127.10.0.21>",
        more: Headers_ | None = None,
        authorization: str | None = None,
    ) -> Response:
        self.branch += 1
        if authorization is None:
            challenge = self.pair.exchange.authentication.authenticator.challenge(
                self.pair.wire.now
            )
            authorization = self.authorization(challenge)
        items = [
            ("Via", f"SIP/2.0/UDP {self.peer[0]}:{self.peer[1]};branch=z9hG4bKh{self.branch}"),
            ("From", "<sip:2101@127.10.0.21>;tag=h"),
            ("To", to),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            *(("Contact", value) for value in contacts),
            *([("Expires", expires)] if expires else []),
            *([("Authorization", authorization)] if authorization else []),
            *(more or []),
        ]
        request = Request(method, "sip:127.10.0.21", Headers(items))
        self.pair.exchange.receive(request.encode(), self.peer, self.pair.wire.now)
        self.pair.wire.happened[NODE] += self.pair.exchange.events()
        [datagram] = self.pair.exchange.to_send()
        response = parse(datagram.data)
        assert isinstance(response, Response)
        return response

    def nonce(self) -> str:
        """A fresh nonce of the exchange's own."""
        return self.pair.exchange.authentication.authenticator.challenge(self.pair.wire.now).nonce

    def authorization(self, challenge: Challenge, count: int = 1) -> str:
        credentials = answer(
            challenge,
            method="REGISTER",
            uri="sip:127.10.0.21",
            username="2101",
            password="right-2101",
            cnonce="c",
            count=count,
        )
        return str(credentials)


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
