"""Stages 1 to 6 of the manual done at once, by program, for whole sites under load.

The MCS is spoken with by its JSON API (wire contract), the MBG by what its administrator presses.
What is measured comes later; a refusal here is an error.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any

import aiohttp

from simulators.errors import BenchError
from simulators.estate.estate import Estate
from simulators.mbg.forwarding.forward_rule import ForwardRule
from simulators.phone.files.firmware import build_image
from simulators.phone.people import Person

CONSUMER = "MiVOAppSuite"
LOOK_EVERY_S = 0.2
AT_A_TIME = 8
BULK_WITHIN_S = 600.0
FIRMWARE_OCTETS = 16_384


class Installation:
    """An administrator's session at the MCS of an estate; use it as a context."""

    def __init__(self, estate: Estate) -> None:
        assert estate.mcs is not None, "an installation needs an MCS"
        self._estate = estate
        self._mcs = estate.mcs
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=estate.mcs.tls))

    async def __aenter__(self) -> "Installation":
        try:
            log_in = {"username": self._mcs.admin_name, "password": self._mcs.admin_password}
            token = (await self.call("POST", "/login", log_in))["token"]
        except BaseException:
            await self._http.close()
            raise
        self._http.headers["Authorization"] = f"Bearer {token}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def connects(self) -> None:
        """Stages 1 to 4: addresses, forward, ICP, token; the PBX's extensions are read."""
        estate, mbg, node = self._estate, self._estate.mbg, self._estate.node
        host, port = estate.ct_gateway.address
        await self.call(
            "PUT", "/settings/mbg", {"internal_address": mbg.inside, "port": mbg.rest_address[1]}
        )
        await self.call(
            "POST", "/phone-systems",
            {"name": node.name, "ct_gateway_address": host, "ct_gateway_port": port,
             "ct_gateway_password": estate.ct_gateway_password},
        )  # fmt: skip
        await self.call("POST", "/phone-systems/1/sync", {})
        await self.call(
            "PUT", "/phone-systems/1/nodes/1",
            {"nat_ip_address": mbg.outside, "nat_sip_port": mbg.sip_outside[1]},
        )  # fmt: skip
        await self.call(
            "PUT", "/client-locations/remote", {"nat_ip_address_or_hostname": mbg.outside}
        )
        await mbg.add_forward(ForwardRule(self._mcs.phones_address[1], self._mcs.phones_address))
        mbg.add_icp(node.name, node.address[0])
        mbg.start_web_services()
        secret = mbg.add_consumer("Suite", CONSUMER).shared_secret
        await self.call("PUT", "/settings/mbg", {"rest_api_enabled": True})
        consumer = {"name": "Suite", "consumer_id": CONSUMER, "shared_secret": secret}
        await self.call("POST", "/settings/mbg/request-token", consumer)
        verifier = {"verifier": mbg.approve_latest()}
        await self.call("POST", "/settings/mbg/retrieve-token", verifier)

    async def provisions_all(self) -> None:
        """Stage 5 for each extension that was read."""
        body = {"phone_system": 1, "use_remote_credentials": True, "all": True}
        switch = await self.call("POST", "/provisioning/bulk", body)
        loop = asyncio.get_running_loop()
        until = loop.time() + BULK_WITHIN_S
        while switch["state"] == "running" and loop.time() < until:
            await asyncio.sleep(LOOK_EVERY_S)
            switch = await self.call("GET", f"/provisioning/bulk/{switch['id']}")
        if switch["progress"]["done"] != switch["total"]:
            raise BenchError(f"the MCS should have provisioned all, it says {switch['progress']}")

    async def assigns(self, people: Sequence[Person]) -> None:
        """Stage 6 at the MCS: each phone gets its person's extension."""
        await _side_by_side(
            [self._assigning(person) for person in people],
        )

    async def uploads_firmware(self, models: Sequence[str], version: str) -> None:
        """A SIP image for each of these models."""
        for model in models:
            entropy = self._estate.seed.stream(f"firmware {model} {version}").randbytes
            image = build_image(model, version, "sip", FIRMWARE_OCTETS, entropy)
            await self.call("PUT", f"/firmware/{model}", image)

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """One call of the JSON API; octets are sent as such.

        Raises:
            BenchError: it was refused.
        """
        data = body if isinstance(body, bytes) or body is None else json.dumps(body)
        octets = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        url = f"{self._mcs.api_url}/api/v1{path}"
        headers = {"Content-Type": octets} if data is not None else {}
        async with self._http.request(method, url, data=data, headers=headers) as answer:
            text = await answer.text()
        if answer.status >= 300:
            raise BenchError(f"the MCS refuses {method} {path} ({answer.status}): {text[:200]}")
        found: dict[str, Any] = json.loads(text) if text else {}
        return found

    def _assigning(self, person: Person) -> Callable[[], Awaitable[object]]:
        wanted = {"extension": person.extension}
        return lambda: self.call("PUT", f"/phones/{person.mac}", wanted)


async def _side_by_side(work: Sequence[Callable[[], Awaitable[object]]]) -> None:
    waiting = list(work)

    async def one_after_the_other() -> None:
        while waiting:
            await waiting.pop()()

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_A_TIME)))
