"""The control API of a PBX: a node's habits, which count from its next reboot on."""

import pytest

from simulators.control.tests.test_pbx_control import Phone
from simulators.journal import SipEntry
from simulators.pbx.settings import NodeSettings
from simulators.sip.registration import State
from simulators.tests.pbx_bench import pbx_bench


async def test_habits_are_read_changed_and_count_after_a_reboot() -> None:
    async with pbx_bench() as bench:
        habits = await bench.ask("GET", "/nodes/1/habits")
        assert set(habits) - {"reboot_needed"} | {"licences"} == set(NodeSettings.__annotations__)
        wish = {"algorithms": ["SHA-256"], "contacts_per_extension": 2, "max_expires_s": 7200}
        changed = await bench.ask("PATCH", "/nodes/1/habits", wish)
        assert changed == habits | wish | {"reboot_needed": True}
        assert (await bench.ask("GET", "/nodes/1"))["reboot_needed"] is True
        await bench.ask("PATCH", "/nodes/1", {"licences": 3})
        await bench.ask("POST", "/nodes/1/reboot", {})
        now = await bench.ask("GET", "/nodes/1/habits")
        assert now == changed | {"reboot_needed": False}
        phone = Phone(bench, "2101")
        assert await phone.register() is State.REGISTERED
        sent = [e.raw for e in bench.journal.entries if isinstance(e, SipEntry)]
        assert any(b"algorithm=SHA-256" in raw for raw in sent)
        await bench.ask("POST", "/reset")
        assert await bench.ask("GET", "/nodes/1/habits") == habits
        await phone.close()


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"algorithms": ["SHA-1"]}, (422, "invalid")),
        ({"algorithms": []}, (422, "invalid")),
        ({"contacts_per_extension": 0}, (422, "invalid")),
        ({"licences": 1}, (422, "invalid")),
        ({"min_expires_s": 9999}, (409, "not_possible")),
    ],
)
async def test_habits_that_can_not_be_change_nothing(
    wish: dict[str, object], status: tuple[int, str]
) -> None:
    async with pbx_bench(nodes=1) as bench:
        before = await bench.ask("GET", "/nodes/1/habits")
        assert await bench.ask("PATCH", "/nodes/1/habits", wish) == status
        assert await bench.ask("GET", "/nodes/1/habits") == before


async def test_a_hot_desk_is_logged_in_at_a_phone_without_an_extension() -> None:
    async with pbx_bench(nodes=1) as bench:
        desk = {"number": "2190", "name": "Desk", "type": "SIP hot desk"}
        await bench.ask("POST", "/nodes/1/extensions", desk)
        place = await bench.ask("PUT", "/nodes/1/hot-desks/2190", {"base": ""})
        assert place == {"hot_desk": "2190", "base": ""}
        refused = await bench.ask("PUT", "/nodes/1/hot-desks/2101", {"base": ""})
        assert refused == (409, "not_possible")
