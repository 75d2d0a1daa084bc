"""The pair `life`: whole lives of handsets beside the bare sum of their parts."""

import sys
from dataclasses import replace

from loadtests.bench.aims import AIMS
from loadtests.bench.figures import Figure, Of, Side
from loadtests.bench.processes import generated, serving
from loadtests.bench.rounds import Say, Size, take_turns

SITE = (sys.executable, "-m", "simulators.estate.life_site")
PEER = "TLS, four GETs, a registration"
WINDOW = 16
"""Phones that live at a time."""
SHARE = 5
"""A life costs far more than a registration, so a round has that part of a registrar's phones."""


async def life(size: Size, say: Say) -> list[Figure]:
    """What a life costs the process that lives it, and how many a second there were."""
    cost = Figure("life: CPU of a whole life", "lives/s", PEER, aim=AIMS["life"], of=Of.CPU)
    phones = max(1, size.phones // SHARE)

    async def play(module: str) -> Side:
        async with serving(*SITE, str(phones)) as site:
            task = {**site.ready, "window": WINDOW, "server_pid": site.pid}
            side = Side(**await generated(module, task))
        # what lives is measured here; the site only answers
        return replace(side, server_cpu_s=side.generator_cpu_s, generator_cpu_s=side.server_cpu_s)

    cost = await take_turns(
        cost,
        lambda: play("simulators.estate.life_load"),
        lambda: play("loadtests.bench.life_load"),
        size.rounds,
        say,
    )
    return [cost]
