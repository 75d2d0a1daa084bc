"""SRTP in calls: offered, answered, refused, and really heard through MBG and PBX (RFC 4568)."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.addresses import claim_private
from simulators.core import Address
from simulators.entropy import Seed
from simulators.phone.calls.audio import Stream
from simulators.phone.calls.description import (
    OFF,
    PREFERRED,
    REQUIRED,
    Description,
    UnusableDescription,
    answer,
    offer,
    read,
)
from simulators.phone.calls.line_table import Activity
from simulators.phone.calls.srtp import SUITE, MasterKey
from simulators.phone.tests.phone_wire import PhoneWire
from simulators.phone.tests.xml_site import XmlSite

OWN: Address = ("127.30.0.2", 3000)
FAR: Address = ("127.30.0.3", 4000)
MINE, THEIRS = MasterKey(b"m" * 30), MasterKey(b"t" * 30)
ADA, BEN = "2101", "2102"


def media(body: bytes) -> list[str]:
    lines = body.decode().split("\r\n")
    return [line for line in lines if line.startswith(("m=", "a=crypto"))]


# Descriptions


def test_what_each_mode_offers() -> None:
    assert media(offer(FAR, 1, srtp=OFF)) == ["m=audio 4000 RTP/AVP 0 8 101"]
    crypto = f"a=crypto:1 {SUITE} inline:{THEIRS.inline}"
    preferred = offer(FAR, 1, srtp=PREFERRED, key=THEIRS)
    assert media(preferred) == ["m=audio 4000 RTP/AVP 0 8 101", crypto]
    required = offer(FAR, 1, srtp=REQUIRED, key=THEIRS)
    assert media(required) == ["m=audio 4000 RTP/SAVP 0 8 101", crypto]


@pytest.mark.parametrize(
    ("offers", "answers", "agreed"),
    [
        (OFF, OFF, False),
        (OFF, PREFERRED, False),
        (PREFERRED, OFF, False),
        (PREFERRED, PREFERRED, True),
        (PREFERRED, REQUIRED, True),
        (REQUIRED, PREFERRED, True),
        (REQUIRED, REQUIRED, True),
        (OFF, REQUIRED, None),
        (REQUIRED, OFF, None),
    ],
)
def test_what_two_modes_agree_on(offers: int, answers: int, agreed: bool | None) -> None:
    """None: it is refused. Both ends must know the other's key, or neither any."""
    asked = offer(FAR, 1, srtp=offers, key=THEIRS if offers else None)
    if agreed is None:
        with pytest.raises(UnusableDescription):
            read(asked, answers)
        return
    theirs = read(asked, answers)
    ours = read(answer(theirs, OWN, 1, key=MINE if answers else None), offers)
    assert (theirs.key, ours.key) == ((THEIRS, MINE) if agreed else (None, None))


def test_an_answer_without_a_key_is_not_enough_where_one_is_required() -> None:
    with pytest.raises(UnusableDescription, match="SRTP is required"):
        read(offer(FAR, 1), REQUIRED)


def test_the_tag_of_an_offer_comes_back_and_other_suites_are_passed_over() -> None:
    crypto = (
        "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:xxxx\r\n"
        f"a=crypto:7 {SUITE} inline:{THEIRS.inline}|2^20|1:4\r\na=ptime"
    )
    found = read(offer(FAR, 1).replace(b"a=ptime", crypto.encode()), PREFERRED)
    assert (found.key, found.key_tag) == (THEIRS, "7")
    assert media(answer(found, OWN, 1, key=MINE))[1].startswith(f"a=crypto:7 {SUITE} ")
    assert THEIRS.inline not in repr(found)


def test_a_key_of_the_session_or_of_another_stream_is_none() -> None:
    line = f"a=crypto:1 {SUITE} inline:{THEIRS.inline}"
    body = offer(FAR, 1).replace(b"t=0 0", f"t=0 0\r\n{line}".encode())
    assert read(body, PREFERRED).key is None
    body = offer(FAR, 1) + f"m=video 1 RTP/AVP 31\r\n{line}\r\n".encode()
    assert read(body, PREFERRED).key is None


@given(st.text(max_size=80))
def test_any_crypto_line_is_survived(text: str) -> None:
    body = offer(FAR, 1) + f"a=crypto:{text}\r\n".encode()
    for mode in (OFF, PREFERRED):
        assert isinstance(read(body, mode), Description)


# Streams


def test_a_stream_is_heard_with_the_right_key_alone() -> None:
    entropy = Seed(1).stream("x").randbytes
    speaker, hearer, stranger = Stream(entropy), Stream(entropy), Stream(entropy)
    speaker.secure(MINE, THEIRS)
    hearer.secure(THEIRS, MINE)
    stranger.secure(MINE, THEIRS)
    for stream in (speaker, hearer, stranger):
        stream.aim(FAR, 0, listens=True)
    packet = speaker.packet()
    assert packet is not None and hearer.receive(packet, OWN)
    assert not stranger.receive(packet, OWN) and stranger.unheard and stranger.unopened == 1
    plain = Stream(entropy)
    plain.aim(FAR, 0, listens=True)
    said = plain.packet()
    assert said is not None and not hearer.receive(said, OWN), "plain RTP among SRTP is not heard"


def test_the_same_keys_again_go_on_and_others_begin_anew() -> None:
    entropy = Seed(1).stream("x").randbytes
    speaker, hearer = Stream(entropy), Stream(entropy)
    for _ in range(2):  # a call, held and resumed
        speaker.secure(MINE, THEIRS)
        hearer.secure(THEIRS, MINE)
        speaker.aim(FAR, 0, listens=True)
        hearer.aim(FAR, 0, listens=True)
        packet = speaker.packet()
        assert packet is not None and hearer.receive(packet, OWN)
    speaker.secure(MINE, None)
    assert not speaker.secured


# Calls on a wire


def test_calls_with_keys_agree_on_them_and_one_without_is_refused() -> None:
    wire = PhoneWire(sip_srtp_mode="2")
    wire.talk()
    ada, ben = wire.ada.ports.keys[1], wire.ben.ports.keys[1]
    assert ada == tuple(reversed(ben)) and None not in ada and ada[0] != ada[1]
    wire = PhoneWire()
    wire.ben.line.line = replace(wire.ben.line.line, srtp=REQUIRED)
    wire.dial(wire.ada, "2102")
    assert wire.ben.line.activity is Activity.IDLE
    assert 488 in wire.statuses(wire.ben.at, "INVITE")


# Calls through MBG and PBX


@pytest.fixture
async def site() -> AsyncIterator[XmlSite]:
    claimed = claim_private()
    try:
        async with XmlSite(claimed.plan).open() as opened:
            yield opened
    finally:
        claimed.release()


@pytest.mark.parametrize(
    ("first", "second", "secured"), [("2", "2", True), ("1", "2", True), ("1", "0", False)]
)
async def test_a_call_is_heard_as_srtp_where_both_do_it(
    site: XmlSite, first: str, second: str, secured: bool
) -> None:
    ada = await site.in_service(ADA, more={"sip srtp mode": first})
    ben = await site.in_service(BEN, more={"sip srtp mode": second})
    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    ben.answer()
    for phone in (ada, ben):
        await phone.until_call(Activity.CONNECTED)
        note = await site.journaled("audio heard", phone)
        assert ("srtp" in note.facts) is secured
        assert phone.heard_audio and phone.audio[1].secured is secured
    keys = [e.detail for e in site.journal.entries if "a=crypto" in e.detail]
    assert bool(keys) and not any(
        ada.calls[1].srtp_key is not None
        and ada.calls[1].srtp_key.inline in str(site.journal.view(entry))
        for entry in site.journal.entries
    ), "nobody sees a key"


async def test_a_phone_that_requires_srtp_refuses_a_plain_call(site: XmlSite) -> None:
    ada = await site.in_service(ADA)
    await site.in_service(BEN, more={"sip srtp mode": "2"})
    ada.dial(BEN)
    await ada.until_call(Activity.IDLE)
    assert ada.calls[1].message == "No common codec"
