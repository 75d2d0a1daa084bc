"""The pairs of `make bench`: REST API and Prism, border and responder, forward and relay, and more.

Each starts its processes, plays its rounds and gives figures. Every measured server is a process of
its own, and so is the generator, the same one for both sides.
"""

import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from loadtests.bench import prism
from loadtests.bench.aims import AIMS
from loadtests.bench.border import border
from loadtests.bench.estate import estate
from loadtests.bench.figures import Figure, Side
from loadtests.bench.generator import generator
from loadtests.bench.hold import hold
from loadtests.bench.life import life
from loadtests.bench.mcs import directory_of_phones, phones
from loadtests.bench.processes import Child, generated, serving
from loadtests.bench.provision import provision, two_mcs
from loadtests.bench.registrar import registrar
from loadtests.bench.rounds import Say, Size, take_turns
from loadtests.bench.two_nodes import two_nodes

SITE = (sys.executable, "-m", "simulators.estate.bench_site")
PEERS = (sys.executable, "-m", "loadtests.bench.peers")
DEVICES = 50
"""SIP devices on the MBG: what a list holds."""
CONNECTIONS = 8
"""Of the generator, at a time."""


async def rest(size: Size, say: Say) -> list[Figure]:
    """Signed calls to the MBG over HTTPS beside unsigned ones to Prism over HTTP."""
    one, several = "REST: GET one device", f"REST: GET a list of {DEVICES}"
    as_delivered = Figure(one, "calls/s", "Prism as delivered", aim=AIMS["rest"])
    silent = [Figure(name, "calls/s", "Prism, its log off") for name in (one, several)]
    try:
        script = await prism.installed()
    except prism.Unavailable as why:
        return [replace(figure, skipped=str(why)) for figure in (as_delivered, *silent)]
    async with (
        serving(*SITE, "--devices", str(DEVICES)) as site,
        _prism(script) as logging,
        _prism(script, "-v", "fatal") as quiet,
    ):
        host, own_port = site.ready["rest"]
        devices = "/mslrest/mbg/v1/devices/"
        device = f"{devices}{site.ready['device_id']}/"
        signing = {
            "ca": site.ready["ca"],
            "key": site.ready["consumer_key"],
            "secret": site.ready["consumer_secret"],
            "token": site.ready["token"],
            "token_secret": site.ready["token_secret"],
        }
        done = []
        for figure, path, (mock, port) in (
            (as_delivered, device, logging),
            (silent[0], device, quiet),
            (silent[1], devices, quiet),
        ):
            ours = partial(_calls, site, f"https://{host}:{own_port}{path}", size, signing)
            peer = partial(_calls, mock, f"http://127.0.0.1:{port}{path}", size, {})
            done.append(await take_turns(figure, ours, peer, size.rounds, say))
        return done


async def forward(size: Size, say: Say) -> list[Figure]:
    """A port forward beside a bare socket relay."""
    behind = ("127.0.0.1", _free_port())
    carried = Figure("forward: octets carried", "MB/s", "bare socket relay", scale=1e6)
    joined = Figure("forward: connections", "connections/s", "bare socket relay")
    leads_to = f"{behind[0]}:{behind[1]}"
    async with (
        serving(*SITE, "--devices", "1", "--forward-to", leads_to) as site,
        serving(*PEERS, "relay", behind[0], str(behind[1])) as relay,
    ):
        at = {site.pid: site.ready["forward"], relay.pid: relay.ready["address"]}

        async def play(what: str, child: Child) -> Side:
            task: dict[str, object] = {
                "what": what,
                "relay": at[child.pid],
                "behind": list(behind),
                "streams": 2 if what == "carry" else CONNECTIONS,
                "seconds": size.seconds,
                "server_pid": child.pid,
                "count": size.connections,
            }
            return Side(**await generated("tcp_load", task))

        return [
            await take_turns(
                figure, partial(play, what, site), partial(play, what, relay), size.rounds, say
            )
            for figure, what in ((carried, "carry"), (joined, "connect"))
        ]


Pair = Callable[[Size, Say], Awaitable[list[Figure]]]
PAIRS: dict[str, Pair] = {
    "rest": rest,
    "border": border,
    "forward": forward,
    "registrar": registrar,
    "two-nodes": two_nodes,
    "phones": phones,
    "phone-list": directory_of_phones,
    "provision": provision,
    "two-mcs": two_mcs,
    "generator": generator,
    "hold": hold,
    "life": life,
    "estate": estate,
}


async def _calls(child: Child, url: str, size: Size, signing: dict[str, str]) -> Side:
    task: dict[str, object] = {
        "url": url,
        "connections": CONNECTIONS,
        "count": size.requests,
        "seconds": size.seconds,
        "server_pid": child.pid,
        **signing,
    }
    return Side(**await generated("http_load", task))


@asynccontextmanager
async def _prism(script: Path, *options: str) -> AsyncIterator[tuple[Child, int]]:
    """Prism with our description, once it listens."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="bench-prism-") as folder:
        file = Path(folder) / "openapi.json"
        file.write_text(prism.description(DEVICES), encoding="utf-8")
        words = ("node", str(script), "mock", "-h", "127.0.0.1", "-p", str(port), *options)
        async with serving(*words, str(file), says_ready=False) as child:
            await child.listening("127.0.0.1", port)
            yield child, port


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
