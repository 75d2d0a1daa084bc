"""What an MBG's records become, told at once to who measures: one JSON line a new SIP device.

    GET http://<inside>:<any>/devices  ->  {"icp_username": "100000", "at": 12345.678901} ...

`at` is the machine's steady time (CLOCK_MONOTONIC, which all its processes share), so that how soon
a line is read has no part in what is measured. Only for load: the MCS knows nothing of it.
"""

import asyncio
import json
import time
from types import TracebackType

from aiohttp import web

from simulators.mbg.mbg import Mbg
from simulators.mbg.records.devices import Device


class Feed:
    """Watches the store of an MBG; use it as a context."""

    def __init__(self, mbg: Mbg, host: str) -> None:
        self.url = ""
        self._host = host
        self._listeners: set[asyncio.Queue[bytes]] = set()
        self._store = mbg.store
        application = web.Application()
        application.add_routes([web.get("/devices", self._devices)])
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)

    async def __aenter__(self) -> "Feed":
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/devices"
        self._store.on_created.append(self._created)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._store.on_created.remove(self._created)
        await self._runner.cleanup()

    def _created(self, device: Device) -> None:
        line = json.dumps({"icp_username": device.icp_username, "at": time.monotonic()})
        for queue in self._listeners:
            queue.put_nowait(line.encode() + b"\n")

    async def _devices(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/jsonl"})
        await answer.prepare(request)
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            await answer.write(b"\n")  # from now on nothing is missed
            while True:
                await answer.write(await queue.get())
        finally:
            self._listeners.discard(queue)
