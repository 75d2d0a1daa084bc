"""The pair `border`: registrations through MBG and PBX beside two peers.

A **bare relay** passes the same messages on to the same PBX node, unread: all that differs is the
work of the MBG, and the processor time of relay and node together is compared. A **responder** that
says 200 to everything shows how much work a registration is at all.
"""

import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from loadtests.bench.aims import AIMS
from loadtests.bench.figures import Figure, Of, Side
from loadtests.bench.processes import Child, serving
from loadtests.bench.registering import HOMES, made_up_accounts, registrations
from loadtests.bench.rounds import Say, Size, take_turns
from simulators.addresses import AddressPlan

BORDER = (sys.executable, "-m", "simulators", "border")
NODE = (sys.executable, "-m", "simulators.estate.registrar_site")
PEERS = (sys.executable, "-m", "loadtests.bench.peers")
RELAY, RESPONDER = "bare relay to the same PBX", "bare 200 responder"


async def border(size: Size, say: Say) -> list[Figure]:
    """What a registration through MBG and PBX costs, beside a relay and beside a responder."""
    figure = Figure("border: CPU of a registration", "phones/s", RESPONDER, of=Of.CPU)
    relayed = replace(figure, peer=RELAY, aim=AIMS["border"])
    memory: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bench-accounts-") as folder:
        accounts = Path(folder) / "accounts.jsonl"
        accounts.write_text(made_up_accounts(size.phones))
        ours = partial(_through_mbg, size.phones, memory)
        relay = partial(_through_relay, accounts, size.phones)
        relayed = await take_turns(relayed, ours, relay, size.rounds, say)
        async with serving(*PEERS, "responder") as responder:
            place = responder.ready["address"]
            peer = partial(registrations, responder.pid, place, HOMES, str(accounts), size.phones)
            figure = await take_turns(figure, ours, peer, size.rounds, say)
    octets = {"octets per registered device, MBG and PBX": median(memory)}
    return [relayed, replace(figure, facts=octets)]


async def _through_mbg(phones: int, memory: list[float]) -> Side:
    # A used border would answer the second round from the bindings of the first.
    async with serving(*BORDER, "--phones", str(phones)) as child:
        homes = AddressPlan(homes=child.ready["homes"])
        before = child.rss
        side = await registrations(
            child.pid,
            child.ready["mbg"],
            [homes.home(index) for index in range(len(HOMES))],
            child.ready["accounts"],
            phones,
        )
        memory.append((child.rss - before) / phones)
        return side


async def _through_relay(accounts: Path, phones: int) -> Side:
    async with _relay(accounts) as (relay, node):
        before = node.cpu_s
        place = relay.ready["address"]
        side = await registrations(relay.pid, place, HOMES, str(accounts), phones)
        return replace(side, server_cpu_s=side.server_cpu_s + node.cpu_s - before)


@asynccontextmanager
async def _relay(accounts: Path) -> AsyncIterator[tuple[Child, Child]]:
    async with serving(*NODE, str(accounts)) as node:
        host, port = node.ready["registrar"]
        async with serving(*PEERS, "datagrams", str(host), str(port)) as relay:
            yield relay, node
