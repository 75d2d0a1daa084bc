"""An MBG that is stopped in the middle of a restart leaves no socket open, wherever it was."""

import asyncio

import pytest

from simulators.addresses import claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.journal import Journal
from simulators.mbg.mbg import Mbg
from simulators.mbg.settings import MbgSettings
from simulators.network import Network
from simulators.tls import Authority


@pytest.mark.parametrize("turns", range(40))
async def test_a_stop_in_the_middle_of_a_restart_closes_everything(turns: int) -> None:
    claim, clock = claim_private(), Clock()
    journal = Journal(clock.now)
    mbg = Mbg(
        claim.plan.mbg_outside,
        claim.plan.mbg_inside,
        tls=Authority().server_context("x"),
        clock=clock,
        network=Network(claim.plan, journal, clock),
        journal=journal,
        entropy=Seed(1).stream("mbg").randbytes,
        settings=MbgSettings(rest_port=0),
    )
    await mbg.start()
    mbg.restart_soon(keep_state=True)
    for _ in range(turns):
        await asyncio.sleep(0)
    await mbg.stop()
    await mbg.start()  # every address is free again
    await mbg.stop()
    claim.release()
