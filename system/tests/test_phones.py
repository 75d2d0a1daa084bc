"""The phones listener: who gets which file, from where, and when it is told to come again."""

import hashlib
import json
import ssl
from collections.abc import Mapping
from xml.etree import ElementTree

import aiohttp
import pytest

from system.tests.conftest import Site

MAC = "1400E9123456"
AGENT = "Mitel6930 MAC:14-00-E9-12-34-56 V:5.1.0.6044-SIP"
OTHER_AGENT = AGENT.replace("56 V", "57 V")
LOCAL = "127.0.0.9"


async def get(
    site: Site,
    path: str,
    *,
    source: str = LOCAL,
    agent: str = AGENT,
    secure: bool = True,
    params: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """What a phone at ``source`` is answered."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    connector = aiohttp.TCPConnector(ssl=tls, local_addr=(source, 0))
    base = (
        f"https://127.0.0.1:{site.mcs.phones_port}"
        if secure
        else f"http://127.0.0.1:{site.mcs.phones_http_port}"
    )
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.get(base + path, headers={"User-Agent": agent}, params=params) as answer,
    ):
        assert "Content-Length" in answer.headers
        return answer.status, await answer.text()


def parameters(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split(": ", 1) for line in lines)


def items(text: str) -> dict[str, str]:
    """Parameters of an ``AastraIPPhoneConfiguration``."""
    root = ElementTree.fromstring(text)
    assert root.tag == "AastraIPPhoneConfiguration", text
    return {item.findtext("Parameter", ""): item.findtext("Value", "") for item in root}


async def own_file(site: Site, source: str = LOCAL) -> dict[str, str]:
    status, text = await get(site, f"/{MAC}.cfg", source=source)
    assert status == 200
    return parameters(text)


@pytest.fixture
async def ready(site: Site) -> Site:
    """Provisioned extension 2101, addresses set, phone not yet seen. 127.0.0.1 is the MBG."""
    await site.authorize()
    await site.add_phone_system()
    await site.ok("PUT", "/phone-systems/1/nodes/1", {"nat_ip_address": "203.0.113.10"})
    await site.ok(
        "PUT", "/client-locations/remote", {"nat_ip_address_or_hostname": "mcs.example.test"}
    )
    return site


async def provision(site: Site) -> None:
    await site.check_remote("2101")
    await site.reaches("2101", "provisioned")
    await site.ok("PUT", f"/phones/{MAC}", {"extension": "2101"})


async def test_teleworker_gets_remote_credentials_and_remote_addresses(ready: Site) -> None:
    await provision(ready)
    file = await own_file(ready, ready.mbg.address)
    (device,) = ready.mbg.devices.values()
    assert file["sip line1 user name"] == file["sip line1 auth name"] == device["set_username"]
    assert file["sip line1 password"] == device["set_password"]
    assert (file["sip line1 registrar ip"], file["sip line1 registrar port"]) == (
        "203.0.113.10",
        "5060",
    )
    assert file["topsoftkey1 label"] == "Line 1"
    uris = [value for name, value in file.items() if value.startswith("http")]
    # four action URIs, the Hot Desk key, two directories
    assert len(uris) == 7
    for uri in uris:
        assert uri.startswith(f"https://mcs.example.test:{ready.mcs.phones_port}/phones/")


async def test_local_phone_gets_internal_credentials_and_own_addresses(ready: Site) -> None:
    await provision(ready)
    file = await own_file(ready)
    assert file["sip line1 user name"] == "2101"
    assert file["sip line1 password"] == "Pbx-random-2101"
    assert file["sip line1 registrar ip"] == "127.10.0.21"
    assert file["action uri startup"].startswith("https://127.0.0.1:")
    assert file["softkey1 label"] == "Hot Desk"
    assert file["xml application post list"] == "127.0.0.1"


async def test_unassigned_phone_has_keys_only_and_setup_only_locally(ready: Site) -> None:
    local, remote = await own_file(ready), await own_file(ready, ready.mbg.address)
    assert local["softkey1 label"] == "Setup"
    assert local["softkey1 value"].endswith(f"/phones/setup?mac={MAC}")
    assert "Setup" not in remote.values()
    for file in (local, remote):
        assert "Hot Desk" in file.values()
        assert file["topsoftkey2 label"] == "Line 2"
        assert not [name for name in file if name.startswith("sip line1")]
    phone = await ready.ok("GET", f"/phones/{MAC}")
    assert (phone["model"], phone["firmware"]) == ("6930", "5.1.0.6044")
    assert (phone["location"], phone["address"]) == ("teleworker", ready.mbg.address)


async def test_teleworker_waits_until_its_extension_is_provisioned(ready: Site) -> None:
    ready.mbg.started = False
    await ready.check_remote("2101")
    await ready.ok("PUT", f"/phones/{MAC}", {"extension": "2101"})
    _, text = await get(ready, f"/{MAC}.cfg", source=ready.mbg.address)
    assert "sip line1" not in text
    assert "# Waiting" in text


async def test_working_teleworker_keeps_its_credentials_while_a_change_waits(ready: Site) -> None:
    await provision(ready)
    before = await own_file(ready, ready.mbg.address)
    ready.mbg.token_problem = "token_expired"
    await ready.check_remote("2101", remote_password="Typed-by-hand-4")
    await ready.reaches("2101", "waiting", attempts=1)
    assert await own_file(ready, ready.mbg.address) == before
    ready.mbg.token_problem = None
    ready.clock.advance(61)
    await ready.reaches("2101", "provisioned")
    after = await own_file(ready, ready.mbg.address)
    assert after["sip line1 password"] == "Typed-by-hand-4"


async def test_unchecked_extension_is_handed_out_no_more(ready: Site) -> None:
    await provision(ready)
    await ready.uncheck_remote("2101")
    file = await own_file(ready, ready.mbg.address)
    assert "sip line1 password" not in file


@pytest.mark.parametrize("agent", [OTHER_AGENT, "curl/8.0", ""])
async def test_nobody_gets_another_phones_file(ready: Site, agent: str) -> None:
    await provision(ready)
    status, text = await get(ready, f"/{MAC}.cfg", source=ready.mbg.address, agent=agent)
    assert status == 403
    assert "password" not in text


async def test_poll_is_empty_until_something_changes(ready: Site) -> None:
    source = ready.mbg.address
    await own_file(ready, source)
    await provision(ready)
    poll = (await own_file(ready, source))["action uri poll"]
    revision = poll.rsplit("rev=", 1)[1]
    params = {"mac": MAC, "rev": revision}
    assert await get(ready, "/phones/poll", source=source, params=params) == (200, "")
    await ready.ok("PUT", "/phone-systems/1/nodes/1", {"nat_sip_port": 5080})
    status, text = await get(ready, "/phones/poll", source=source, params=params)
    assert status == 200
    changed = items(text)
    assert changed["sip line1 registrar port"] == changed["sip line1 proxy port"] == "5080"
    assert changed["action uri poll"] != poll
    status, again = await get(ready, "/phones/poll", source=source, params=params)
    assert 'URI="Command: FastReboot"' in again, "a phone that does not obey has to restart"
    assert (await own_file(ready, source))["sip line1 registrar port"] == "5080"


async def test_registration_events_set_the_flag(ready: Site) -> None:
    async def registered() -> bool:
        return bool((await ready.ok("GET", f"/phones/{MAC}"))["registered"])

    await own_file(ready)
    assert not await registered()
    assert (await get(ready, f"/phones/registered?mac={MAC}&user=2101"))[0] == 200
    assert await registered()
    await get(ready, f"/phones/regevent?mac={MAC}&state=Registration%20refused&code=403")
    assert not await registered()
    await get(ready, f"/phones/regevent?mac={MAC}&state=REGISTERED&code=200")
    assert await registered()
    gone = f"/phones/regevent?mac={MAC}&state=UNREGISTERED&code=0"
    assert (await get(ready, gone, agent=OTHER_AGENT))[0] == 403
    assert (await get(ready, f"/phones/startup?mac={MAC}"))[0] == 200
    assert await registered()
    await get(ready, gone)
    assert not await registered()


async def test_common_files_are_never_empty_on_both_listeners(ready: Site) -> None:
    for name in ("startup", "aastra", "6930"):
        for secure in (True, False):
            status, text = await get(ready, f"/{name}.cfg", secure=secure)
            assert status == 200
            assert text.startswith("#")
    assert (await get(ready, "/other.cfg"))[0] == 404


async def test_two_phones_cannot_share_an_extension(ready: Site) -> None:
    await ready.ok("PUT", f"/phones/{MAC}", {"extension": "2101"})
    status, error = await ready.call("PUT", "/phones/1400E9123457", {"extension": "2101"})
    assert (status, error["field"]) == (409, "extension")
    await ready.ok("PUT", f"/phones/{MAC}", {"extension": None})
    await ready.ok("PUT", "/phones/1400E9123457", {"extension": "2101"})
    assert await ready.ok("DELETE", "/phones/1400E9123457") is None
    assert (await ready.ok("GET", "/phones"))["total"] == 1


def image(model: str = "6930", content: bytes = b"firmware", **changes: object) -> bytes:
    header = {
        "model": model,
        "version": "6.4.0.140",
        "kind": "sip",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        **changes,
    }
    return b"TELEWORKER-FIRMWARE/1\n" + json.dumps(header).encode() + b"\n" + content


async def put_image(site: Site, model: str, octets: bytes) -> int:
    headers = {"Authorization": f"Bearer {site.token}"}
    url = f"{site.mcs.api_url}/api/v1/firmware/{model}"
    async with site.http.put(url, data=octets, headers=headers) as answer:
        return answer.status


async def test_firmware_is_kept_and_served(ready: Site) -> None:
    assert (await get(ready, "/6930.st"))[0] == 404
    assert await put_image(ready, "6930", image()) == 200
    status, text = await get(ready, "/6930.st")
    assert (status, text.encode()) == (200, image())
    assert await ready.ok("GET", "/firmware") == [
        {"model": "6930", "version": "6.4.0.140", "kind": "sip", "size": 8, "target": True}
    ]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"TELEWORKER-FIRMWARE/2\n{}\n",
        b"TELEWORKER-FIRMWARE/1\n{}\n",
        image(model="6940"),
        image(size=9),
        image(sha256="0" * 64),
        image(kind="other"),
        image()[:-1],
    ],
)
async def test_damaged_or_foreign_firmware_is_refused(ready: Site, octets: bytes) -> None:
    await put_image(ready, "6930", image())
    assert await put_image(ready, "6930", octets) == 422
    assert (await get(ready, "/6930.st"))[0] == 200
