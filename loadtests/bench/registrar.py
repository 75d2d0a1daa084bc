"""The pair `registrar`: a PBX node's registrar beside Kamailio's, SIPp's phones at both."""

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from loadtests.bench import kamailio
from loadtests.bench.aims import AIMS
from loadtests.bench.figures import Figure, Of, Side
from loadtests.bench.processes import serving
from loadtests.bench.registering import PASSWORD, made_up_accounts, registrations_by_sipp
from loadtests.bench.rounds import Say, Size, take_turns
from loadtests.bench.sipp_load import MISSING

NODE = (sys.executable, "-m", "simulators.estate.registrar_site")
AIM = AIMS["registrar"]
PEER = "Kamailio, one worker"


async def registrar(size: Size, say: Say) -> list[Figure]:
    """Authenticated registrations: what one costs, and how many a second there were."""
    cost = Figure("registrar: CPU of a registration", "phones/s", PEER, aim=AIM, of=Of.CPU)
    rate = Figure("registrar: registrations", "phones/s", PEER)
    lacking = _lacking()
    if lacking:
        return [replace(figure, skipped=lacking) for figure in (cost, rate)]
    with tempfile.TemporaryDirectory(prefix="bench-accounts-") as folder:
        accounts = Path(folder) / "accounts.jsonl"
        accounts.write_text(made_up_accounts(size.phones))

        # Both begin anew in each round, so that each phone is a new one.
        async def ours() -> Side:
            async with serving(*NODE, str(accounts)) as child:
                place = child.ready["registrar"]
                return await registrations_by_sipp(child.pid, place, str(accounts), size.phones)

        async def peer() -> Side:
            async with kamailio.running(PASSWORD) as (worker, place):
                return await registrations_by_sipp(worker, [*place], str(accounts), size.phones)

        cost = await take_turns(cost, ours, peer, size.rounds, say)
    return [cost, replace(rate, rounds=cost.rounds)]


def _lacking() -> str:
    """What the pair needs and is not installed, with what to do; "" where all is there."""
    if shutil.which("sipp") is None:
        return MISSING
    try:
        kamailio.modules()
    except kamailio.Unavailable as why:
        return str(why)
    return ""
