"""Configured keys: types, states, pages, lamps, expansion modules; and what pressing them does."""

from collections.abc import AsyncIterator

import pytest

from simulators.addresses import claim_private
from simulators.errors import LocalProtocolError
from simulators.phone.calls.history import MOST, CallHistory
from simulators.phone.calls.key_states import lamps, seen_softkeys
from simulators.phone.calls.line_table import Activity, Lamp
from simulators.phone.files.keys import DEFAULT_STATES, Key, keys, pages
from simulators.phone.life.states import State
from simulators.phone.models import model
from simulators.phone.tests.xml_site import XmlSite
from simulators.phone.xml import objects as xml

ADA, BEN = "2101", "2102"


def named(kind: str, number: int, type_: str, **more: str) -> dict[str, str]:
    values = {"type": type_, "label": f"{type_} {number}", **more}
    return {f"{kind}{number} {name}": value for name, value in values.items()}


# From the configuration


def test_fields_of_a_key() -> None:
    configuration = named("softkey", 2, "XML", value="http://h", states="idle Busy, nonsense")
    configuration["softkey2 locked"] = "1"
    (key,) = keys(configuration, model("6930"))
    assert key == Key(
        "softkey", 2, "xml", "XML 2", "http://h", 0, frozenset(("idle", "busy")), True
    )
    (usual,) = keys(named("softkey", 1, "dnd"), model("6930"))
    assert usual.states == DEFAULT_STATES and not usual.locked


def test_a_line_can_be_no_softkey_below_the_screen() -> None:
    configuration = named("softkey", 1, "line") | named("topsoftkey", 1, "line")
    assert [key.kind for key in keys(configuration, model("6930"))] == ["topsoftkey"]


def test_expansion_modules_have_keys_where_the_model_takes_them() -> None:
    configuration = named("expmod1 key", 84, "xml") | named("expmod3 key", 1, "xml")
    configuration |= named("expmod1 key", 85, "xml") | named("expmod4 key", 1, "xml")
    found = keys(configuration, model("6930"))
    assert [(key.kind, key.number) for key in found] == [("expmod1", 84), ("expmod3", 1)]
    assert keys(configuration, model("6970")) == ()


def test_pages() -> None:
    labels = [str(number) for number in range(7)]
    assert pages(labels[:5], 5, model("6930")) == (tuple(labels[:5]),)
    assert pages(labels, 5, model("6930")) == (
        ("0", "1", "2", "3", "More"),
        ("4", "5", "6", "More"),
    )
    assert pages(labels, 6, model("6940")) == (tuple(labels[:6]), ("6",)), "touch: a swipe"
    assert pages([], 5, model("6930")) == ((),)


def test_softkeys_are_seen_in_their_states() -> None:
    shown = keys(
        named("softkey", 1, "a", states="idle")
        | named("softkey", 2, "b", states="connected incoming")
        | named("softkey", 3, "c", states="outgoing busy"),
        model("6930"),
    )

    def seen(activity: Activity) -> list[int]:
        return [key.number for key in seen_softkeys(shown, activity)]

    assert seen(Activity.IDLE) == [1] and seen(Activity.DIALING) == [3]
    assert seen(Activity.INCOMING) == seen(Activity.HELD) == [2]
    assert seen(Activity.CLEARING) == [3]


def test_lamps_of_lines_and_xml_keys() -> None:
    shown = keys(
        named("topsoftkey", 1, "line", line="2")
        | named("softkey", 1, "xml")
        | named("expmod2 key", 3, "xml")
        | named("softkey", 2, "speeddial"),
        model("6930"),
    )
    assert lamps(shown, {2: Lamp.FAST}, {"all": Lamp.ON, "expmod2 key3": Lamp.SLOW}) == {
        "topsoftkey1": Lamp.FAST,
        "softkey1": Lamp.ON,
        "expmod2 key3": Lamp.SLOW,
    }
    assert set(lamps(shown, {}, {}).values()) == {Lamp.OFF}


def test_the_history_of_calls() -> None:
    history = CallHistory()
    history.ended(Activity.IDLE, Activity.INCOMING, "1", "", True, "10:00")
    history.ended(Activity.INCOMING, Activity.IDLE, "1", "One", True, "10:00")
    history.ended(Activity.DIALING, Activity.IDLE, "2", "", False, "10:01")
    history.ended(Activity.CONNECTED, Activity.CLEARING, "2", "", False, "10:02")
    history.ended(Activity.CLEARING, Activity.IDLE, "2", "", False, "10:03")
    assert [(call.number, call.missed) for call in history.calls] == [("2", False), ("1", True)]
    assert history.last_dialled == "2"
    assert [e.number for e in history.listed("Callers", incoming_only=True).entries] == ["1"]
    assert len(history.listed("All", incoming_only=False).entries) == 2
    for _ in range(MOST + 5):
        history.ended(Activity.HELD, Activity.IDLE, "3", "", False, "")
    assert len(history.calls) == MOST


# Pressed


@pytest.fixture
async def site() -> AsyncIterator[XmlSite]:
    claimed = claim_private()
    try:
        async with XmlSite(claimed.plan).open() as opened:
            yield opened
    finally:
        claimed.release()


async def test_more_keys_than_fit_are_paged(site: XmlSite) -> None:
    more: dict[str, str] = {}
    for number in range(2, 9):
        more |= named("softkey", number, "empty")
    for number in range(2, 15):
        more |= named("topsoftkey", number, "empty")
    phone = await site.in_service(more=more)
    first = ("Hot Desk", "empty 2", "empty 3", "empty 4", "More")
    assert phone.soft_labels == phone.screen.softkeys == first
    phone.press("More")
    assert phone.soft_labels == ("empty 5", "empty 6", "empty 7", "empty 8", "More")
    phone.press("More")
    assert phone.soft_labels == first
    assert len(phone.top_labels) == 11 and phone.top_labels[-1] == "More"
    phone.turn_page("topsoftkey")
    assert phone.top_labels == ("empty 11", "empty 12", "empty 13", "empty 14", "More")
    with pytest.raises(LocalProtocolError):
        phone.press("empty 5")  # not on the page that is seen


async def test_a_key_on_another_page_is_found_by_who_looks_for_it(site: XmlSite) -> None:
    more: dict[str, str] = {}
    for number in range(2, 9):
        more |= named("softkey", number, "empty")
    more |= named("softkey", 9, "xml", value=site.url("far"))
    site.answers["/far"] = xml.TextScreen(xml.Head("Far"))
    for kind in ("6930", "6940"):
        phone = await site.in_service(kind=kind, more=more)
        await phone.open_key("xml 9")
        assert phone.screen.title == "Far"


async def test_speed_dial_redial_and_callers(site: XmlSite) -> None:
    more = named("softkey", 2, "speeddial", value=BEN) | named("softkey", 3, "redial")
    more |= named("topsoftkey", 2, "callers") | named("expmod1 key", 1, "speeddial", value="99")
    ada = await site.in_service(ADA, more=more)
    ben = await site.in_service(BEN, more=named("softkey", 2, "callers"))
    ada.press("redial 3")
    assert ada.screen.message == "Nothing to dial"
    for key in ("speeddial 2", "redial 3"):
        ada.press(key)
        await ben.until_call(Activity.INCOMING)
        ben.refuse()
        await ada.until_call(Activity.IDLE)
        await ben.until_call(Activity.IDLE)
    ben.press("callers 2")
    assert ben.screen.title == "Callers"
    assert ben.screen.lines == (f"Ada {ADA}", f"Ada {ADA}")
    ben.press("Dial")
    await ada.until_call(Activity.INCOMING)
    assert ada.screen.softkeys[:2] == ("Answer", "Ignore")
    ada.refuse()
    await ben.until_call(Activity.IDLE)
    assert ben.screen.title == "Callers", "the list was behind the call"


async def test_softkeys_change_with_the_call(site: XmlSite) -> None:
    more = named("softkey", 2, "xml", states="connected", value=site.url("record"))
    more |= named("softkey", 3, "empty", states="idle")
    site.answers["/record"] = xml.TextScreen(xml.Head("Recording"))
    ada, ben = await site.in_service(ADA, more=more), await site.in_service(BEN)
    assert list(ada.screen.softkeys) == ["Hot Desk", "empty 3"]
    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    assert list(ada.screen.softkeys) == ["Drop", "Hot Desk"]
    ben.answer()
    await ada.until_call(Activity.CONNECTED)
    assert list(ada.screen.softkeys) == ["Drop", "Hot Desk", "xml 2"]
    await ada.open_key("xml 2")
    assert ada.screen.title == "Recording", "what comes during a call goes before it"
    ada.press("Goodbye")
    await ada.until_call(Activity.IDLE)
    assert ada.screen.title == "Recording"


async def test_types_that_are_only_shown_say_so(site: XmlSite) -> None:
    phone = await site.in_service(more=named("softkey", 2, "dnd") | named("softkey", 3, "empty"))
    phone.press("dnd 2")
    assert phone.screen.message == "dnd 2: not on this phone"
    phone.press("empty 3")
    assert phone.screen.message == "" and phone.state is State.IDLE
    locked = {"softkey2 type": "speeddial", "softkey2 value": "1"}
    other = await site.in_service(more=locked | {"softkey2 label": "Call"})
    other.press("Call")
    assert other.screen.message == "No line is free", "a phone without a line calls nobody"
