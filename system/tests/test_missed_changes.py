"""What is put right while MCS writes down that it waits for just that: nobody tells it again.

The clock of these tests stands still: what is made due anew is so at the same time as before, and
an operation that was put off for a time never comes back.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from system.errors import IcpNotFound, MbgUnreachable, McsError, NotReady
from system.provisioning.records import Records
from system.provisioning.steps import Failed
from system.tests.conftest import Site
from system.tests.helpers import eventually

BOTH_DATABASES = True

Change = Callable[[], Awaitable[Any]]


@pytest.fixture
async def ready(site: Site) -> Site:
    site.gateway.add("3001", "Ada")
    await site.authorize()
    await site.add_phone_system()
    return site


def just_then(
    site: Site, monkeypatch: pytest.MonkeyPatch, kind: type[McsError], act: Change
) -> list[str]:
    """Lets ``act`` happen once, after a try has failed so and before that is written down.

    Returns:
        The code of that failure, once it has come.
    """
    put_off, note = Records.put_off, Records.note
    late: list[str] = []

    async def once(error: McsError) -> None:
        if isinstance(error, kind) and not late:
            late.append(error.code)
            await act()

    async def put_off_late(self: Records, due: Any, error: McsError, until: Any) -> None:
        await once(error)
        await put_off(self, due, error, until)

    async def note_late(self: Records, results: Sequence[Any]) -> None:
        for result in results:
            if isinstance(result, Failed):
                await once(result.error)
        await note(self, results)

    monkeypatch.setattr(Records, "put_off", put_off_late)
    monkeypatch.setattr(Records, "note", note_late)
    return late


async def test_a_rest_api_enabled_just_then_is_used(
    ready: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": False})
    late = just_then(
        ready,
        monkeypatch,
        NotReady,
        lambda: ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": True}),
    )
    await ready.check_remote("3001")
    await ready.reaches("3001", "provisioned")
    assert late


@pytest.mark.parametrize("again", [1, 2, 3])
async def test_several_changes_just_then_are_as_good_as_one(
    ready: Site, monkeypatch: pytest.MonkeyPatch, again: int
) -> None:
    """Whatever is made due anew is so at another time each time: two must not undo each other."""

    async def put_right() -> None:
        await ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": True})
        for _ in range(again):
            await ready.ok("POST", "/provisioning/operations/retry")

    await ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": False})
    late = just_then(ready, monkeypatch, NotReady, put_right)
    await ready.check_remote("3001")
    await ready.reaches("3001", "provisioned")
    assert late


async def test_an_address_put_right_just_then_is_used(
    ready: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The breaker opens for it, and is let go by the change."""
    await ready.ok("PUT", "/settings/mbg", {"port": 1})
    late = just_then(
        ready,
        monkeypatch,
        MbgUnreachable,
        lambda: ready.ok("PUT", "/settings/mbg", {"port": ready.mbg.port}),
    )
    await ready.check_remote("3001")
    await ready.reaches("3001", "provisioned")
    assert late == ["mbg_unreachable"]


async def test_a_retry_asked_for_just_then_is_one(
    ready: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One extension's own failure, which would be tried again at the slow pace only (ICP-2)."""
    icps, ready.mbg.icps = ready.mbg.icps, []

    async def put_right() -> None:
        ready.mbg.icps = icps
        await ready.ok("POST", "/provisioning/operations/retry")

    late = just_then(ready, monkeypatch, IcpNotFound, put_right)
    await ready.check_remote("3001")
    await ready.reaches("3001", "provisioned")
    assert late


async def test_what_still_is_missing_is_waited_for(ready: Site) -> None:
    await ready.ok("PUT", "/settings/mbg", {"rest_api_enabled": False})
    await ready.check_remote("3001")

    async def waits() -> bool:
        items = (await ready.ok("GET", "/provisioning/operations?state=waiting"))["items"]
        return [item["next_attempt_at"] for item in items] == [None]

    await eventually(waits, "it waits for a change alone")
