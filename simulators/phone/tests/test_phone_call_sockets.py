"""Handsets that call each other through the MBG and a PBX node, on real sockets (PHN-7)."""

from collections.abc import AsyncIterator

import pytest

from simulators.addresses import claim_private
from simulators.core import TCP, TLS, UDP
from simulators.errors import BenchError
from simulators.journal import LostEntry
from simulators.mbg.sip_border import calls as border_calls
from simulators.phone.calls.line_table import Activity, Lamp
from simulators.phone.handset import Handset
from simulators.phone.life.states import State
from simulators.phone.tests.call_site import ADA, BEN, OFFICE, CallSite


@pytest.fixture
async def site() -> AsyncIterator[CallSite]:
    claim = claim_private()
    made = CallSite(claim.plan)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()
        claim.release()


async def talk(site: CallSite, first: Handset, second: Handset, number: str) -> None:
    """The first calls the second's number; both hear each other when this returns."""
    first.dial(number)
    await second.until_call(Activity.INCOMING)
    second.answer()
    for phone in (first, second):
        await phone.until_call(Activity.CONNECTED)
        await site.journaled("audio heard", phone)


@pytest.mark.parametrize("other", [UDP, TCP, TLS])
@pytest.mark.parametrize("transport", [UDP, TCP, TLS])
async def test_two_teleworkers_call_each_other_and_hear_each_other(
    site: CallSite, transport: str, other: str
) -> None:
    ada, ben = await site.at_home(ADA, transport), await site.at_home(BEN, other)
    await talk(site, ada, ben, BEN)
    assert ben.call is not None and str(ben.call.far_end) == f"Ada {ADA}"
    assert ada.heard_audio and ben.heard_audio
    outside = site.mbg.outside
    assert all(
        stream.heard_from is not None and stream.heard_from[0] == outside
        for phone in (ada, ben)
        for stream in phone.audio.values()
    ), "voice comes through the MBG alone"
    ada.hang_up()
    await ada.until_call(Activity.IDLE)
    await ben.until_call(Activity.IDLE)
    assert ben.calls[1].message == "Call ended"


async def test_teleworker_and_office_call_each_other(site: CallSite) -> None:
    ada, office = await site.at_home(ADA), await site.in_office()
    await talk(site, office, ada, ADA)
    ada.hang_up()
    await office.until_call(Activity.IDLE)
    await ada.until_call(Activity.IDLE)
    mark = site.journal.mark()
    ada.dial(OFFICE)
    await office.until_call(Activity.INCOMING)
    office.answer()
    await site.journaled("audio heard", ada, mark)
    await site.journaled("audio heard", office, mark)
    office.hang_up()
    await ada.until_call(Activity.IDLE)
    assert site.node.calls == [] and len(site.mbg.media) == 0


async def test_who_waits_hears_nothing_until_the_other_is_back(site: CallSite) -> None:
    ada, ben = await site.at_home(ADA), await site.at_home(BEN)
    await talk(site, ada, ben, BEN)
    ada.hold()
    assert ada.lamps == {1: Lamp.SLOW}
    await site.journaled("holds", ada)
    await site.clock.advance(0.1)
    assert ben.screen.message == "Held"
    heard = ben.audio[1].heard
    await site.clock.advance(3)
    assert ben.audio[1].heard == heard and site.said("audio not heard") == []
    mark = site.journal.mark()
    ada.resume()
    for phone in (ada, ben):
        await site.journaled("audio heard", phone, mark)
    ben.hang_up()
    await ada.until_call(Activity.IDLE)


async def test_a_line_in_a_call_is_busy_for_a_third(site: CallSite) -> None:
    ada, ben = await site.at_home(ADA), await site.at_home(BEN)
    office = await site.in_office()
    await talk(site, ada, ben, BEN)
    office.dial(ADA)
    await office.until_call(Activity.IDLE)
    assert office.calls[1].message == "Busy"
    await site.answered("INVITE", 486, ada)
    assert ada.call is not None and ada.call.activity is Activity.CONNECTED


async def test_a_refused_call_and_one_that_the_caller_takes_back(site: CallSite) -> None:
    ada, ben = await site.at_home(ADA), await site.at_home(BEN)
    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    assert ben.lamps == {1: Lamp.FAST} and ben.screen.softkeys == ("Answer", "Ignore")
    ben.refuse()
    await ada.until_call(Activity.IDLE)
    await ben.until_call(Activity.IDLE)
    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    ada.hang_up()
    await ada.until_call(Activity.IDLE)
    await ben.until_call(Activity.IDLE)
    for status in (603, 487):
        await site.answered("INVITE", status, ben)
    assert site.said("connected") == [] and site.said("audio heard") == []


async def test_who_is_not_registered_can_not_be_called(site: CallSite) -> None:
    ada = await site.at_home(ADA)
    ada.dial(BEN)
    await ada.until_call(Activity.IDLE)
    assert ada.calls[1].message == "Not available"
    assert (await site.journaled("call ended", ada)).facts["status"] == "480"


async def test_a_phone_that_loses_power_in_a_call_says_nothing_to_anybody(site: CallSite) -> None:
    ada, ben = await site.at_home(ADA), await site.at_home(BEN)
    await talk(site, ada, ben, BEN)
    await ada.power_off()
    assert ada.calls == {} and ada.call is None
    await site.clock.advance(1)
    assert ben.call is not None and ben.call.activity is Activity.CONNECTED
    ben.hang_up()
    await site.clock.advance(40)
    await ben.until_call(Activity.IDLE)


async def test_a_restart_on_purpose_ends_the_call_first(site: CallSite) -> None:
    ada, ben = await site.at_home(ADA), await site.at_home(BEN)
    await talk(site, ada, ben, BEN)
    ada.restart()
    await ben.until_call(Activity.IDLE)
    await ada.until(State.REGISTERED)
    assert ada.reboots == 1


async def test_check_sync_restarts_a_phone_only_after_its_call(site: CallSite) -> None:
    ada, ben = await site.at_home(ADA, TLS), await site.at_home(BEN)
    await talk(site, ada, ben, BEN)
    site.node.notify(ADA, "check-sync;reboot=true")
    await site.answered("NOTIFY", 200, ada)
    await site.journaled("restart waits for the end of the call", ada)
    assert ada.reboots == 0 and ada.call is not None
    ben.hang_up()
    await site.journaled("rebooting", ada)
    await ada.until(State.REGISTERED)
    site.node.notify(ADA, "message-summary")
    await site.answered("NOTIFY", 489, ada)
    assert ada.reboots == 1


# What shows when voice doesn't get through


async def test_without_rewritten_descriptions_nobody_hears_anybody(
    site: CallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(border_calls, "rewritten", lambda body, host, ports: body)
    ada, ben = await site.at_home(ADA), await site.at_home(BEN)
    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    ben.answer()
    await ada.until_call(Activity.CONNECTED)
    await site.clock.advance(3)
    assert sorted(site.said("audio not heard")) == sorted([ada.role, ben.role])
    assert site.said("audio heard") == [] and not ada.heard_audio
    lost = [e for e in site.journal.entries if isinstance(e, LostEntry) and e.what == "RTP"]
    assert {e.reason for e in lost} == {"no path from home to home"}


async def test_one_way_audio_shows_at_the_end_that_hears_nothing(
    site: CallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = await site.at_home(ADA), await site.at_home(BEN)
    allows = site.network.allows
    sending = {"on": True}

    def deaf(source: str, destination: str) -> bool:
        """Nothing of the MBG's media reaches Ben's home."""
        voice = not sending["on"] and destination == ben.home_address
        return allows(source, destination) and not voice

    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    sending["on"] = False
    monkeypatch.setattr(site.mbg.media._network, "allows", deaf)
    ben.answer()
    await site.journaled("audio heard", ada)
    await site.clock.advance(3)
    assert site.said("audio not heard") == [ben.role]
    assert not ben.heard_audio and ada.heard_audio


# TLS and connections


async def test_a_phone_that_checks_certificates_takes_only_an_authority_it_knows(
    site: CallSite,
) -> None:
    assert (await site.at_home(ADA, TLS, validate=True, known=True)).registered
    stranger = site.home_phone(BEN, TLS, validate=True, known=False)
    await stranger.power_on()
    await stranger.until(State.TIMED_OUT)
    assert not stranger.registered


@pytest.mark.parametrize("transport", [TCP, TLS])
async def test_a_phone_comes_back_when_the_mbg_restarts(site: CallSite, transport: str) -> None:
    ada = await site.at_home(ADA, transport)
    mark = site.journal.mark()
    await site.mbg.restart()
    await site.clock.advance(130)  # the first try may meet an MBG that is not up yet
    await site.journaled("device registered", since=mark)
    await ada.until(State.REGISTERED)


async def test_phones_of_one_home_share_nothing_but_the_address(site: CallSite) -> None:
    ada = await site.at_home(ADA, TCP)
    ben = site.home_phone(BEN, TCP)
    ben.move_to(ada.home_address)
    await ben.power_on()
    await ben.until(State.REGISTERED)
    await talk(site, ada, ben, BEN)
    assert ben.heard_audio and ada.heard_audio


# Keys


async def test_keys_make_a_call_and_the_menu_waits(site: CallSite) -> None:
    ada, ben = await site.at_home(ADA), await site.at_home(BEN)
    ada.press("Line 1")
    assert (ada.screen.title, ada.lamps) == ("Dial", {1: Lamp.ON})
    ada.type_text("21")
    ada.press("Cancel")
    assert ada.call is None
    ada.type_text(BEN)  # on the hook: the first digit takes the line
    assert ada.screen.lines == (BEN,)
    ada.press("Settings")
    assert ada.screen.title == "Dial", "a call is in front"
    ada.press("Dial")
    ben.open_advanced()
    await ben.until_call(Activity.INCOMING)
    assert ben.screen.title == "Incoming call"
    ben.press("Line 1")
    await ada.until_call(Activity.CONNECTED)
    ada.press("Drop")
    await ben.until_call(Activity.IDLE)
    assert ben.screen.title == "Advanced", "the menu is where it was"
    ben.press("Answer")
    ben.press("Goodbye")
    assert ben.screen.title == BEN


async def test_what_can_not_be_done_says_what_the_phone_shows(site: CallSite) -> None:
    ada = await site.at_home(ADA)
    for act in (ada.answer, ada.refuse, ada.hold, ada.resume):
        with pytest.raises(BenchError, match=ADA):
            act()
    ada.hang_up()
    await ada.power_off()
    with pytest.raises(BenchError, match="expected to call 2102"):
        ada.dial(BEN)
    with pytest.raises(BenchError, match="connected within"):
        await ada.until_call(Activity.CONNECTED, within_s=0.01)
