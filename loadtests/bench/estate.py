"""The pair `estate`: from nothing to a whole estate, beside a bare Python process.

The estate is MBG, PBX with CT Gateway, network, control APIs and our MCS as its own process, up
to the moment when the MCS answers; phones come later. The peer says that it is ready and does
nothing else: its time is that of the interpreter, which ours has in it twice.
"""

import sys
import time

from loadtests.bench.aims import AIMS
from loadtests.bench.figures import Figure, Of, Side
from loadtests.bench.processes import serving
from loadtests.bench.rounds import Say, Size, take_turns

SITE = (sys.executable, "-m", "simulators.estate.start_site")
PEER = "bare Python process"
BARE = (sys.executable, "-c", "import sys; print('{}', flush=True); sys.stdin.read()")


async def estate(size: Size, say: Say) -> list[Figure]:
    """How long the whole estate takes to start."""
    figure = Figure(
        "estate: start of all roles",
        "s",
        "bare Python process",
        aim=AIMS["estate"],
        of=Of.TIME,
    )
    return [await take_turns(figure, lambda: _start(SITE), lambda: _start(BARE), size.rounds, say)]


async def _start(command: tuple[str, ...]) -> Side:
    began = time.monotonic()
    async with serving(*command) as child:
        return Side(1, time.monotonic() - began, child.cpu_s, 0.0)
