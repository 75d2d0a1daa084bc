"""Phones with their control API beside a PBX, all on private addresses: for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp

from simulators.addresses import AddressPlan
from simulators.estate.phones_site import PhonesSite, Running, running
from simulators.phone.handset import Handset
from simulators.phone.life.states import State
from simulators.tests.pbx_bench import PbxBench, pbx_bench


class PhonesBench:
    """What runs, and calls to its control API."""

    def __init__(self, pbx: PbxBench, found: Running, session: aiohttp.ClientSession) -> None:
        self.pbx = pbx
        self.phones = found.phones
        self.control = found.control
        self._session = session

    @property
    def handsets(self) -> list[Handset]:
        return list(self.phones.by_mac.values())

    @property
    def first(self) -> str:
        """The path of the first phone."""
        return f"/phones/{self.handsets[0].identity.mac}"

    async def registered(self) -> None:
        """Switch all on, and wait until each is registered."""
        await self.phones.power(on=True)
        for phone in self.handsets:
            await phone.until(State.REGISTERED)

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """The document of the answer; status and code where it is a refusal."""
        async with self._session.request(method, self.control.url + path, json=body) as answer:
            document: Any = await answer.json(content_type=None) if answer.status != 204 else None
            return document if answer.ok else (answer.status, document["code"])


def site_on(plan: AddressPlan, count: int, credentials: Path | None = None) -> PhonesSite:
    """Phones on the LAN of a plan, that only register."""
    return PhonesSite(
        count=count,
        models=("6930", "6940"),
        firmware="5.0.0.1018",
        firmware_kind="sip",
        addresses=[plan.local_phone(index) for index in range(count)],
        local=True,
        server=None,
        credentials=credentials,
        registrar=None,
        control=(plan.control_of_phones, 0),
        seed=1,
    )


@asynccontextmanager
async def phones_bench(count: int = 2, **changed: Any) -> AsyncIterator[PhonesBench]:
    """So many phones, switched off, and a PBX that knows them."""
    async with pbx_bench(nodes=1, extensions=count) as pbx:
        site = replace(site_on(pbx.plan, count, pbx.credentials), **changed)
        async with running(site) as found, aiohttp.ClientSession() as session:
            yield PhonesBench(pbx, found, session)
