"""Devices of other people on the MBG stay as they are; ours never outlive the wish for them."""

from typing import Any

import pytest

from system.tests.conftest import Site
from system.tests.fake_mbg import Refuse

BOTH_DATABASES = True

DEVICES = "/mbg/v1/devices/"


async def rebuilt_with_the_same_id(site: Site) -> str:
    """2101 is provisioned; then the MBG is set up anew and the id is given to somebody else."""
    await site.check_remote("2101")
    known = (await site.reaches("2101", "provisioned"))["mbg_device_id"]
    site.mbg.devices.clear()
    assert site.mbg.add_device(set_username="boss", icp_username="2199") == known
    return str(known)


async def test_stale_id_overwrites_nobody(ready: Site) -> None:
    stale = await rebuilt_with_the_same_id(ready)
    boss = dict(ready.mbg.devices[stale])
    await ready.authorize()
    extension = await ready.reaches("2101", "provisioned")
    assert ready.mbg.devices[stale] == boss
    assert extension["mbg_device_id"] != stale
    assert ready.mbg.devices[extension["mbg_device_id"]]["icp_username"] == "2101"


async def test_stale_id_removes_nobody(ready: Site) -> None:
    stale = await rebuilt_with_the_same_id(ready)
    await ready.uncheck_remote("2101")
    extension = await ready.reaches("2101", "off")
    assert list(ready.mbg.devices) == [stale]
    assert "Nothing was removed" in extension["provisioning"]["message"]
    assert extension["mbg_device_id"] is None


async def test_changed_name_is_written_to_the_own_device(ready: Site) -> None:
    await ready.check_remote("2101", remote_name="ada")
    known = (await ready.reaches("2101", "provisioned"))["mbg_device_id"]
    await ready.check_remote("2101", remote_name="ada2")
    assert (await ready.reaches("2101", "provisioned"))["mbg_device_id"] == known
    assert ready.mbg.devices[known]["set_username"] == "ada2"
    await ready.uncheck_remote("2101")
    await ready.reaches("2101", "off")
    assert ready.mbg.devices == {}


async def test_remote_name_of_another_device_is_a_conflict(ready: Site) -> None:
    other = ready.mbg.add_device(set_username="alice", icp_username="2199")
    before = dict(ready.mbg.devices[other])
    await ready.check_remote("2101", remote_name="alice")
    message = (await ready.reaches("2101", "failed"))["provisioning"]["message"]
    for part in (f"SIP device {other}", "alice", "2199"):
        assert part in message
    assert ready.mbg.devices == {other: before}
    await ready.check_remote("2101", remote_name="ada")
    await ready.reaches("2101", "provisioned")
    assert ready.mbg.devices[other] == before


async def test_own_extension_made_by_hand_with_the_typed_name_is_taken_over(ready: Site) -> None:
    by_hand = ready.mbg.add_device(set_username="ada", icp_username="2101")
    await ready.check_remote("2101", remote_name="ada")
    assert (await ready.reaches("2101", "provisioned"))["mbg_device_id"] == by_hand


async def test_lost_answer_to_an_overwrite_leaves_nothing_behind(ready: Site) -> None:
    ready.mbg.add_device(icp_username="2101")
    ready.mbg.lose_answer_to = "PUT"

    def lose_every_put(method: str, _path: str) -> None:
        if method == "PUT":  # aiohttp sends a PUT whose connection broke once more
            ready.mbg.lose_answer_to = "PUT"

    ready.mbg.on_request = lose_every_put
    await ready.check_remote("2101")
    await ready.reaches("2101", "waiting", attempts=1)
    ready.mbg.on_request = ready.mbg.lose_answer_to = None
    await ready.uncheck_remote("2101")
    assert (await ready.reaches("2101", "off"))["provisioning"]["message"] is None
    assert ready.mbg.devices == {}


async def test_overwrite_that_was_refused_leaves_the_device_made_by_hand(ready: Site) -> None:
    by_hand = ready.mbg.add_device(icp_username="2101")
    ready.mbg.permissions.discard(("MBG/v1/devices", "write"))
    await ready.check_remote("2101")
    await ready.reaches("2101", "failed")
    ready.mbg.permissions.add(("MBG/v1/devices", "write"))
    extension = await ready.uncheck_remote("2101")
    assert "made by hand" in extension["provisioning"]["message"]
    assert list(ready.mbg.devices) == [by_hand]


async def test_create_answered_with_a_fault_of_the_mbg_may_have_been_made(
    ready: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ready.mbg._resource

    def made_but_500(request: Any, path: str, body: bytes) -> Any:
        made = answer(request, path, body)
        if request.method == "POST":
            raise Refuse(500, "internal")
        return made

    monkeypatch.setattr(ready.mbg, "_resource", made_but_500)
    await ready.check_remote("2101")
    await ready.reaches("2101", "failed")
    assert len(ready.mbg.devices) == 1
    await ready.uncheck_remote("2101")
    await ready.reaches("2101", "off")
    assert ready.mbg.devices == {}
