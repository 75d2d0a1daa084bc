"""The pair `generator`: our crowd of phones beside SIPp, against the same registrars.

What is compared is the generator's own processor time for an authenticated registration: state for
each phone and retransmission timers on, one process, one UDP socket, equally many at a time. The
registrar begins anew in each round; it is there to answer both alike.
"""

import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from loadtests.bench import kamailio, sipp
from loadtests.bench.aims import AIMS
from loadtests.bench.figures import Figure, Of, Side
from loadtests.bench.processes import serving
from loadtests.bench.registering import PASSWORD, WINDOW, made_up_accounts, registrations
from loadtests.bench.rounds import Say, Size, take_turns
from loadtests.plan import PhoneAccount, read_accounts
from simulators.core import Address

NODE = (sys.executable, "-m", "simulators.estate.registrar_site")
AIM = AIMS["generator"]
PEER = "SIPp, one process"
HOME = "127.0.0.1"
PHONES = 10
"""Times those of a registrar's round: a generator's start must not count."""

Registrar = Callable[[], AbstractAsyncContextManager[tuple[int, Address]]]


async def generator(size: Size, say: Say) -> list[Figure]:
    """What an authenticated registration costs who asks for it, at Kamailio and at our node."""
    with tempfile.TemporaryDirectory(prefix="bench-accounts-") as folder:
        file = Path(folder) / "accounts.jsonl"
        phones = size.phones * PHONES
        file.write_text(made_up_accounts(phones))
        accounts = read_accounts(file, phones)
        figures = []
        for at, registrar, check in (
            ("Kamailio", partial(kamailio.running, PASSWORD), kamailio.modules),
            ("our node", partial(_node, file), None),
        ):
            figures.append(await _beside_sipp(at, registrar, check, file, accounts, size, say))
        return figures


async def _beside_sipp(
    at: str,
    registrar: Registrar,
    check: Callable[[], object] | None,
    file: Path,
    accounts: list[PhoneAccount],
    size: Size,
    say: Say,
) -> Figure:
    cost = Figure(
        f"generator: CPU of a registration at {at}",
        "phones/s",
        PEER,
        aim=AIMS["generator"],
        of=Of.CPU,
    )
    try:
        sipp.check()
        if check is not None:
            check()
    except (sipp.Unavailable, kamailio.Unavailable) as why:
        return replace(cost, skipped=str(why))

    async def ours() -> Side:
        async with registrar() as (server, place):
            side = await registrations(server, list(place), [HOME], str(file), len(accounts))
            return _turned(side)

    async def peer() -> Side:
        async with registrar() as (server, place):
            return _turned(await sipp.registrations(server, place, accounts, WINDOW))

    return await take_turns(cost, ours, peer, size.rounds, say)


def _turned(side: Side) -> Side:
    """The generator is what is measured here, and the registrar what may limit it."""
    return replace(side, server_cpu_s=side.generator_cpu_s, generator_cpu_s=side.server_cpu_s)


@asynccontextmanager
async def _node(accounts: Path) -> AsyncIterator[tuple[int, Address]]:
    async with serving(*NODE, str(accounts)) as child:
        host, port = child.ready["registrar"]
        yield child.pid, (host, port)
