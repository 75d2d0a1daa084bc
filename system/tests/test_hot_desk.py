"""Hot desk log-in and log-out at a phone, agreed with the PBX (EXT-7), and the Setup screens."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from system.tests.conftest import Site
from system.tests.helpers import eventually
from system.tests.phone_client import MAC, OTHER_MAC, PhoneClient, PushedPhone, items

HOT_DESK = "2190"
PASSCODE = "4711"


@pytest.fixture
async def ready(site: Site) -> Site:
    """2101 and 2102 are provisioned and assigned; 2190 is a hot desk extension."""
    site.gateway.add(HOT_DESK, "Hot Hanna", device_type=48)
    site.gateway.hot_desks[HOT_DESK] = PASSCODE
    await site.authorize()
    await site.add_phone_system()
    await site.ok("PUT", "/phone-systems/1/nodes/1", {"nat_ip_address": "203.0.113.10"})
    body = {"nat_ip_address_or_hostname": "mcs.example.test"}
    await site.ok("PUT", "/client-locations/remote", body)
    for mac, extension in ((MAC, "2101"), (OTHER_MAC, "2102")):
        await site.check_remote(extension)
        await site.reaches(extension, "provisioned")
        await site.ok("PUT", f"/phones/{mac}", {"extension": extension})
    return site


async def provision_hot_desk(site: Site) -> None:
    await site.check_remote(HOT_DESK)
    await site.reaches(HOT_DESK, "provisioned")


async def logs_in(phone: PhoneClient, extension: str = HOT_DESK, passcode: str = PASSCODE) -> str:
    """Fill the form in; the answer. The phone obeys it."""
    form = ElementTree.fromstring(await phone.presses("Hot Desk"))
    names = [field.findtext("Parameter") for field in form.iter("InputField")]
    assert names == ["extension", "passcode"]
    url = form.findtext("URL")
    answer = await phone.ok(f"{url}&extension={extension}&passcode={passcode}")
    if "AastraIPPhoneConfiguration" in answer:
        phone.obeys(answer)
    return answer


async def hot_desk_at(site: Site, mac: str) -> str | None:
    found: str | None = (await site.ok("GET", f"/phones/{mac}"))["hot_desk"]
    return found


async def test_teleworker_logs_in_with_remote_credentials_and_out_again(ready: Site) -> None:
    await provision_hot_desk(ready)
    phone = PhoneClient(ready, ready.mbg.address)
    own = dict(await phone.starts())
    await logs_in(phone)
    (device,) = [d for d in ready.mbg.devices.values() if d["icp_username"] == HOT_DESK]
    assert phone.files["sip line1 auth name"] == device["set_username"]
    assert phone.files["sip line1 password"] == device["set_password"]
    assert phone.files["sip line1 registrar ip"] == "203.0.113.10"
    assert ready.gateway.logged_in == {HOT_DESK: "2101"}
    assert await hot_desk_at(ready, MAC) == HOT_DESK
    assert await phone.polls() == "", "no restart, and nothing else to tell"
    # A power failure keeps the log-in.
    restarted = PhoneClient(ready, ready.mbg.address, files=dict(phone.files))
    assert (await restarted.starts())["sip line1 screen name"] == HOT_DESK
    phone.obeys(await phone.presses("Log Out"))
    assert phone.files["sip line1 auth name"] == own["sip line1 auth name"]
    assert ready.gateway.logged_in == {}
    assert "Log Out" not in phone.files.values()


async def test_without_confirmed_remote_credentials_nothing_is_changed(
    ready: Site, caplog: pytest.LogCaptureFixture
) -> None:
    phone = PhoneClient(ready, ready.mbg.address)
    own = dict(await phone.starts())
    with caplog.at_level("WARNING", "mcs.phones"):
        answer = await logs_in(phone)
    assert "<Title>Hot Desk</Title>" in answer
    assert "remote authorization credentials" in answer
    assert any("remote authorization" in record.getMessage() for record in caplog.records)
    assert "_XH" not in ready.gateway.commands, "the PBX was asked for nothing"
    assert await hot_desk_at(ready, MAC) is None
    assert await phone.starts() == own
    # In the office the same extension needs none of that.
    local = PhoneClient(ready, mac=OTHER_MAC)
    await local.starts()
    await logs_in(local)
    assert local.files["sip line1 password"] == f"Pbx-random-{HOT_DESK}"


@pytest.mark.parametrize(
    ("extension", "passcode"), [(HOT_DESK, "1"), ("2999", PASSCODE), ("2102", "")]
)
async def test_wrong_passcode_and_unknown_extension_read_alike(
    ready: Site, extension: str, passcode: str
) -> None:
    await provision_hot_desk(ready)
    phone = PhoneClient(ready, ready.mbg.address)
    await phone.starts()
    assert "do not match" in await logs_in(phone, extension, passcode)
    assert ready.gateway.logged_in == {}


async def test_passcodes_cannot_be_guessed(ready: Site) -> None:
    phone = PhoneClient(ready)
    await phone.starts()
    for _ in range(5):
        assert "do not match" in await logs_in(phone, passcode="0")
    assert "Too many" in await logs_in(phone)
    ready.clock.advance(60)
    assert "AastraIPPhoneConfiguration" in await logs_in(phone)


async def test_who_is_not_enrolled_cannot_log_in(ready: Site) -> None:
    await provision_hot_desk(ready)
    stranger = PhoneClient(ready, ready.mbg.address, "1400E9123499")
    await stranger.starts()
    path = f"/phones/hotdesk/login?mac=1400E9123499&extension={HOT_DESK}&passcode={PASSCODE}"
    assert "not enrolled" in await stranger.ok(path)
    assert "_XH" not in ready.gateway.commands


async def test_second_log_in_elsewhere_gives_the_first_phone_its_own_back(ready: Site) -> None:
    await provision_hot_desk(ready)
    first = PhoneClient(ready, ready.mbg.address)
    second = PhoneClient(ready, mac=OTHER_MAC)
    own = dict(await first.starts())
    await second.starts()
    await logs_in(first)
    await logs_in(second)
    assert ready.gateway.logged_in == {HOT_DESK: "2102"}
    assert await hot_desk_at(ready, MAC) is None
    assert await hot_desk_at(ready, OTHER_MAC) == HOT_DESK
    await first.polls()
    assert first.files["sip line1 auth name"] == own["sip line1 auth name"]
    assert "logged in at another phone" in str(await first.history())


async def test_log_in_by_feature_code_is_followed(ready: Site) -> None:
    await provision_hot_desk(ready)
    phone = PhoneClient(ready, ready.mbg.address)
    own = dict(await phone.starts())
    ready.gateway.dialled_348(HOT_DESK, "2101")

    async def logged_in() -> bool:
        return await hot_desk_at(ready, MAC) == HOT_DESK

    await eventually(logged_in, "the MCS knows of the log-in by 348")
    await phone.polls()
    assert phone.files["sip line1 screen name"] == HOT_DESK
    ready.gateway.dialled_348(HOT_DESK, "2102")

    async def moved() -> bool:
        there = await hot_desk_at(ready, OTHER_MAC)
        return bool(there == HOT_DESK and await hot_desk_at(ready, MAC) is None)

    await eventually(moved, "the hot desk has moved to the other phone")
    await phone.polls()
    assert phone.files["sip line1 auth name"] == own["sip line1 auth name"]


async def away_and_back(site: Site, meanwhile: Callable[[], None]) -> None:
    """The CT Gateway is away, and what happens there meanwhile is told to nobody."""
    await site.gateway.stop()
    await link_is(site, "offline")
    meanwhile()
    await site.gateway.start()
    await site.ok("POST", "/phone-systems/1/sync")


async def link_is(site: Site, state: str) -> None:
    async def check() -> bool:
        return str((await site.ok("GET", "/phone-systems/1"))["state"]) == state

    await eventually(check, f"the gateway's link is {state}")


async def is_at(site: Site, mac: str | None) -> None:
    """The hot desk is logged in at this phone and at no other one."""

    async def check() -> bool:
        found = {one: await hot_desk_at(site, one) for one in (MAC, OTHER_MAC)}
        return [one for one, user in found.items() if user == HOT_DESK] == ([mac] if mac else [])

    await eventually(check, f"the hot desk is at {mac}")


async def test_a_log_in_while_the_gateway_was_away_is_found(ready: Site) -> None:
    await provision_hot_desk(ready)
    phone = PhoneClient(ready, ready.mbg.address)
    await phone.starts()
    await away_and_back(ready, lambda: ready.gateway.dialled_348(HOT_DESK, "2101"))
    await is_at(ready, MAC)
    await phone.polls()
    assert phone.files["sip line1 screen name"] == HOT_DESK
    assert "logged in, as the PBX says" in str(await phone.history())


async def test_a_move_while_the_gateway_was_away_is_found(ready: Site) -> None:
    await provision_hot_desk(ready)
    phone = PhoneClient(ready, ready.mbg.address)
    own = dict(await phone.starts())
    await logs_in(phone)
    await away_and_back(ready, lambda: ready.gateway.dialled_348(HOT_DESK, "2102"))
    await is_at(ready, OTHER_MAC)
    await phone.polls()
    assert phone.files["sip line1 auth name"] == own["sip line1 auth name"]


async def test_a_log_out_while_the_gateway_was_away_is_found(ready: Site) -> None:
    phone = PhoneClient(ready)
    await phone.starts()
    await logs_in(phone)
    await is_at(ready, MAC)
    await away_and_back(ready, ready.gateway.logged_in.clear)
    await is_at(ready, None)
    await phone.polls()
    assert phone.files["sip line1 user name"] == "2101"
    page = await ready.ok("GET", f"/audit?resource=/phones/{MAC}&action=hot desk log-out")
    assert [entry["who"] for entry in page["items"]] == ["system"]


async def test_a_lost_event_is_made_good_too(ready: Site) -> None:
    phone = PhoneClient(ready)
    await phone.starts()
    await logs_in(phone)
    ready.gateway.logged_in.clear()
    ready.gateway.lose_event()
    ready.gateway.send_event("EC,|2101|,|2101|")
    await is_at(ready, None)


async def test_a_node_that_is_down_logs_nobody_out(ready: Site) -> None:
    phone = PhoneClient(ready)
    await phone.starts()
    await logs_in(phone)
    at_the_node = dict(ready.gateway.logged_in)

    def node_goes() -> None:
        ready.gateway.down.add(1)
        ready.gateway.logged_in.clear()

    await away_and_back(ready, node_goes)
    await ready.ok("POST", "/phone-systems/1/sync")
    assert await hot_desk_at(ready, MAC) == HOT_DESK
    ready.gateway.down.clear()
    ready.gateway.logged_in.update(at_the_node)
    await ready.ok("POST", "/phone-systems/1/sync")
    assert await hot_desk_at(ready, MAC) == HOT_DESK


async def test_a_gateway_that_cannot_be_asked_changes_nothing(ready: Site) -> None:
    phone = PhoneClient(ready)
    await phone.starts()
    await logs_in(phone)
    ready.gateway.unknown.add("_XL")
    await away_and_back(ready, ready.gateway.logged_in.clear)
    await ready.ok("POST", "/phone-systems/1/sync")
    assert await hot_desk_at(ready, MAC) == HOT_DESK


async def test_at_a_phone_without_extension_our_own_record_stands(ready: Site) -> None:
    await ready.ok("PUT", f"/phones/{MAC}", {"extension": None})
    phone = PhoneClient(ready)
    await phone.starts()
    await logs_in(phone)
    assert ready.gateway.logged_in == {HOT_DESK: ""}
    await away_and_back(ready, lambda: None)
    await ready.ok("POST", "/phone-systems/1/sync")
    assert await hot_desk_at(ready, MAC) == HOT_DESK


@pytest.mark.parametrize("own", [False, True])
async def test_who_moves_while_the_list_is_read_is_left_to_the_events(
    ready: Site, own: bool
) -> None:
    """The list says that nobody is logged in; it was made before the log-in."""
    phone = PhoneClient(ready)
    await phone.starts()
    assert ready.mcs._phone_services is not None
    events = ready.mcs._phone_services.hot_desk_events
    with events.reading(1) as reading:
        if own:
            await logs_in(phone)
        else:
            ready.gateway.dialled_348(HOT_DESK, "2101")
            await is_at(ready, MAC)
        reading.take({}, ())

    async def taken() -> bool:
        return not events._readings

    await eventually(taken, "the list is taken over")
    assert await hot_desk_at(ready, MAC) == HOT_DESK
    with events.reading(1) as reading:
        reading.take({}, ())
    await is_at(ready, None)


async def test_own_extension_comes_back_to_a_local_phone_by_push(ready: Site) -> None:
    phone = PhoneClient(ready)
    await phone.starts()
    await logs_in(phone)
    await phone.polls()
    async with PushedPhone(ready) as pushed:
        ready.gateway.dialled_348(HOT_DESK, "2102")

        async def told() -> bool:
            return bool(pushed.bodies)

        await eventually(told, "the phone is told by push")
        changed = items(pushed.bodies[0].removeprefix("xml="))
        assert changed["sip line1 user name"] == "2101"


async def test_gateway_out_of_reach_changes_nothing(ready: Site) -> None:
    phone = PhoneClient(ready)
    own = dict(await phone.starts())
    await ready.gateway.stop()

    async def offline() -> bool:
        return str((await ready.ok("GET", "/phone-systems/1"))["state"]) == "offline"

    await eventually(offline, "the gateway is known to be away")
    assert "does not answer" in await logs_in(phone)
    assert await phone.starts() == own


async def test_keymap_follows_the_user(ready: Site) -> None:
    key = {"kind": "topsoftkey", "position": 3, "type": "speeddial", "label": "Hanna's"}
    await ready.ok("PUT", f"/keymaps/user/{HOT_DESK}", {"keys": [key]})
    phone = PhoneClient(ready)
    assert "topsoftkey3 label" not in await phone.starts()
    await logs_in(phone)
    assert phone.files["topsoftkey3 label"] == "Hanna's"
    phone.obeys(await phone.presses("Log Out"))
    assert "topsoftkey3 label" not in phone.files


async def unassigned(site: Site) -> PhoneClient:
    phone = PhoneClient(site, mac="1400E9123450")
    await phone.starts()
    return phone


async def test_setup_lists_free_extensions_by_pages_and_assigns_one(ready: Site) -> None:
    for number in range(3001, 3021):
        ready.gateway.add(str(number), f"Desk {number}")
    await ready.ok("POST", "/phone-systems/1/sync")
    phone = await unassigned(ready)
    menu = ElementTree.fromstring(await phone.presses("Setup"))
    prompts = [item.findtext("Prompt", "") for item in menu.iter("MenuItem")]
    assert len(prompts) == 15
    assert prompts[0] == "2103 Cleo Home", "2101 and 2102 are taken, 2190 is a hot desk"
    (more,) = [k.findtext("URI", "") for k in menu.iter("SoftKey") if k.findtext("Label") == "More"]
    last = ElementTree.fromstring(await phone.ok(more))
    uris = [item.findtext("URI", "") for item in last.iter("MenuItem")]
    assert len(uris) == 6
    assert "More" not in [key.findtext("Label") for key in last.iter("SoftKey")]
    assert "FastReboot" in await phone.ok(uris[0])
    assert (await phone.starts())["sip line1 user name"] == "3015"
    assert "Setup" not in phone.files.values()


async def test_setup_is_for_local_and_unassigned_phones(ready: Site) -> None:
    phone = await unassigned(ready)
    assert (await PhoneClient(ready).get(f"/phones/setup?mac={MAC}"))[0] == 403
    remote = PhoneClient(ready, ready.mbg.address, phone.mac)
    for path in ("setup", "setup/choose"):
        status, text = await remote.get(f"/phones/{path}?mac={phone.mac}&extension=2103")
        assert (status, "2103" in text) == (403, False)
    answer = await phone.ok(f"/phones/setup/choose?mac={phone.mac}&extension=2101")
    assert re.search("TextScreen.*not free", answer)
    assert "Setup" in (await phone.starts()).values()
