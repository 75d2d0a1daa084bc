"""Provisioning end to end: API in front, MBG and CT Gateway behind, time moved by hand."""

from typing import Any

import pytest

from system.tests.conftest import Site
from system.tests.helpers import eventually

BOTH_DATABASES = True

DEVICES = "/mbg/v1/devices/"


def only_device(site: Site) -> dict[str, Any]:
    assert len(site.mbg.devices) == 1
    return next(iter(site.mbg.devices.values()))


async def test_checked_extension_gets_its_sip_device(ready: Site) -> None:
    saved = await ready.check_remote("2101")
    assert saved["remote_name"].startswith("tw")
    assert saved["remote_password_set"] is True
    extension = await ready.reaches("2101", "provisioned")
    device = only_device(ready)
    assert extension["mbg_device_id"] == device["id"]
    assert device["set_username"] == saved["remote_name"]
    assert (device["icp_username"], device["icp_password"]) == ("2101", "Pbx-random-2101")
    assert device["description"] == "2101 Ada Home"
    assert extension["provisioning"]["message"] is None


async def test_unchecked_extension_is_not_provisioned(ready: Site) -> None:
    await ready.check_remote("2101")
    await ready.reaches("2101", "provisioned")
    assert (await ready.extension("2102"))["provisioning"]["state"] == "off"
    assert only_device(ready)["icp_username"] == "2101"


async def test_extension_configured_before_the_token_is_provisioned_after_it(site: Site) -> None:
    await site.add_phone_system()
    await site.check_remote("2101")
    waiting = await site.reaches("2101", "waiting", attempts=1)
    assert "MiVoice Border Gateway" in waiting["provisioning"]["message"]
    assert site.mbg.requests == []
    await site.authorize()
    await site.reaches("2101", "provisioned")


async def test_device_made_by_hand_is_overwritten(ready: Site) -> None:
    by_hand = ready.mbg.add_device(icp_username="2101")
    other = ready.mbg.add_device(set_username="other", icp_username="2999")
    saved = await ready.check_remote("2101")
    extension = await ready.reaches("2101", "provisioned")
    assert extension["mbg_device_id"] == by_hand
    assert ready.mbg.devices[by_hand]["set_username"] == saved["remote_name"]
    assert ready.mbg.devices[other]["set_username"] == "other"
    assert ready.mbg.count("POST", DEVICES) == 0


async def test_missing_icp_is_named_and_leaves_nothing(ready: Site) -> None:
    ready.mbg.icps[0]["address"] = "127.10.0.99"
    await ready.check_remote("2101")
    failed = await ready.reaches("2101", "failed")
    for part in ("Head Office", "127.10.0.21", "127.10.0.99"):
        assert part in failed["provisioning"]["message"]
    assert ready.mbg.devices == {}
    await ready.ok(
        "PUT", "/phone-systems/1/nodes/1", {"address": "127.10.0.99", "nat_ip_address": None}
    )
    await ready.reaches("2101", "provisioned")


async def test_failed_operation_is_tried_again_by_hand_and_by_time(ready: Site) -> None:
    ready.mbg.icps[0]["address"] = "127.10.0.99"
    await ready.check_remote("2101")
    await ready.reaches("2101", "failed", attempts=1)
    (operation,) = (await ready.ok("GET", "/provisioning/operations?state=failed"))["items"]
    await ready.ok("POST", f"/provisioning/operations/{operation['id']}/retry")
    await ready.reaches("2101", "failed", attempts=2)
    ready.mbg.icps[0]["address"] = "127.10.0.21"
    ready.clock.advance(61)
    await ready.reaches("2101", "provisioned")
    (operation,) = (await ready.ok("GET", "/provisioning/operations"))["items"]
    assert operation["state"] == "done"
    status, error = await ready.call("POST", f"/provisioning/operations/{operation['id']}/retry")
    assert (status, error["code"]) == (409, "operation_over")


async def test_expired_token_waits_and_renewal_goes_on_by_itself(ready: Site) -> None:
    ready.mbg.token_problem = "token_expired"
    await ready.check_remote("2101")
    waiting = await ready.reaches("2101", "waiting", attempts=1)
    assert "Renew" in waiting["provisioning"]["message"]
    settings = await ready.ok("GET", "/settings/mbg")
    assert settings["token"]["state"] == "refused"
    assert "Renew" in settings["token"]["message"]
    assert ready.mbg.devices == {}
    ready.mbg.token_problem, ready.mbg.expires_at = None, "2029-01-01T00:00:00Z"
    ready.clock.advance(61)
    await ready.reaches("2101", "provisioned")

    async def valid() -> bool:
        token = (await ready.ok("GET", "/settings/mbg"))["token"]
        return bool(token["state"] == "valid" and token["expires_at"] == "2029-01-01T00:00:00Z")

    await eventually(valid, "the token is valid until its new end")


@pytest.mark.parametrize("storage", ["sqlite"])  # on PostgreSQL more than the watch sleeps shortly
async def test_renewal_before_the_end_is_seen_within_a_minute(ready: Site) -> None:
    ready.clock.advance(340 * 86400)
    await ready.log_in()
    assert (await ready.ok("GET", "/settings/mbg"))["token"]["state"] == "expiring"

    async def next_look_is_near() -> bool:
        return ready.clock.next_wake_s() <= 60

    await eventually(next_look_is_near, "the token watch looks again within a minute")
    ready.mbg.expires_at = "2029-01-01T00:00:00Z"
    ready.clock.advance(61)

    async def valid() -> bool:
        token = (await ready.ok("GET", "/settings/mbg"))["token"]
        return bool(token["state"] == "valid" and token["expires_at"] == "2029-01-01T00:00:00Z")

    await eventually(valid, "the token is valid until its new end")


async def test_token_nears_its_end_and_passes_it(ready: Site) -> None:
    # The clock of the tests stands at 2027-01-15; the token ends at 2028-01-01.
    ready.clock.advance(330 * 86400)
    await ready.log_in()
    token = (await ready.ok("GET", "/settings/mbg"))["token"]
    assert token["state"] == "expiring"
    assert "Renew" in token["message"]
    ready.mbg.token_problem = "token_expired"
    ready.clock.advance(60 * 86400)
    await ready.log_in()

    async def refused() -> bool:
        return bool((await ready.ok("GET", "/settings/mbg"))["token"]["state"] == "refused")

    await eventually(refused, "the token counts as refused")


@pytest.mark.parametrize(
    ("permission", "needed"),
    [("MBG/v1/icps", "read"), ("MBG/v1/devices", "read"), ("MBG/v1/devices", "write")],
)
async def test_missing_permission_is_named(ready: Site, permission: str, needed: str) -> None:
    ready.mbg.permissions.discard((permission, needed))
    await ready.check_remote("2101")
    failed = await ready.reaches("2101", "failed")
    assert f"{permission} = {needed}" in failed["provisioning"]["message"]
    assert ready.mbg.devices == {}
    ready.mbg.permissions.add((permission, needed))
    ready.clock.advance(61)
    await ready.reaches("2101", "provisioned")


async def test_lost_answer_to_a_create_makes_no_second_device(ready: Site) -> None:
    ready.mbg.lose_answer_to = "POST"
    await ready.check_remote("2101")
    await ready.reaches("2101", "waiting", attempts=1)
    assert len(ready.mbg.devices) == 1
    ready.clock.advance(61)
    extension = await ready.reaches("2101", "provisioned")
    assert extension["mbg_device_id"] == only_device(ready)["id"]
    assert ready.mbg.count("POST", DEVICES) == 1


async def test_lost_create_is_removed_when_the_wish_is_taken_back(ready: Site) -> None:
    ready.mbg.lose_answer_to = "POST"
    await ready.check_remote("2101")
    await ready.reaches("2101", "waiting", attempts=1)
    await ready.uncheck_remote("2101")
    await ready.reaches("2101", "off")
    assert ready.mbg.devices == {}


async def test_crash_after_a_lost_create_is_settled_by_the_next_start(ready: Site) -> None:
    ready.mbg.lose_answer_to = "POST"
    await ready.check_remote("2101")
    await ready.reaches("2101", "waiting", attempts=1)
    await ready.restart()
    ready.clock.advance(61)
    await ready.reaches("2101", "provisioned")
    assert ready.mbg.count("POST", DEVICES) == 1


@pytest.mark.parametrize("step", ["/mbg/v1/system/", "/mbg/v1/icps/", DEVICES])
async def test_stop_in_the_middle_of_an_operation_loses_nothing(ready: Site, step: str) -> None:
    stopped: list[str] = []

    def stop_at(_method: str, path: str) -> None:
        if path == step and not stopped:
            stopped.append(path)
            ready.mbg.lose_answer_to = _method

    ready.mbg.on_request = stop_at
    await ready.check_remote("2101")

    async def reached() -> bool:
        return bool(stopped)

    await eventually(reached, f"the MCS has called {step}")
    await ready.restart()
    ready.clock.advance(61)
    await ready.reaches("2101", "provisioned")
    assert len(ready.mbg.devices) == 1


async def test_waiting_work_survives_a_restart(site: Site) -> None:
    await site.add_phone_system()
    saved = await site.check_remote("2101")
    await site.restart()
    await site.authorize()
    extension = await site.reaches("2101", "provisioned")
    assert extension["remote_name"] == saved["remote_name"]


async def test_unchecking_removes_the_own_device(ready: Site) -> None:
    stays = ready.mbg.add_device(set_username="other", icp_username="2999")
    await ready.check_remote("2101")
    await ready.reaches("2101", "provisioned")
    await ready.uncheck_remote("2101")
    extension = await ready.reaches("2101", "off")
    assert list(ready.mbg.devices) == [stays]
    assert extension["mbg_device_id"] is None
    assert extension["remote_name"] is None


async def test_device_gone_already_counts_as_removed(ready: Site) -> None:
    await ready.check_remote("2101")
    await ready.reaches("2101", "provisioned")
    ready.mbg.devices.clear()
    await ready.uncheck_remote("2101")
    await ready.reaches("2101", "off")


async def test_device_made_by_hand_stays_when_unchecked(site: Site) -> None:
    await site.add_phone_system()
    stays = site.mbg.add_device(icp_username="2101")
    await site.check_remote("2101")
    extension = await site.uncheck_remote("2101")
    assert extension["provisioning"]["state"] == "off"
    assert "made by hand" in extension["provisioning"]["message"]
    await site.authorize()
    assert list(site.mbg.devices) == [stays]
    assert site.mbg.count("DELETE", f"{DEVICES}{stays}/") == 0


@pytest.mark.parametrize(
    ("release", "mode", "found"),
    [("9.4.0.100", "gateway", "9.4.0.100"), ("11.4", "server-only", "server-only")],
)
async def test_unsuitable_mbg_is_not_written_to(
    site: Site, release: str, mode: str, found: str
) -> None:
    site.mbg.release, site.mbg.mode = release, mode
    await site.authorize()
    await site.add_phone_system()
    await site.check_remote("2101")
    failed = await site.reaches("2101", "failed")
    assert found in failed["provisioning"]["message"]
    assert found in (await site.ok("GET", "/settings/mbg"))["token"]["message"]
    assert site.mbg.count("GET", DEVICES) == site.mbg.count("POST", DEVICES) == 0
    site.mbg.release, site.mbg.mode = "10", "gateway"
    site.clock.advance(61)
    await site.reaches("2101", "provisioned")


async def test_old_ct_gateway_rules_provisioning_out(site: Site) -> None:
    site.gateway.release = "5.0.63"
    await site.authorize()
    await site.add_phone_system()
    await site.check_remote("2101")
    failed = await site.reaches("2101", "failed")
    assert "5.0.63" in failed["provisioning"]["message"]
    assert "5.0.64" in failed["provisioning"]["message"]
    assert "5.0.64" in (await site.ok("GET", "/phone-systems/1"))["message"]


async def test_old_pbx_rules_provisioning_out(site: Site) -> None:
    site.gateway.nodes = [(1, "Head Office", "127.10.0.21", "6.2")]
    site.gateway.credentials.clear()
    await site.authorize()
    await site.add_phone_system()
    await site.check_remote("2101")
    failed = await site.reaches("2101", "failed")
    assert "6.3 SP1" in failed["provisioning"]["message"]


async def test_new_pbx_password_reaches_the_mbg(ready: Site) -> None:
    await ready.check_remote("2101")
    await ready.reaches("2101", "provisioned")
    ready.gateway.credentials["2101"] = ("2101", "Pbx-random-new")
    ready.gateway.send_event("XC,|2101|")

    async def followed() -> bool:
        return bool(only_device(ready)["icp_password"] == "Pbx-random-new")

    await eventually(followed, "the MBG has the new password")
    assert ready.mbg.count("POST", DEVICES) == 1


async def test_wrong_auth_name_is_warned_of_at_once(ready: Site) -> None:
    assert (await ready.extension("2101"))["warnings"] == []
    ready.gateway.credentials["2101"] = ("9001", "Pbx-random-2101")
    await ready.ok("POST", "/phone-systems/1/sync")
    (warning,) = (await ready.extension("2101"))["warnings"]
    assert "9001" in warning
    assert "2101" in warning
