"""RTP without SIP, and wave files, on a real phone that a server asks by XML."""

import socket
from collections.abc import AsyncIterator
from contextlib import closing

import pytest

from simulators.addresses import claim_private
from simulators.errors import ConfigurationError
from simulators.phone.calls.line_table import Activity
from simulators.phone.life.states import State
from simulators.phone.sound import RECEIVING
from simulators.phone.tests.waves import wave
from simulators.phone.tests.xml_site import XmlSite
from simulators.phone.xml import objects as xml
from simulators.phone.xml.writing import write_object

ADA, BEN = "2101", "2102"
GROUP = "239.0.1.20"


def execute(*uris: str) -> xml.Execute:
    return xml.Execute(tuple(xml.ExecuteItem(uri) for uri in uris))


def free_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as end:
        end.bind(("127.0.0.1", 0))
        return int(end.getsockname()[1])


@pytest.fixture
async def site() -> AsyncIterator[XmlSite]:
    claimed = claim_private()
    try:
        async with XmlSite(claimed.plan).open() as opened:
            yield opened
    finally:
        claimed.release()


async def test_one_phone_says_what_another_one_is_told_to_hear(site: XmlSite) -> None:
    listener = await site.in_service(ADA, home=False)
    speaker = await site.in_service(BEN, home=False)
    port = free_port()
    await site.push(listener, execute(f"RTPRx:{speaker.home_address}:{port}"))
    await site.push(speaker, execute(f"RTPTx:{listener.home_address}:{port}"))
    heard = await site.journaled("audio heard", listener)
    assert heard.facts["stream"] == "asked for by XML"
    assert str(heard.facts["source"]).startswith(speaker.home_address)


async def test_nobody_else_is_heard_and_silence_is_told(site: XmlSite) -> None:
    listener = await site.in_service(ADA, home=False)
    speaker = await site.in_service(BEN, home=False)
    port = free_port()
    await site.push(listener, execute(f"RTPRx:{site.plan.mcs}:{port}"))
    await site.push(speaker, execute(f"RTPTx:{listener.home_address}:{port}"))
    await site.clock.advance(3)
    assert await site.journaled("audio not heard", listener)
    assert listener.audio[RECEIVING].heard == 0


async def test_a_group_is_heard_in_the_office_and_not_in_a_home(site: XmlSite) -> None:
    speaker = await site.in_service(ADA, home=False)
    office = await site.in_service(BEN, home=False)
    home = await site.in_service(home=True)
    port = free_port()
    wish = execute(f"RTPMRx:{GROUP}:{port}:mix")
    await site.push(office, wish)
    home.take_object(write_object(wish), "test")
    await site.push(speaker, execute(f"RTPMTx:{GROUP}:{port}"))
    assert await site.journaled("audio heard", office)
    assert not home.heard_audio, "multicast is not carried to a home (FWD-2)"


async def test_a_call_waits_while_a_stream_has_the_audio(site: XmlSite) -> None:
    ada, ben = await site.in_service(ADA), await site.in_service(BEN)
    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    ben.answer()
    await ada.until_call(Activity.CONNECTED)
    to = f"RTPTx:{site.plan.mbg_outside}:{free_port()}"
    ada.take_object(write_object(execute(f"{to}:mix")), "test")
    assert ada.call is not None and ada.call.activity is Activity.CONNECTED, "mixed with it"
    ada.take_object(write_object(execute(to)), "test")
    await ada.until_call(Activity.HELD)


async def test_a_file_plays_as_long_as_it_is_and_action_uris_tell_of_it(site: XmlSite) -> None:
    site.answers["/a.wav"] = wave(16_000)
    more = {"action uri incoming": site.url("in?n=$$INCOMINGNAME$$"),
            "action uri onhook": site.url("over")}  # fmt: skip
    phone = await site.in_service(ADA, home=False, more=more, expansion_modules=2)
    await site.push(phone, execute(f"Wav.Play:5:{site.url('a.wav')}"))
    plays = await site.journaled("sound plays", phone)
    assert (plays.facts["seconds"], plays.facts["volume"]) == ("2.0", "5")
    assert phone.playing and phone.screen.message == "Playing a.wav"
    await site.clock.advance(1.9)
    assert phone.playing
    await site.clock.advance(0.2)
    await site.journaled("sound ends", phone)
    assert not phone.playing and phone.screen.message == ""
    await site.clock.advance(1)
    assert "/in?n=a.wav" in site.asked and "/over" in site.asked
    requests = [e for e in site.journal.entries if "GET /a.wav" in e.detail]
    assert "X-Aastra-ExpMod2: M695" in requests[0].detail
    assert "X-Aastra-ExpMod3" not in requests[0].detail


@pytest.mark.parametrize("end", ["Goodbye", "Melody.Stop:", "Speaker"])
async def test_a_melody_goes_on_until_somebody_ends_it(site: XmlSite, end: str) -> None:
    site.answers["/a.wav"] = wave(800)
    phone = await site.in_service(ADA, home=False)
    await site.push(phone, execute(f"Melody.Play:{site.url('a.wav')}:3"))
    await site.journaled("sound plays", phone)
    await site.push(phone, execute("Wav.Stop:"))
    await site.clock.advance(1)
    assert phone.playing, "that is for the other kind"
    if end.endswith(":"):
        await site.push(phone, execute(end))
    else:
        phone.press(end)
    assert not phone.playing


@pytest.mark.parametrize(
    ("answer", "reason"), [(b"RIFF", "not a wave file"), (404, "HTTP status 404")]
)
async def test_what_does_not_play_is_said(site: XmlSite, answer: bytes | int, reason: str) -> None:
    site.answers["/a.wav"] = answer
    phone = await site.in_service(ADA, home=False)
    await site.push(phone, execute(f"Wav.Play:{site.url('a.wav')}"))
    refused = await site.journaled("sound refused", phone)
    assert refused.facts["reason"] == reason and not phone.playing


async def test_nothing_plays_for_somebody_who_talks_and_power_ends_it(site: XmlSite) -> None:
    site.answers["/a.wav"] = wave(80_000)
    phone = await site.in_service(ADA, home=False)
    phone.press("Speaker")
    await site.push(phone, execute(f"Wav.Play:{site.url('a.wav')}"))
    refused = await site.journaled("sound refused", phone)
    assert refused.facts["reason"] == "the phone is not idle"
    phone.press("Goodbye")
    await site.push(phone, execute(f"Wav.Play:{site.url('a.wav')}"))
    await site.journaled("sound plays", phone)
    await phone.power_off()
    assert not phone.playing and phone.state is State.OFF


async def test_more_modules_than_a_model_takes_are_refused(site: XmlSite) -> None:
    with pytest.raises(ConfigurationError, match="at most 0 expansion modules at a 6970, 1 came"):
        site.handset(kind="6970", expansion_modules=1)
