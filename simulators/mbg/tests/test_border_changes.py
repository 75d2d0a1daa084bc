"""The border when things change half-way: devices, requests, ICPs; and RFC 3261 section 10.3."""

from simulators.core import Address
from simulators.entropy import Seed
from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.sip_border.border_terms import DeviceRefused, DeviceUnregistered
from simulators.mbg.tests.border_wire import (
    ICP_PASSWORD,
    OUTSIDE_AT,
    PBX_AT,
    SET_PASSWORD,
    Wire,
    device,
    estate,
    plug_in,
)
from simulators.pbx.extensions import DeviceType, Extension
from simulators.sip.agent import RegistrationAgent
from simulators.sip.digest import Challenge, answer
from simulators.sip.message import Headers, Request, Response
from simulators.sip.registration import Account, State
from simulators.sip.transaction import ResponseReceived, TimedOut

SET_AT: Address = ("127.30.0.99", 5060)


class Hand(RegistrationAgent):
    """A set whose headers are typed by hand; it answers the challenge."""

    def __init__(self, wire: Wire) -> None:
        self.entropy = Seed(9).stream("hand").randbytes
        super().__init__(SET_AT, self.entropy)
        self.wire = wire
        self.heard: list[Response] = []
        wire.sets[SET_AT] = self

    def _work(self, now: float) -> None:
        for event in self.transactions.events():
            assert not isinstance(event, TimedOut)
            if isinstance(event, ResponseReceived):
                self.heard.append(event.response)

    def sends(self, **headers: str) -> Response | None:
        """REGISTER with these headers, challenged first; the final answer if there is one yet."""
        challenged = self._once(headers, None)
        assert challenged is not None
        return self._once(headers, Challenge.parse(challenged.headers.get("www-authenticate")))

    def _once(self, headers: dict[str, str], challenge: Challenge | None) -> Response | None:
        uri = f"sip:{OUTSIDE_AT[0]}"
        items = [
            ("From", f"<sip:tw0@{OUTSIDE_AT[0]}>;tag=1"),
            ("To", f"<sip:tw0@{OUTSIDE_AT[0]}>"),
            ("Call-ID", self.entropy(4).hex()),
            ("CSeq", "1 REGISTER"),
            *headers.items(),
        ]
        if challenge is not None:
            credentials = answer(
                challenge, method="REGISTER", uri=uri, username="tw0", password=SET_PASSWORD,
                cnonce="c", count=1,
            )  # fmt: skip
            items.append(("Authorization", str(credentials)))
        self.heard.clear()
        request = Request("REGISTER", uri, Headers(items))
        self.transactions.send(request, OUTSIDE_AT, self.wire.now)
        self.wire.settle()
        return self.heard[-1] if self.heard else None


def last(wire: Wire, at: Address) -> Response:
    response = wire.sets[at].registrations["1"].last
    assert response is not None
    return response


def at_work(licences: int = 10) -> tuple[Wire, Address]:
    wire = estate(licences)
    return wire, plug_in(wire)


def test_a_device_changed_while_its_set_waits_is_registered_with_the_new_account() -> None:
    wire = estate(icp_password="old-icp-side-1")
    wire.cut.add(PBX_AT)
    plug_in(wire)
    wire.move(9)
    changed = wire.border.store.patch("1", {"icp_password": ICP_PASSWORD})
    wire.cut.clear()
    wire.border.device_changed(changed, wire.now)
    wire.settle()
    assert wire.state() is State.REGISTERED
    assert wire.pbx.bindings.get("2101") is not None


def test_a_change_gives_the_icp_its_whole_time_again() -> None:
    wire = estate()
    wire.cut.add(PBX_AT)
    address = plug_in(wire)
    wire.move(9)
    changed = wire.border.store.patch("1", {"icp_password": "another-one-3"})
    wire.border.device_changed(changed, wire.now)
    wire.move(9)
    assert wire.state() is State.REGISTERING
    wire.move(2)
    assert last(wire, address).status == 504


def test_a_device_removed_while_its_set_waits_is_refused_as_unknown() -> None:
    wire = estate()
    wire.cut.add(PBX_AT)
    address = plug_in(wire)
    wire.border.device_removed(wire.border.store.delete("1"), wire.now)
    wire.settle()
    assert last(wire, address).status == 403
    assert wire.happened == [DeviceRefused("tw0", 403, "SIP device is unknown or disabled")]
    assert wire.border.licences.in_use == 0


def test_a_register_that_replaces_a_pending_one_answers_that_first() -> None:
    wire = estate()
    wire.cut.add(PBX_AT)
    hand = Hand(wire)
    assert hand.sends(Contact="<sip:tw0@127.30.0.99:5060>") is None
    wire.cut.clear()
    replaced = hand.sends(Contact="<sip:tw0@127.30.0.99:5060>")
    assert replaced is not None
    assert (replaced.status, replaced.reason) == (500, "Replaced by a later request")
    wire.move(2)
    assert [r.status for r in hand.heard] == [500, 200]


def test_a_set_that_takes_its_pending_register_back_hears_of_both() -> None:
    wire = estate()
    wire.cut.add(PBX_AT)
    hand = Hand(wire)
    assert hand.sends(Contact="<sip:tw0@127.30.0.99:5060>") is None
    hand.sends(Contact="<sip:tw0@127.30.0.99:5060>", Expires="0")
    assert [r.status for r in hand.heard] == [500, 200]


def test_a_binding_that_ends_while_its_refresh_waits_leaves_the_refresh_alone() -> None:
    wire, address = at_work()
    changed = wire.border.store.patch("1", {"icp_password": "another-one-3"})
    wire.border.device_changed(changed, wire.now)
    wire.cut.add(address)
    wire.move(295)
    wire.cut = {PBX_AT}
    wire.sets[address].retry("1", wire.now)
    wire.settle()
    wire.move(6)  # the binding's 300 s are over
    assert DeviceUnregistered("1", "expired") in wire.happened
    wire.cut.clear()
    wire.extensions["2101"] = Extension("2101", "A", DeviceType.SIP_PHONE, "2101", "another-one-3")
    wire.move(4)
    assert wire.state() is State.REGISTERED


def test_another_icp_username_frees_the_old_extension_at_the_pbx() -> None:
    wire, address = at_work()
    wire.extensions["2102"] = Extension("2102", "B", DeviceType.SIP_PHONE, "2102", ICP_PASSWORD)
    changed = wire.border.store.patch("1", {"icp_username": "2102"})
    wire.border.device_changed(changed, wire.now)
    wire.settle()
    assert wire.pbx.bindings.get("2101") is None
    wire.sets[address].retry("1", wire.now)
    wire.settle()
    assert wire.state() is State.REGISTERED
    assert wire.pbx.bindings.get("2102") is not None
    assert set(wire.border._upstream._agent.registrations) == {"1"}


def test_register_without_contact_is_a_query_whatever_expires_says() -> None:
    wire = estate()
    hand = Hand(wire)
    hand.sends(Contact="<sip:tw0@127.30.0.99:5060>")
    wire.move(100)
    told = hand.sends(Expires="0")
    assert told is not None
    assert told.headers.get("contact") == "<sip:tw0@127.30.0.99:5060>;expires=200"
    assert "1" in wire.border.bindings


def test_contact_star_needs_expires_0() -> None:
    wire = estate()
    hand = Hand(wire)
    hand.sends(Contact="<sip:tw0@127.30.0.99:5060>")
    for headers in ({}, {"Expires": "60"}):
        refused = hand.sends(Contact="*", **headers)
        assert refused is not None
        assert refused.status == 400
        assert "1" in wire.border.bindings
    taken = hand.sends(Contact="*", Expires="0")
    assert taken is not None
    assert taken.status == 200
    assert not wire.border.bindings


def test_a_new_contact_counts_though_the_old_one_is_taken_back_with_it() -> None:
    wire = estate()
    hand = Hand(wire)
    old, new = "<sip:tw0@127.30.0.99:5060>", "<sip:tw0@127.30.0.99:5070>"
    hand.sends(Contact=old)
    told = hand.sends(Contact=f"{old};expires=0, {new};expires=200")
    assert told is not None
    assert told.headers.get("contact") == f"{new};expires=200"
    assert wire.border.bindings["1"].contact == new[1:-1]


def test_a_contact_in_any_form_is_answered_as_uri_and_expires() -> None:
    for contact in ('"Ann, > home" <sip:tw0@127.30.0.99:5060>;x=y', "sip:tw0@127.30.0.99:5060;x=y"):
        told = Hand(estate()).sends(Contact=contact)
        assert told is not None
        assert told.headers.get("contact") == "<sip:tw0@127.30.0.99:5060>;expires=300"


def test_a_strangers_guess_leaves_the_status_of_a_registered_device() -> None:
    wire, _ = at_work()
    stranger: Address = ("127.30.0.77", 5060)
    wire.sets[stranger] = RegistrationAgent(stranger, Seed(7).stream("stranger").randbytes)
    account = Account(OUTSIDE_AT, OUTSIDE_AT[0], "tw0", "tw0", "a-guess-1", stranger)
    wire.sets[stranger].register("1", account, wire.now)
    wire.settle()
    assert wire.state(1) is State.REFUSED
    assert device(wire).status is DeviceStatus.REGISTERED


def test_extensions_that_an_icp_forgot_while_silent_are_registered_anew() -> None:
    wire, _ = at_work()
    wire.move(60)
    wire.cut.add(PBX_AT)
    wire.pbx.bindings.remove_all("2101")
    wire.move(60)
    assert wire.pbx.bindings.get("2101") is None
    wire.cut.clear()
    wire.move(35)
    assert wire.pbx.bindings.get("2101") is not None
    assert device(wire).status is DeviceStatus.REGISTERED


def test_an_icp_that_answers_is_asked_without_registering_again() -> None:
    wire, address = at_work()
    before = wire.pbx.bindings.get("2101")
    wire.move(600)
    assert wire.pbx.bindings.get("2101") == before
    del wire.sets[address]
    wire.move(400)  # nobody is registered there any more: nobody looks
    assert wire.border._upstream._icps == {}
