"""Between bursts at a target that runs already: what one did to it is gone before the next."""

import time
from pathlib import Path

import pytest

from loadtests.asked import Asked, plan_of
from loadtests.capacity.restoring import restore
from loadtests.driver import Engine
from loadtests.engine_core.totals import Totals
from loadtests.plan import read_accounts
from loadtests.scenarios.kinds import Scenario
from loadtests.target import Ready, border
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import Shape


def burst_of(scenario: Scenario, phones: int = 3) -> Asked:
    return Asked(phones, 30.0, Shape.STEADY, 1, 1, 1, None, None, None, None, 30, scenario=scenario)


async def played(asked: Asked, ready: Ready) -> Totals:
    plan, totals = plan_of(asked, ready, Path(), ()), Totals()
    engine = Engine(plan, 0, read_accounts(Path(plan.accounts), plan.phones), totals.add)
    try:
        await engine.open()
        await engine.run(time.monotonic())
    finally:
        await engine.close()
    return totals


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario.REGISTER,
        Scenario.REFRESH,
        Scenario.TOKENS,
        Scenario.PROVISION,
        Scenario.BOOT,
        Scenario.HOTDESK,
    ],
)
async def test_the_same_items_do_it_again_and_nothing_is_left(scenario: Scenario) -> None:
    asked = burst_of(scenario)
    async with border(3, 1, scenario=scenario) as target:
        await restore(asked, target.ready)
        for _ in range(2):
            totals = await played(asked, target.ready)
            assert (totals.registered, totals.failures) == (3, {})
            await restore(asked, target.ready)
        left = await target.report()
    assert left is not None
    assert (left.registered_at_mbg, left.registered_at_pbx, left.licences_in_use) == (0, 0, 0)
    if scenario is Scenario.PROVISION:
        assert left.done == 0, "their devices are gone"


async def test_without_it_phones_boot_once(tmp_path: Path) -> None:
    """What restoring is good for; these have no token, and the MCS knows that they should."""
    asked = burst_of(Scenario.BOOT)
    async with border(3, 1, scenario=Scenario.BOOT) as target:
        assert (await played(asked, target.ready)).registered == 3
        left = await target.report()
        assert left is not None and left.licences_in_use == 3
        again = await played(asked, target.ready)
        assert again.failures == {"no account in its configuration": 3}
        del target.ready.places["administrator"]
        with pytest.raises(ConfigurationError, match="each of them can boot once there"):
            await restore(asked, target.ready)
