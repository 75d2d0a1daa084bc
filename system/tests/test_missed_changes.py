"""What is put right while MCS writes down that it waits for just that: nobody tells it again."""

from collections.abc import Collection
from typing import Any

import pytest

from system.errors import McsError, NotReady
from system.provisioning.records import Records
from system.provisioning.steps import Failed
from system.tests.conftest import Site
from system.tests.helpers import eventually

NODE = "/phone-systems/1/nodes/1"


@pytest.fixture
async def ready(site: Site) -> Site:
    site.gateway.add("3001", "Ada")
    await site.authorize()
    await site.add_phone_system()
    return site


async def test_a_rest_api_enabled_just_then_is_used(
    ready: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": False})
    original = Records.put_off
    late: list[str] = []

    async def put_off(self: Records, due: Collection[int], error: McsError, until: Any) -> None:
        if isinstance(error, NotReady) and not late:
            late.append(error.code)
            await ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": True})
        await original(self, due, error, until)

    monkeypatch.setattr(Records, "put_off", put_off)
    await ready.check_remote("3001")
    await ready.reaches("3001", "provisioned")
    assert late


async def test_a_node_s_address_entered_just_then_is_used(
    ready: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = (await ready.ok("GET", NODE))["address"]
    await ready.ok("PUT", NODE, {"address": None})
    original = Records.note
    late: list[str] = []

    async def note(self: Records, results: Collection[Any]) -> None:
        missing = [r for r in results if isinstance(r, Failed) and isinstance(r.error, NotReady)]
        if missing and not late:
            late.append(missing[0].error.code)
            await ready.ok("PUT", NODE, {"address": address})
        await original(self, list(results))

    monkeypatch.setattr(Records, "note", note)
    await ready.check_remote("3001")
    await ready.reaches("3001", "provisioned")
    assert late == ["node_address_missing"]


async def test_what_still_is_missing_is_waited_for(ready: Site) -> None:
    await ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": False})
    await ready.check_remote("3001")

    async def waits() -> bool:
        items = (await ready.ok("GET", "/provisioning/operations?state=waiting"))["items"]
        return [item["next_attempt_at"] for item in items] == [None]

    await eventually(waits, "it waits for a change alone")
