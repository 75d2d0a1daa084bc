"""Several PBXs and nodes, one below and one above what is needed (PRE-3 to PRE-5)."""

from collections.abc import AsyncIterator

import pytest

from system.tests.conftest import Site
from system.tests.fake_gateway import FakeGateway
from system.tests.helpers import eventually


@pytest.fixture
async def second(site: Site) -> AsyncIterator[FakeGateway]:
    """The CT Gateway of a second PBX; its extensions begin with 4."""
    gateway = FakeGateway(nodes=[(1, "Branch", "127.10.0.22", "6.10")])
    gateway.add("4101", "Eve Branch")
    await gateway.start()
    site.mbg.icps.append(
        {"id": "2", "name": "Branch", "address": "127.10.0.22", "type": "MiVoice Office 250"}
    )
    await site.authorize()
    yield gateway
    await gateway.stop()


async def add_both(site: Site, second: FakeGateway) -> None:
    await site.add_phone_system()
    body = {
        "name": "Second PBX",
        "ct_gateway_address": "127.0.0.1",
        "ct_gateway_port": second.port,
        "ct_gateway_password": second.password,
    }
    await site.ok("POST", "/phone-systems", body)
    await site.ok("POST", "/phone-systems/2/sync")
    for system, number in ((1, "2101"), (2, "4101")):
        path = f"/phone-systems/{system}/extensions/{number}"
        await site.ok("PUT", path, {"use_remote_credentials": True})


async def message_of(site: Site, system: int, number: str) -> str:
    extension = await site.ok("GET", f"/phone-systems/{system}/extensions/{number}")
    return str(extension["provisioning"]["message"])


async def test_two_pbxs_are_provisioned_each_at_its_own_icp(
    site: Site, second: FakeGateway
) -> None:
    await add_both(site, second)
    await site.reaches("2101", "provisioned")
    await reaches_second(site, "provisioned")
    icps = {device["icp_username"]: device["icp_id"] for device in site.mbg.devices.values()}
    assert icps == {"2101": "1", "4101": "2"}


async def reaches_second(site: Site, state: str) -> None:
    async def check() -> bool:
        extension = await site.ok("GET", "/phone-systems/2/extensions/4101")
        return bool(extension["provisioning"]["state"] == state)

    await eventually(check, f"4101 is {state}")


async def test_an_old_ct_gateway_stops_its_own_pbx_only(site: Site, second: FakeGateway) -> None:
    second.release = "5.0.63"
    await add_both(site, second)
    await site.reaches("2101", "provisioned")
    await reaches_second(site, "failed")
    message = await message_of(site, 2, "4101")
    for part in ("CT Gateway", "5.0.63", "5.0.64"):
        assert part in message
    assert [device["icp_username"] for device in site.mbg.devices.values()] == ["2101"]
    assert "5.0.63" in (await site.ok("GET", "/phone-systems/2"))["message"]
    assert (await site.ok("GET", "/phone-systems/1"))["message"] is None


async def test_an_old_node_stops_its_own_extensions_only(site: Site, second: FakeGateway) -> None:
    # 6.3 is below 6.3 SP1 and 6.10 is above it, though not as text.
    second.nodes = [(1, "Branch", "127.10.0.22", "6.10"), (2, "Old Annex", "127.10.0.23", "6.3")]
    second.stations.append(("4201", "Finn Annex", 38, 2))
    await add_both(site, second)
    path = "/phone-systems/2/extensions/4201"
    await site.ok("PUT", path, {"use_remote_credentials": True})
    await reaches_second(site, "provisioned")

    async def failed() -> bool:
        return bool((await site.ok("GET", path))["provisioning"]["state"] == "failed")

    await eventually(failed, "4201 has failed")
    message = await message_of(site, 2, "4201")
    for part in ("Old Annex", "6.3;", "6.3 SP1"):
        assert part in message
    assert "Branch" not in message
    shown = (await site.ok("GET", "/phone-systems/2"))["message"]
    assert "Old Annex" in shown
    assert "PBX node Branch" not in shown


@pytest.mark.parametrize(
    ("release", "opens"),
    [("9", False), ("9.10.0.5", False), ("10", True), ("10.0.0.1", True), ("100.1", True)],
)
async def test_mbg_releases_compare_by_parts(site: Site, release: str, opens: bool) -> None:
    site.mbg.release = release
    await site.authorize()
    await site.add_phone_system()
    await site.check_remote("2101")
    if opens:
        await site.reaches("2101", "provisioned")
        return
    message = (await site.reaches("2101", "failed"))["provisioning"]["message"]
    assert f"runs release {release}; at least 10 is needed" in message
