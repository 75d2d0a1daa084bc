"""The pair of provisioning in tiny counts: both sides make all devices, and a failure counts."""

import pytest

from loadtests.bench import provision
from loadtests.bench.mcs import administrator, mcs
from loadtests.bench.rounds import Size
from loadtests.errors import TargetError

TINY = Size(rounds=1, extensions=30)


async def test_an_mcs_provisions_all_of_them() -> None:
    side = await provision._switched(TINY, 1, on_postgres=False)
    assert (side.count, side.failed) == (30, 0)
    assert side.server_cpu_s > 0


async def test_the_bare_loop_makes_them_and_counts_what_was_refused() -> None:
    async with provision._site(TINY) as site:
        side = await provision._bare_at(site, TINY)
        assert (side.count, side.failed) == (30, 0)
        again = await provision._bare_at(site, TINY)  # the names are taken now
        assert (again.count, again.failed) == (0, 30)


async def test_extensions_that_were_not_read_are_told() -> None:
    async with (
        provision._site(TINY) as site,
        mcs() as running,
        administrator(running) as admin,
    ):
        with pytest.raises(TargetError, match="30 of 31"):
            await provision._set_up(admin, site, 31)
