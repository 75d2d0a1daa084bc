"""PBX nodes and their CT Gateway by themselves, for whoever wants to try phones or a client.

No MBG, no MCS, no network rules: who reaches it is the machine's business. It prints where
everything is and runs until Ctrl-C.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.addresses import DEFAULT_PLAN
from simulators.clock import Clock
from simulators.control.pbx_control import pbx_control
from simulators.control.server import ControlServer
from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.estate.open_network import OpenNetwork
from simulators.journal import Journal
from simulators.pbx.node import PbxNode
from simulators.pbx.pbx import Pbx
from simulators.pbx.settings import NodeSettings

MOST_EXTENSIONS = 60_000
"""On all nodes together."""
JOURNAL_ENTRIES = 50_000
"""Kept at a time; it may run for days."""


@dataclass(frozen=True, slots=True)
class PbxSite:
    """What to run.

    Args:
        nodes: where each listens; ct_gateway, control: where those do.
        extensions: of each node, numbered on from `first_extension`.
        credentials: file for them; a temporary one when None.
        journal: False keeps no messages (load).
    """

    nodes: Sequence[Address]
    ct_gateway: Address
    control: Address
    release: str
    gateway_release: str
    extensions: int
    first_extension: int
    licences: int | None
    udp_listening: bool
    seed: int
    credentials: Path | None = None
    journal: bool = True


@dataclass(frozen=True, slots=True)
class Running:
    """What runs; `credentials` is the file with those of all extensions."""

    pbx: Pbx
    control: ControlServer
    password: str
    credentials: Path


async def serve(site: PbxSite) -> None:
    """Run until cancelled."""
    async with running(site) as found:
        sys.stdout.write("\n".join(_greeting(found)) + "\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().create_future()


@contextlib.asynccontextmanager
async def running(site: PbxSite) -> AsyncIterator[Running]:
    """The PBX and its control API.

    Raises:
        ConfigurationError: it can't run as asked; nothing stays open.
    """
    if not 0 <= site.extensions * len(site.nodes) <= MOST_EXTENSIONS:
        raise ConfigurationError(
            f"expected 0 to {MOST_EXTENSIONS} extensions on all nodes, got "
            f"{site.extensions} on each of {len(site.nodes)}: choose another number"
        )
    async with contextlib.AsyncExitStack() as stack:
        clock = Clock()
        journal = Journal(clock.now, enabled=site.journal, most=JOURNAL_ENTRIES)
        seed = Seed(site.seed)
        password = seed.stream("oai").randbytes(8).hex()
        pbx = Pbx(
            release=site.gateway_release,
            password=password,
            clock=clock,
            network=OpenNetwork(DEFAULT_PLAN, journal, clock),
            journal=journal,
            entropy=seed.stream("pbx faults").randbytes,
        )
        stack.push_async_callback(pbx.stop)
        for number, address in enumerate(site.nodes, 1):
            node = await pbx.add_node(
                "Head Office" if number == 1 else f"Branch {number}",
                site.release,
                address,
                seed.stream(f"pbx {number}").randbytes,
                settings=NodeSettings(licences=site.licences),
                udp_listening=site.udp_listening,
            )
            first = site.first_extension + (number - 1) * site.extensions
            for extension in range(first, first + site.extensions):
                node.add_extension(str(extension), f"User {extension}")
        await pbx.start_gateway(site.ct_gateway)
        control = pbx_control(pbx, site.control)
        stack.push_async_callback(control.stop)
        await control.start()
        yield Running(pbx, control, password, _written(pbx, site.credentials, stack))


def _written(pbx: Pbx, file: Path | None, stack: contextlib.AsyncExitStack) -> Path:
    """The file with all credentials, one JSON object a line, readable by its owner alone."""
    if file is None:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="teleworker-bench-pbx-"))
        file = Path(folder) / "extensions.jsonl"
    lines = [
        json.dumps(
            {
                "node": node.number,
                "registrar": _at(node.address),
                "extension": extension.number,
                "auth_name": extension.auth_name,
                "auth_password": extension.auth_password,
            }
        )
        for node in pbx.nodes
        for extension in node.extensions.values()
    ]
    try:
        file.touch(mode=0o600)
        file.chmod(0o600)  # also one that was there before
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"can't write the credentials to {file} ({error.strerror}): "
            "give a path in a folder that can be written"
        ) from error
    return file


def _greeting(found: Running) -> list[str]:
    """Where everything is, and what to do next."""
    pbx, control = found.pbx, found.control.url
    return [
        *(_node(node) for node in pbx.nodes),
        f"CT Gateway   {_at(pbx.gateway.address)} TCP, release {pbx.gateway.release}, OAI password "
        f"{found.password}",
        f"credentials  {found.credentials} (readable by you alone)",
        f"control API  {control} (described at {control}/openapi.json)",
        "",
        f"1. register a phone with the first credentials: head -n 1 {found.credentials}",
        f"2. look at it: curl {control}/nodes/1/extensions",
        f"3. add one: curl -X POST {control}/nodes/1/extensions "
        """-d '{"number": "9001", "name": "Ada"}'""",
        f"4. let it misbehave: curl {control}/faults/catalogue",
        "It runs until Ctrl-C.",
    ]


def _node(node: PbxNode) -> str:
    numbers = list(node.extensions)
    which = f"extensions {numbers[0]} to {numbers[-1]}" if numbers else "no extension"
    transports = "UDP and TCP" if node.udp_listening else "TCP"
    return (
        f"node {node.number}       {_at(node.address)} {transports}, {node.name}, "
        f"release {node.release}, {which}"
    )


def _at(address: Address) -> str:
    return f"{address[0]}:{address[1]}"
