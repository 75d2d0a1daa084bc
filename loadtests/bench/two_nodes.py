"""The pair `two-nodes`: a PBX node in two processes at one address beside the same in one.

SIPp's phones have a port each: the kernel deals datagrams (SO_REUSEPORT) by their extension, and
where it can't by their sender. How much two processes could do where cores are free is told by
processor time: all registrations by that of the busiest process, the parent that joins them
included. So what counts is how evenly the kernel dealt and what it costs to be one registrar. Where
there is no core for each process and one for SIPp, all share one (`on_one_core`). The rate stands
beside it, and needs those cores.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from loadtests.bench.aims import AIMS
from loadtests.bench.figures import Figure, Of, Side
from loadtests.bench.processes import Child, lacking_cores, on_one_core, serving
from loadtests.bench.registering import WINDOW, made_up_accounts, registrations_by_sipp
from loadtests.bench.rounds import Say, Size, take_turns
from loadtests.bench.sipp_load import MISSING
from loadtests.errors import TargetError

NODE = (sys.executable, "-m", "simulators.estate.registrar_site")
PROCESSES = 2
PHONES = 10
"""Times those of a registrar's round: what a process does for the first time must not count."""
PEER = "one process"
LOOKS, LOOK_EVERY_S = 600, 0.05
"""For what processes tell their parent a little later."""


async def two_nodes(size: Size, say: Say) -> list[Figure]:
    """Authenticated registrations of new phones."""
    phones = size.phones * PHONES
    name = f"two-nodes: {phones:,} phones at a node in {PROCESSES} processes"
    by_cpu = f"{name}, by the busiest one's CPU"
    busiest = Figure(by_cpu, "phones/s", PEER, aim=AIMS["two-nodes"], of=Of.BUSIEST)
    lacks = lacking_cores(PROCESSES + 1, "two processes and their generator")
    rate = Figure(f"{name}: rate", "phones/s", PEER, lacks=lacks)
    if shutil.which("sipp") is None:
        return [replace(figure, skipped=MISSING) for figure in (busiest, rate)]
    shares: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bench-accounts-") as folder:
        accounts = Path(folder) / "accounts.jsonl"
        accounts.write_text(made_up_accounts(phones))
        two, one = (
            partial(registered, accounts, phones, count, shares) for count in (PROCESSES, 1)
        )
        with on_one_core() if lacks else nullcontext():
            cores = len(os.sched_getaffinity(0))
            busiest = await take_turns(busiest, two, one, size.rounds, say)
    facts = {
        "percent of the phones in the process that had most": 100 * median(shares),
        "cores that a round had": float(cores),
    }
    return [replace(busiest, facts=facts), replace(rate, rounds=busiest.rounds)]


async def registered(accounts: Path, phones: int, processes: int, shares: list[float]) -> Side:
    """A round at a node that begins anew.

    Args:
        shares: is added the share of the phones that one of several processes had at most.
    """
    async with serving(*NODE, str(accounts), str(processes)) as child:
        first, *others = child.ready["processes"]
        side = await registrations_by_sipp(
            first,
            child.ready["registrar"],
            str(accounts),
            phones,
            more_pids=[*others, child.pid] if others else [],
            own_ports=True,
            window=PROCESSES * WINDOW,  # at one process as well: the same load
        )
        if others:
            shares.append(await _share(child, side.count))
        return side


async def _share(child: Child, phones: float) -> float:
    """Of the phones, that one process had at most, once the parent has heard of all of them.

    Raises:
        TargetError: it does not hear of all.
    """
    report = await child.ask("report")
    for _ in range(LOOKS):
        if report["registered"] >= phones or report["losses"]:
            return float(max(report["by_process"]) / max(1, sum(report["by_process"])))
        await asyncio.sleep(LOOK_EVERY_S)
        report = await child.ask("report")
    raise TargetError(
        f"the node's parent has heard of {report['registered']} of {phones:,.0f} registered phones"
    )
