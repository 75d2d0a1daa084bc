"""An exchange as registrar, and a registration agent: back to back, time moved by hand."""

from dataclasses import replace

import pytest

from simulators.core import Datagram
from simulators.pbx.exchange_events import (
    Ending,
    ExtensionRegistered,
    ExtensionUnregistered,
    RegistrationRefused,
)
from simulators.pbx.settings import NodeSettings
from simulators.pbx.tests.registrar_pair import NODE, REALM, Pair, contact
from simulators.sip.digest import Challenge
from simulators.sip.message import parse
from simulators.sip.registration import State


@pytest.fixture
def pair() -> Pair:
    return Pair()


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
