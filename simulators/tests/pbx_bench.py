"""A PBX of some nodes with its control API on private addresses, and a client of it: for tests."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from simulators.addresses import AddressPlan, claim_private
from simulators.estate.pbx_site import PbxSite, Running, running
from simulators.journal import Happened


class PbxBench:
    """What runs, and calls to its control API."""

    def __init__(self, plan: AddressPlan, found: Running, session: aiohttp.ClientSession) -> None:
        self.plan = plan
        self.pbx = found.pbx
        self.control = found.control
        self.password = found.password
        self.credentials = found.credentials
        self.journal = found.pbx.journal
        self._session = session

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """The document of the answer; status and code where it is a refusal."""
        async with self._session.request(method, self.control.url + path, json=body) as answer:
            document: Any = await answer.json(content_type=None) if answer.status != 204 else None
            return document if answer.ok else (answer.status, document["code"])

    def told(self, name: str) -> list[Mapping[str, object]]:
        """The facts of what happened under this name, in order."""
        entries = [e for e in self.journal.entries if isinstance(e, Happened)]
        return [entry.facts for entry in entries if entry.name == name]


def site_on(plan: AddressPlan, nodes: int, extensions: int) -> PbxSite:
    return PbxSite(
        nodes=[(plan.node(number), 0) for number in range(1, nodes + 1)],
        ct_gateway=(plan.ct_gateway, 0),
        control=(plan.control_of_pbx, 0),
        release="6.3 SP1",
        gateway_release="5.0.64",
        extensions=extensions,
        first_extension=2101,
        licences=None,
        udp_listening=True,
        seed=1,
    )


@asynccontextmanager
async def pbx_bench(nodes: int = 2, extensions: int = 3) -> AsyncIterator[PbxBench]:
    """The PBX, running, with so many extensions on each node."""
    held = claim_private()
    try:
        async with (
            running(site_on(held.plan, nodes, extensions)) as found,
            aiohttp.ClientSession() as http,
        ):
            yield PbxBench(held.plan, found, http)
    finally:
        held.release()
