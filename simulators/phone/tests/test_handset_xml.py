"""XML objects on a real phone: keys, hot desk, Setup, pushes, NOTIFY through the MBG."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from simulators.addresses import claim_private
from simulators.errors import BenchError
from simulators.journal import Happened
from simulators.phone.calls.line_table import Activity, Lamp
from simulators.phone.files.firmware import build_image
from simulators.phone.habits import LifeSettings
from simulators.phone.life.states import State
from simulators.phone.tests.xml_site import OTHER, PASSCODE, XmlSite, configuration
from simulators.phone.xml import objects as xml
from simulators.phone.xml.writing import write_object

ADA, BEN = "2101", "2102"


def execute(*uris: str) -> xml.Execute:
    return xml.Execute(tuple(xml.ExecuteItem(uri) for uri in uris))


def text_screen(text: str, **head: object) -> xml.TextScreen:
    return xml.TextScreen(xml.Head("Text", **head), text)  # type: ignore[arg-type]


@pytest.fixture
async def site() -> AsyncIterator[XmlSite]:
    claimed = claim_private()
    try:
        async with XmlSite(claimed.plan).open() as opened:
            yield opened
    finally:
        claimed.release()


# Hot desk (EXT-7)


async def test_hot_desk_logs_in_by_key_presses_and_the_line_registers_anew(site: XmlSite) -> None:
    phone = await site.in_service(ADA)
    assert phone.screen.title == ADA and phone.screen.softkeys == ("Hot Desk",)
    assert await phone.hot_desk_log_in(OTHER, PASSCODE)
    await phone.until(State.REGISTERED)
    assert phone.accounts[1].username == f"tw{OTHER}" and phone.reboots == 0
    assert phone.screen.title == OTHER and phone.screen.softkeys == ("Log Out",)
    assert site.registered(OTHER) and not site.registered(ADA), "the old line is taken back"


async def test_hot_desk_logs_out_and_the_own_extension_is_back(site: XmlSite) -> None:
    phone = await site.in_service(ADA)
    own = site.lines(ADA) | {"softkey1 label": "Hot Desk"}
    site.answers["/out"] = configuration(own)
    assert await phone.hot_desk_log_in(OTHER, PASSCODE)
    await phone.until(State.REGISTERED)
    assert await phone.hot_desk_log_out()
    await phone.until(State.REGISTERED)
    assert phone.accounts[1].username == f"tw{ADA}" and phone.screen.title == ADA


async def test_a_phone_without_an_extension_registers_for_who_logs_in(site: XmlSite) -> None:
    phone = await site.in_service()
    site.answers["/out"] = configuration(dict.fromkeys(site.lines(OTHER), ""))
    assert await phone.hot_desk_log_in(OTHER, PASSCODE)
    await phone.until(State.REGISTERED)
    assert await phone.hot_desk_log_out()
    await phone.until(State.IDLE)
    assert phone.accounts == {} and phone.reboots == 0


async def test_a_wrong_passcode_shows_the_reason_and_the_phone_keeps_its_own(site: XmlSite) -> None:
    phone = await site.in_service(ADA)
    assert not await phone.hot_desk_log_in(OTHER, "9999")
    assert phone.screen.title == "Hot Desk"
    assert phone.screen.lines == ("Extension or passcode is wrong",)
    phone.press("Done")
    phone.press("Goodbye")
    assert phone.screen.title == ADA and phone.registered
    assert phone.accounts[1].username == f"tw{ADA}"


async def test_after_a_power_failure_the_files_have_the_log_in(site: XmlSite) -> None:
    phone = await site.in_service(ADA)
    assert await phone.hot_desk_log_in(OTHER, PASSCODE)
    await phone.until(State.REGISTERED)
    assert phone.layers.given
    await phone.power_off()
    assert not phone.layers.given, "what came by XML goes with the power"
    await phone.power_on()
    await phone.until(State.REGISTERED)
    assert phone.accounts[1].username == f"tw{OTHER}" and not phone.layers.given


async def test_nobody_sees_the_passcode_or_the_password(site: XmlSite) -> None:
    phone = await site.in_service(ADA)
    assert await phone.hot_desk_log_in(OTHER, PASSCODE)
    await phone.until(State.REGISTERED)
    seen = [str(site.journal.view(entry)) for entry in site.journal.entries]
    assert any("extension=2190&passcode=•••" in text for text in seen)
    assert not any("set-side-1" in text for text in seen)
    assert any("set-side-1" in entry.detail for entry in site.journal.entries), "it was there"


async def test_the_screen_hides_the_passcode_while_it_is_typed(site: XmlSite) -> None:
    phone = await site.in_service(ADA)
    await phone.open_key("Hot Desk")
    phone.type_text("2190")
    phone.press("Down")
    phone.type_text("1234")
    assert phone.screen.lines == ("Extension 2190", "Passcode ****_")
    phone.press("Backspace")
    assert phone.screen.lines == ("Extension 2190", "Passcode ***_")


# Setup (PHN-6)


def setup_menu(site: XmlSite, first: int, more: str = "") -> xml.TextMenu:
    items = tuple(
        xml.MenuItem(f"{number} Person", site.url(f"choose?extension={number}"))
        for number in range(first, first + 3)
    )
    keys = (xml.SoftKey(1, "More", more),) if more else ()
    return xml.TextMenu(xml.Head("Setup", softkeys=keys), items)


@pytest.mark.parametrize("kind", ["6930", "6940"])
async def test_setup_chooses_an_extension_from_its_page(site: XmlSite, kind: str) -> None:
    keys = {"softkey2 type": "xml", "softkey2 label": "Setup", "softkey2 value": site.url("setup")}
    phone = await site.in_service(home=False, kind=kind, more=keys)
    site.answers["/setup"] = setup_menu(site, 2101, site.url("page2"))
    site.answers["/page2"] = setup_menu(site, 2104)
    site.answers["/choose"] = execute("Command: FastReboot")
    assert await phone.choose_extension("2105")
    assert site.asked[-1] == "/choose?extension=2105"
    await phone.until(State.IDLE)
    assert phone.reboots == 1


async def test_an_extension_that_was_just_taken_shows_why(site: XmlSite) -> None:
    keys = {"softkey2 type": "xml", "softkey2 label": "Setup", "softkey2 value": site.url("setup")}
    phone = await site.in_service(home=False, more=keys)
    site.answers["/setup"] = setup_menu(site, 2101)
    site.answers["/choose"] = text_screen("2102 was just taken")
    assert not await phone.choose_extension("2102")
    assert phone.screen.lines == ("2102 was just taken",) and phone.reboots == 0
    phone.press("Goodbye")
    assert not await phone.choose_extension("2999")
    with pytest.raises(BenchError, match="expected a key"):
        await phone.open_key("No Such Key")


# Pull


async def test_a_key_whose_server_fails_says_so(site: XmlSite) -> None:
    phone = await site.in_service()
    site.answers["/hotdesk"] = 500
    await phone.open_key("Hot Desk")
    assert (phone.screen.title, phone.screen.message) == ("Mitel 6930", "Error 500")
    site.answers["/hotdesk"] = b"<html>"
    await phone.open_key("Hot Desk")
    assert phone.screen.message == "XML error"
    reasons = [
        entry.facts["reason"]
        for entry in site.journal.entries
        if isinstance(entry, Happened) and entry.name == "XML answer not usable"
    ]
    assert reasons[0] == "HTTP status 500" and reasons[1].startswith("no XML")


async def test_answers_of_action_uris_and_polls_are_obeyed(site: XmlSite) -> None:
    more = {
        "action uri startup": site.url("started"),
        "action uri poll": site.url("poll"),
        "action uri poll interval": "60",
    }
    site.answers["/started"] = xml.Status((xml.StatusMessage(1, "Welcome"),), "a")
    phone = await site.in_service(more=more)
    await site.journaled("XML object", phone)
    assert phone.screen.message == "Welcome"
    mark = site.journal.mark()
    site.answers["/poll"] = configuration({"topsoftkey2 type": "line", "action uri poll": ""})
    await site.clock.advance(61)
    await site.journaled("configuration given", phone, since=mark)
    assert phone.top_labels == ("Line 1", "Line 2")
    asked = len(site.asked)
    await site.clock.advance(600)
    assert len(site.asked) == asked, "the poll's address was taken back"


async def test_a_silent_server_is_given_up_after_xml_get_timeout(site: XmlSite) -> None:
    phone = await site.in_service(more={"xml get timeout": "1"})
    writers: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(
        lambda reader, writer: writers.append(writer), site.plan.mbg_outside, 0
    )
    try:
        host, port = silent.sockets[0].getsockname()[:2]
        site.answers["/hotdesk"] = execute(f"http://{host}:{port}/")
        await phone.open_key("Hot Desk")
        note = await site.journaled("XML answer not usable", phone)
        assert note.facts["reason"] == "no answer within 1 s"
    finally:
        for writer in writers:
            writer.close()
        silent.close()


# Push


async def test_a_push_is_taken_from_the_post_list_alone(site: XmlSite) -> None:
    phone = await site.in_service(ADA, home=False)
    screen = text_screen("Fire drill")
    assert await site.push(phone, screen, sender=site.plan.node(1)) == 403
    assert phone.screen.title == ADA
    assert await site.push(phone, screen) == 200
    assert phone.screen.lines == ("Fire drill",)
    assert await site.push(phone, screen, path="/other") == 404
    assert await site.push(phone, screen, method="GET") == 405
    assert await site.push(phone, b"xml=" + b" " * 10_000) == 413
    assert await site.push(phone, b"neither=this") == 400
    assert await site.push(phone, b"xml=%3CAastraIPPhoneTextScreen%2F%3E") == 200
    assert not phone.screen.lines


async def test_an_old_phone_takes_less(site: XmlSite) -> None:
    phone = await site.in_service(home=False, push_limit=2150)
    assert await site.push(phone, text_screen("x" * 2500)) == 413
    assert await site.push(phone, text_screen("x" * 1500)) == 200


async def test_a_phone_at_home_or_without_power_listens_nowhere(site: XmlSite) -> None:
    home = await site.in_service(ADA)
    with pytest.raises(aiohttp.ClientConnectorError):
        await site.push(home, text_screen("hello"))
    local = await site.in_service(home=False)
    assert await site.push(local, text_screen("hello")) == 200
    await local.power_off()
    with pytest.raises(aiohttp.ClientConnectorError):
        await site.push(local, text_screen("hello"))


async def test_pushed_commands_do_what_they_say(site: XmlSite) -> None:
    phone = await site.in_service(ADA, home=False)
    assert await site.push(phone, execute("Led: softkey1=slowflash", "")) == 200
    assert phone.key_lamps == {"topsoftkey1": Lamp.OFF, "softkey1": Lamp.SLOW}
    await site.push(phone, execute("Command: Lock"))
    phone.press("Settings")
    assert phone.locked and phone.screen.message == "Phone locked"
    await site.push(phone, execute("Command: Unlock"))
    phone.press("Settings")
    assert phone.screen.title == "Settings"
    phone.press("Goodbye")
    await site.push(phone, execute("Key: KeyPad7", "Key:Speaker", "Key: SoftKey9"))
    assert phone.call is None, "off hook by the digit, and back by the speaker key"
    await site.push(phone, execute("Nonsense: 1"))
    assert site.said("command not obeyed")
    await site.push(phone, execute("Command: FastReboot", "Led: softkey1=on"))
    await phone.until(State.BOOTING, State.RESTARTING, State.REGISTERED)
    await phone.until(State.REGISTERED)
    assert phone.reboots == 1 and phone.key_lamps["softkey1"] is Lamp.OFF


async def test_a_restart_that_is_pushed_while_the_phone_flashes_comes_too_early(
    site: XmlSite,
) -> None:
    image = build_image("6930", "6.4.0.140", "sip", 100, lambda n: bytes(n))
    site.answers["/6930.st"] = image
    phone = site.handset(home=False, settings=LifeSettings(flash_s=60))
    await phone.power_on()
    await phone.until(State.FLASHING)
    assert await site.push(phone, execute("Command: FastReboot")) == 200
    note = await site.journaled("command not obeyed", phone)
    assert note.facts["reason"] == "the phone is flashing" and phone.state is State.FLASHING
    await site.clock.advance(61)
    await phone.until(State.IDLE)
    assert phone.firmware_version == "6.4.0.140" and phone.reboots == 1


async def test_clear_local_forgets_what_was_typed_on_the_phone(site: XmlSite) -> None:
    phone = await site.in_service(home=False)
    assert phone.local_configuration
    await site.push(phone, execute("Command: ClearLocal"))
    await phone.until(State.IDLE)
    assert phone.local_configuration == {} and phone.reboots == 1


async def test_reset_waits_for_the_end_of_the_call_and_xml_dials(site: XmlSite) -> None:
    ada = await site.in_service(ADA, home=False)
    ben = await site.in_service(BEN)
    await site.push(ada, execute(f"Dial: {BEN}"))
    await ben.until_call(Activity.INCOMING)
    ben.answer()
    await ada.until_call(Activity.CONNECTED)
    await site.push(ada, execute("Command: Reset"))
    assert ada.reboots == 0 and ada.state is State.REGISTERED
    ada.hang_up()
    await site.journaled("rebooting", ada)
    await ada.until(State.REGISTERED)
    assert ada.reboots == 1


# NOTIFY aastra-xml


async def test_notify_pushes_through_the_mbg_to_a_home(site: XmlSite) -> None:
    phone = await site.in_service(ADA)
    body = write_object(text_screen("Meeting at ten"))
    site.node.notify(ADA, "aastra-xml", body, "application/xml")
    await site.answered("NOTIFY", 200, phone)
    assert phone.screen.lines == ("Meeting at ten",)
    site.answers["/notified"] = text_screen("fetched")
    mark = site.journal.mark()
    site.node.notify(ADA, "aastra-xml")
    note = await site.journaled("XML object", phone, since=mark)
    assert note.facts["source"] == "action uri xml sip notify" and "/notified" in site.asked
    assert phone.screen.lines == ("fetched",)


async def test_notify_is_refused_where_it_is_off(site: XmlSite) -> None:
    phone = await site.in_service(ADA, more={"sip xml notify event": "0"})
    site.node.notify(ADA, "aastra-xml")
    await site.answered("NOTIFY", 489, phone)
    assert "/notified" not in site.asked
