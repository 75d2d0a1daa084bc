"""Changes on their way to phones: push, poll, restarts; the Phones page's data; PRV-4."""

import struct
import zlib

import pytest
from sqlalchemy import func, select

from system.phones.book import LONGEST_HISTORY
from system.phones.configuration import RenderedFile
from system.phones.delivery import Known, Way, items_for, way_to
from system.storage.models import PhoneEvent
from system.tests.conftest import Site
from system.tests.helpers import LOCAL_PHONE, eventually
from system.tests.phone_client import MAC, PhoneClient, PushedPhone, items
from system.tests.test_phones import image, put_image


@pytest.fixture
async def ready(site: Site) -> Site:
    """2101 is assigned; token and addresses are there."""
    await site.authorize()
    await site.add_phone_system()
    await site.ok("PUT", "/phone-systems/1/nodes/1", {"nat_ip_address": "203.0.113.10"})
    body = {"nat_ip_address_or_hostname": "mcs.example.test"}
    await site.ok("PUT", "/client-locations/remote", body)
    await site.ok("PUT", f"/phones/{MAC}", {"extension": "2101"})
    return site


def file(revision: str, static: str, *live: tuple[str, str]) -> RenderedFile:
    return RenderedFile("", revision, static, live)


def test_what_may_count_at_once_does_and_the_rest_restarts() -> None:
    wanted = file("new", "s", ("softkey1 type", "xml"))
    held = Known("old", "s", frozenset({"softkey1 type", "softkey2 type"}), None)
    assert way_to(wanted, "new", held) is Way.NOTHING
    assert way_to(wanted, "old", held) is Way.CONFIGURATION
    assert way_to(wanted, "older", held) is Way.RESTART
    assert way_to(file("new", "t"), "old", held) is Way.RESTART
    assert way_to(wanted, "old", Known("old", "s", frozenset(), "new")) is Way.RESTART
    assert way_to(wanted, "mid", Known("old", "s", frozenset(), "mid")) is Way.CONFIGURATION
    assert items_for(wanted, held.names) == [("softkey2 type", ""), ("softkey1 type", "xml")]


async def test_local_phone_is_told_by_push_at_once(ready: Site) -> None:
    phone = PhoneClient(ready)
    await phone.starts()
    async with PushedPhone(ready) as pushed:
        await ready.ok("PUT", "/phone-systems/1/nodes/1", {"address": "127.10.0.22"})

        async def told() -> bool:
            return bool(pushed.bodies)

        await eventually(told, "the phone is told by push")
        changed = items(pushed.bodies[0].removeprefix("xml="))
        assert changed["sip line1 registrar ip"] == "127.10.0.22"
        assert pushed.senders == [phone.files["xml application post list"]]
        phone.obeys(pushed.bodies[0].removeprefix("xml="))
        assert await phone.polls() == ""
        assert len(pushed.bodies) == 1
    assert (await ready.ok("GET", f"/phones/{MAC}"))["address"] == LOCAL_PHONE


async def test_push_in_vain_is_tried_three_times_and_left_to_the_poll(ready: Site) -> None:
    phone = PhoneClient(ready)
    await phone.starts()
    async with PushedPhone(ready, status=403) as pushed:
        await ready.ok("PUT", "/phone-systems/1/nodes/1", {"address": "127.10.0.22"})
        for count in (1, 2, 3):

            async def tried(count: int = count) -> bool:
                if ready.clock.next_wake_s() <= 5:
                    ready.clock.advance(5)
                return len(pushed.bodies) >= count

            await eventually(tried, f"push {count}")
        await ready.ok("PUT", "/keymaps/default/all", {"keys": []})
        await phone.polls()
        assert phone.files["sip line1 registrar ip"] == "127.10.0.22"
        assert len(pushed.bodies) == 3


async def test_restart_reaches_a_local_phone_by_push_and_a_teleworker_by_poll(ready: Site) -> None:
    phone = PhoneClient(ready)
    await phone.starts()
    async with PushedPhone(ready) as pushed:
        answer = await ready.ok("POST", f"/phones/{MAC}/restart")
        assert answer["delivery"] == "push"

        async def told() -> bool:
            return bool(pushed.bodies)

        await eventually(told, "the phone is told by push")
        assert "FastReboot" in pushed.bodies[0]
    remote = PhoneClient(ready, ready.mbg.address)
    await ready.check_remote("2101")
    await ready.reaches("2101", "provisioned")
    await remote.starts()
    assert (await ready.ok("POST", f"/phones/{MAC}/resync"))["delivery"] == "poll"
    assert "Command: Reset" in await remote.polls()
    assert await remote.polls() == "", "it is told once"
    assert any("resync" in line for line in await remote.history())
    assert (await ready.call("POST", "/phones/1400E9000000/restart"))[0] == 404


async def test_history_tells_and_is_bounded(ready: Site) -> None:
    phone = PhoneClient(ready)
    for number in range(LONGEST_HISTORY + 10):
        phone.source = f"127.0.0.{10 + number % 2}"
        await phone.get(f"/phones/startup?mac={MAC}")
    lines = await phone.history()
    assert len(lines) == LONGEST_HISTORY
    assert "came from another place" in lines[0]
    database = ready.mcs._phone_services._database  # type: ignore[union-attr]
    async with database.read() as session:
        count = await session.scalar(select(func.count(PhoneEvent.id)))
    assert count == LONGEST_HISTORY


async def test_typed_credentials_work_without_the_rest_api(ready: Site) -> None:
    await ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": False})
    typed = {"remote_name": "ada-home", "remote_password": "Typed-on-both-1"}
    await ready.check_remote("2101", **typed)
    file = await PhoneClient(ready, ready.mbg.address).starts()
    assert file["sip line1 auth name"] == "ada-home"
    assert file["sip line1 password"] == "Typed-on-both-1"
    assert ready.mbg.devices == {}
    assert (await ready.extension("2101"))["remote_credentials_typed"] is True


async def test_random_credentials_are_handed_out_once_confirmed_only(ready: Site) -> None:
    await ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": False})
    for more in ({}, {"remote_name": "ada-home"}, {"remote_password": "Typed-on-both-1"}):
        await ready.uncheck_remote("2101")
        await ready.check_remote("2101", **more)
        phone = PhoneClient(ready, ready.mbg.address)
        assert "sip line1 password" not in await phone.starts(), more
        await ready.ok("PUT", f"/phones/{MAC}", {"enrolment": "closed"})
        await ready.ok("PUT", f"/phones/{MAC}", {"enrolment": "open"})
    assert (await ready.extension("2101"))["remote_credentials_typed"] is False


async def test_typed_change_is_handed_out_at_once_while_the_rest_api_is_off(ready: Site) -> None:
    await ready.check_remote("2101")
    await ready.reaches("2101", "provisioned")
    phone = PhoneClient(ready, ready.mbg.address)
    await phone.starts()
    await ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": False})
    typed = {"remote_name": "ada-home", "remote_password": "Typed-on-both-1"}
    before = {number: dict(device) for number, device in ready.mbg.devices.items()}
    await ready.check_remote("2101", **typed)
    await phone.polls()
    assert phone.files["sip line1 password"] == "Typed-on-both-1"
    assert ready.mbg.devices == before


async def test_firmware_has_versions_and_a_target(ready: Site) -> None:
    phone = PhoneClient(ready)
    await phone.starts()
    await put_image(ready, "6930", image(version="5.1.0.6044"))
    await put_image(ready, "6930", image(version="6.4.0.140", content=b"newer one"))
    await put_image(ready, "6930", image(kind="boot", content=b"boot"))
    assert b"newer one" in (await phone.ok("/6930.st")).encode()
    assert b"boot" in (await phone.ok("/6930.boot.st")).encode()
    shown = await ready.ok("GET", "/firmware/6930")
    assert (shown["target"], shown["phones_on_other_firmware"]) == ("6.4.0.140", 1)
    assert shown["on_other_firmware"] == [{"mac": MAC, "firmware": "5.1.0.6044"}]
    shown = await ready.ok("PUT", "/firmware/6930/target", {"version": "5.1.0.6044"})
    assert (shown["target"], shown["on_other_firmware"]) == ("5.1.0.6044", [])
    assert b"newer one" not in (await phone.ok("/6930.st")).encode()
    status, error = await ready.call("DELETE", "/firmware/6930/sip/5.1.0.6044")
    assert (status, error["field"]) == (409, "version")
    await ready.ok("DELETE", "/firmware/6930/sip/6.4.0.140")
    assert (await ready.call("PUT", "/firmware/6930/target", {"version": "9"}))[0] == 404
    await ready.ok("PUT", "/firmware/6930/target", {"version": None})
    assert (await phone.get("/6930.st"))[0] == 404


async def test_image_of_an_earlier_version_is_still_served(ready: Site) -> None:
    folder = ready.mcs.config.data_dir / "firmware"
    folder.mkdir()
    (folder / "6930.st").write_bytes(image())
    assert (await PhoneClient(ready).ok("/6930.st")).encode() == image()
    assert not (folder / "6930.st").exists()


def png(width: int = 2, height: int = 2) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * (width + 1) * height)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


async def put_png(site: Site, name: str, octets: bytes) -> int:
    headers = {"Authorization": f"Bearer {site.token}"}
    url = f"{site.mcs.api_url}/api/v1/images/{name}"
    async with site.http.put(url, data=octets, headers=headers) as answer:
        return answer.status


async def test_images_are_checked_and_served(ready: Site) -> None:
    assert await put_png(ready, "logo", png()) == 200
    assert "PNG" in await PhoneClient(ready).ok("/phones/images/logo.png")
    assert await ready.ok("GET", "/images") == ["logo"]
    damaged = png()[:-5] + b"x" + png()[-4:]
    for name, octets in (
        ("a", b"no png"),
        ("b", damaged),
        ("c", png()[:30]),
        ("d", png(5000, 1)),
        ("e.f", png()),
    ):
        assert await put_png(ready, name, octets) == 422, name
    await ready.ok("DELETE", "/images/logo")
    assert (await PhoneClient(ready).get("/phones/images/logo.png"))[0] == 404


async def test_directories_are_lists_of_their_phones(ready: Site) -> None:
    ada = {"first_name": "Ada, the", "last_name": 'Co"unt', "company": "X", "number": "+44 20"}
    await ready.ok("PUT", "/directories/system", {"entries": [ada]})
    own = {"entries": [{"first_name": "Mum", "number": "0123"}]}
    await ready.ok("PUT", "/directories/2101", own)
    phone = PhoneClient(ready)
    file = await phone.starts()
    system = await phone.ok(file["directory 1"])
    assert "Ada,Home,,2101\r\n" in system
    assert '"Ada, the","Co""unt",X,+44 20\r\n' in system
    assert await phone.ok(file["directory 2"]) == "Mum,,,0123\r\n"
    bad = {"entries": [{"first_name": "a\nb", "number": "1"}]}
    status, error = await ready.call("PUT", "/directories/system", bad)
    assert (status, error["field"]) == (422, "entries.0")
    assert (await ready.call("PUT", "/directories/9999", own))[0] == 404
