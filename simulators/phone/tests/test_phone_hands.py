"""What hands do beyond menus and calls: printed keys, keys by place, touch; and who is told."""

from collections.abc import AsyncIterator, Callable

import pytest

from simulators.addresses import claim_private
from simulators.errors import BenchError, LocalProtocolError
from simulators.phone.calls.line_table import Activity, Lamp
from simulators.phone.fixed_keys import FIXED_KEYS, VOLUME_DOWN, VOLUME_UP, Volume
from simulators.phone.handset import Handset
from simulators.phone.life.states import State
from simulators.phone.screen import Scene, Screen
from simulators.phone.tests.test_phone_keys import ADA, BEN, named
from simulators.phone.tests.xml_site import XmlSite
from simulators.phone.xml import objects as xml
from simulators.phone.xml.status import SCROLL_S, StatusLine


@pytest.fixture
async def site() -> AsyncIterator[XmlSite]:
    claimed = claim_private()
    try:
        async with XmlSite(claimed.plan).open() as opened:
            yield opened
    finally:
        claimed.release()


def counted(phone: Handset) -> list[str]:
    """Grows by what is on the screen each time that somebody is told."""
    told: list[str] = []
    phone.on_seen = lambda seen: told.append(seen.screen.title)
    return told


def scene_of(phone: Handset) -> Scene:
    return phone.scene


def lamp_of(phone: Handset) -> Lamp:
    return phone.message_lamp


# Messages


def test_a_screen_in_a_message_reads_as_a_sentence() -> None:
    screen = Screen("Advanced", ("Network", "", "Restart"), 2, ("Back", "Quit"), "Locked")
    assert str(screen) == (
        '"Advanced"; lines Network / > Restart; softkeys Back, Quit; message "Locked"'
    )
    assert str(Screen("")) == "nothing"
    assert str(Screen("", ("On",))) == "no title; lines On"


async def test_errors_show_the_screen_as_people_read_it(site: XmlSite) -> None:
    phone = await site.in_service(ADA)
    for act in (phone.refuse, phone.resume, phone.hold, lambda: phone.select("Coffee")):
        with pytest.raises(BenchError) as caught:
            act()
        assert "Screen(" not in str(caught.value)
        assert "softkeys Hot Desk" in str(caught.value)
    phone.open_advanced()
    phone.select("Configuration Server")
    with pytest.raises(BenchError) as caught:
        phone.fill_in("Cert Validation", "maybe")
    assert "Screen(" not in str(caught.value) and "HTTPS Server" in str(caught.value)


# Printed keys


def test_the_volume_has_ends() -> None:
    volume = Volume()
    said = [volume.turned(VOLUME_UP) for _ in range(20)]
    assert said[0] == "Volume 9 of 15" and said[-1] == "Volume 15 of 15"
    assert [volume.turned(VOLUME_DOWN) for _ in range(20)][-1] == "Volume 0 of 15"


async def test_no_printed_key_is_unknown_and_a_foreign_one_is(site: XmlSite) -> None:
    phone = await site.in_service(ADA)
    for key in sorted(FIXED_KEYS):
        phone.press(key)
        phone.press("Goodbye")
        await phone.until_call(Activity.IDLE)
    with pytest.raises(LocalProtocolError):
        phone.press("Espresso")
    await phone.power_off()
    for key in sorted(FIXED_KEYS):
        phone.press(key)
    assert scene_of(phone) is Scene.OFF and phone.volume.step == 8


async def test_printed_keys_say_what_they_do(site: XmlSite) -> None:
    phone = await site.in_service(ADA, more={"sip line1 vmail": "2102"})
    phone.press("Volume Up")
    assert phone.screen.message == "Volume 9 of 15"
    phone.press("Transfer")
    assert phone.screen.message == "Transfer: not on this phone"
    phone.press("Redial")
    assert phone.screen.message == "Nothing to dial"
    phone.press("Directory")
    assert scene_of(phone) is Scene.DIRECTORY
    phone.press("Call History")
    assert (scene_of(phone), phone.screen.title) == (Scene.LIST, "Call History")
    phone.press("Voicemail")
    assert scene_of(phone) is Scene.CALL
    phone.hang_up()
    await phone.until_call(Activity.IDLE)


async def test_a_configured_key_goes_before_the_printed_one(site: XmlSite) -> None:
    own = named("softkey", 2, "dnd") | {"softkey2 label": "Directory"}
    phone = await site.in_service(ADA, more=own)
    phone.press("Directory")
    assert phone.screen.message == "Directory: not on this phone"


# Places


async def test_keys_of_one_label_are_pressed_by_their_place(site: XmlSite) -> None:
    more = named("topsoftkey", 2, "dnd") | named("topsoftkey", 3, "speeddial", value=BEN)
    more |= {"topsoftkey2 label": "Same", "topsoftkey3 label": "Same"}
    more |= named("expmod2 key", 30, "speeddial", value=BEN) | {"expmod2 key30 label": ""}
    phone = await site.in_service(ADA, more=more)
    phone.press_place("topsoftkey", 2)
    assert phone.screen.message == "Same: not on this phone"
    for kind, number in (("topsoftkey", 3), ("expmod2", 30)):
        phone.press_place(kind, number)
        assert scene_of(phone) is Scene.CALL, kind
        phone.hang_up()
        await phone.until_call(Activity.IDLE)
    phone.press_place("topsoftkey", 1)
    assert phone.screen.title == "Dial", "the key of a line takes it"
    phone.press_place("softkey", 2)
    assert scene_of(phone) is Scene.IDLE, "the call's own softkey Cancel"
    for kind, number in (("topsoftkey", 12), ("softkey", 9), ("expmod1", 1)):
        phone.press_place(kind, number)
    assert phone.screen.message == "", "nothing is there"


async def test_places_below_the_screen_are_those_of_the_screen(site: XmlSite) -> None:
    phone = await site.in_service(ADA, more=named("topsoftkey", 2, "dnd"))
    phone.press("Settings")
    phone.press_place("softkey", 1)
    assert phone.screen.title == "Advanced"
    phone.press_place("topsoftkey", 1)
    phone.press_place("topsoftkey", 2)
    assert phone.screen.title == "Advanced", "keys beside the screen do nothing in the menu"
    phone.press_place("softkey", 7)
    phone.press("Goodbye")
    phone.take_object(b"<AastraIPPhoneExecute><ExecuteItem URI='Command: lock'/>"
                      b"</AastraIPPhoneExecute>", "test")  # fmt: skip
    phone.press_place("topsoftkey", 2)
    assert phone.screen.message == "Phone locked"


async def test_more_is_a_place_too(site: XmlSite) -> None:
    more: dict[str, str] = {}
    for number in range(2, 9):
        more |= named("softkey", number, "empty")
    phone = await site.in_service(ADA, more=more)
    assert phone.page_counts == {"topsoftkey": 1, "softkey": 2}
    phone.press_place("softkey", 5)
    assert phone.soft_labels[0] == "empty 5"
    assert [key.number for _, key in phone.places("softkey") if key is not None] == [5, 6, 7, 8]


# Touch


async def test_touch_goes_through_menu_and_form(site: XmlSite) -> None:
    phone = await site.in_service(ADA, kind="6940")
    phone.open_advanced()
    assert scene_of(phone) is Scene.LIST
    phone.touch(2)
    assert phone.screen.title == "Configuration Server"
    phone.touch(0)
    assert phone.screen.lines[0] == "Download Protocol: HTTPS", "a choice goes on to the next"
    phone.touch(1)
    assert scene_of(phone) is Scene.EDITING
    phone.type_text("mcs.example.test")
    phone.touch(3)
    assert phone.screen.lines[1] == "HTTPS Server: mcs.example.test", "what was typed counts"
    assert phone.screen.selected == 3 and scene_of(phone) is Scene.EDITING
    phone.touch(3)
    phone.touch(99)
    assert scene_of(phone) is Scene.EDITING


async def test_touch_chooses_in_lists_and_only_where_there_is_touch(site: XmlSite) -> None:
    menu = xml.TextMenu(
        xml.Head("List"), (xml.MenuItem("One", site.url("one")), xml.MenuItem("Two", ""))
    )
    site.answers["/list"] = menu
    site.answers["/one"] = xml.TextScreen(xml.Head("Chosen"))
    more = named("softkey", 2, "xml", value=site.url("list"))
    phone = await site.in_service(ADA, kind="6970", more=more)
    await phone.open_key("xml 2")
    phone.touch(0)
    await phone.until_answered()
    assert (scene_of(phone), phone.screen.title) == (Scene.TEXT, "Chosen")
    without = await site.in_service(BEN)
    with pytest.raises(BenchError, match="6930 has no touch"):
        without.touch(0)


# The star key


async def test_the_star_key_is_a_dot_in_texts_of_the_menu_alone(site: XmlSite) -> None:
    phone = await site.in_service(ADA)
    phone.open_advanced()
    phone.select("Configuration Server")
    phone.select("HTTPS Server")
    for key in "10*0*0*1":
        phone.press(key)
    phone.type_text("*")
    phone.press("Done")
    assert phone.screen.lines[1] == "HTTPS Server: 10.0.0.1*"
    phone.select("HTTPS Port")
    phone.press("*")
    assert phone.screen.message == "Digits only"


# Who looks


async def test_who_looks_is_told_of_what_hands_do(site: XmlSite) -> None:
    phone = await site.in_service(ADA, kind="6940")
    told = counted(phone)
    acts: tuple[Callable[[], None], ...] = (
        lambda: phone.press("Settings"),
        lambda: phone.press("Advanced"),
        lambda: phone.type_text("22222"),
        lambda: phone.press("Enter"),
        lambda: phone.touch(2),
        lambda: phone.select("HTTPS Server"),
        lambda: phone.press_place("softkey", 1),
        lambda: phone.turn_page("softkey"),
        lambda: phone.press("Goodbye"),
        phone.pull_cable,
        phone.put_cable_back,
    )
    for act in acts:
        before = len(told)
        act()
        assert len(told) > before, act
    await phone.power_off()
    assert told[-1] == "" and phone.state is State.OFF


async def test_the_message_lamp_tells_of_calls_until_they_are_seen(site: XmlSite) -> None:
    ada, ben = await site.in_service(ADA), await site.in_service(BEN)
    assert lamp_of(ben) is Lamp.OFF
    ada.dial(BEN)
    await ben.until_call(Activity.INCOMING)
    assert lamp_of(ben) is Lamp.FAST
    ada.hang_up()
    await ben.until_call(Activity.IDLE)
    assert lamp_of(ben) is Lamp.SLOW
    ben.press("Call History")
    assert lamp_of(ben) is Lamp.OFF


def test_messages_that_scroll_say_when() -> None:
    line = StatusLine()
    assert line.changes_at(3.0) is None
    line.take(xml.Status((xml.StatusMessage(0, "one"),)), 3.0)
    assert line.changes_at(3.0) is None, "one message stays"
    line.take(xml.Status((xml.StatusMessage(1, "two"),)), 3.0)
    at = line.changes_at(3.0)
    assert at == SCROLL_S and line.shown(3.0) != line.shown(at)
    line.take(xml.Status((xml.StatusMessage(2, "alert", "alert", 4),)), 3.0)
    assert line.changes_at(3.0) == 7.0 and line.shown(6.9) == "alert" != line.shown(7.0)
