"""The MBG's site as the installer uses it: who presses the buttons depends on whose MBG it is.

`MbgHere` is the simulated one of this run, `MbgByControl` one in another process, and
`mbg_person.MbgByPerson` somebody at a real one. Each does the same few things, by the manual's
names; what only the first can do (faults, records, time) is asked of the estate.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from simulators.core import Address
from simulators.errors import RemoteProtocolError
from simulators.mbg.forwarding.forward import ForwardRule
from simulators.mbg.mbg import Mbg

CALL_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A SIP device as a page of the MBG shows it; `icp_password` None: nobody can see it."""

    id: str
    icp_address: str
    set_username: str
    icp_username: str
    icp_password: str | None = None


class MbgSite(Protocol):
    """What people do on the MBG's pages, stages 2 to 4, and what they look up there."""

    async def begins(self) -> None:
        """A scenario begins: be as delivered, where that can be had."""

    async def forwards(self, port: int, target: Address, *, snat: bool = True) -> None:
        """MBG Security -> Port Forwarding: add a rule; one that is there already stays."""

    async def adds_icp(self, name: str, address: str) -> None:
        """Service configuration -> ICPs: add one; one at that address stays."""

    async def adds_consumer(
        self, name: str, consumer_id: str, permissions: dict[str, str] | None, *, active: bool
    ) -> str:
        """Administration -> Web services: Start, Add a new consumer; the shared secret."""

    async def approves(self) -> str:
        """Temporary tokens: approve the latest; the Verifier."""

    async def renews(self, consumer_id: str) -> None:
        """Final tokens: Renew."""

    async def device(self, device_id: str) -> DeviceSeen | None:
        """Service configuration -> SIP devices: the one with this id."""


class MbgHere:
    """The simulated MBG of this run."""

    def __init__(self, mbg: Mbg) -> None:
        self._mbg = mbg

    async def begins(self) -> None:
        """It was made for this scenario."""

    async def forwards(self, port: int, target: Address, *, snat: bool = True) -> None:
        await self._mbg.add_forward(ForwardRule(port, target, snat=snat))

    async def adds_icp(self, name: str, address: str) -> None:
        self._mbg.add_icp(name, address)

    async def adds_consumer(
        self, name: str, consumer_id: str, permissions: dict[str, str] | None, *, active: bool
    ) -> str:
        self._mbg.start_web_services()
        return self._mbg.add_consumer(name, consumer_id, permissions, active=active).shared_secret

    async def approves(self) -> str:
        return self._mbg.approve_latest()

    async def renews(self, consumer_id: str) -> None:
        self._mbg.renew_final_token(consumer_id)

    async def device(self, device_id: str) -> DeviceSeen | None:
        found = self._mbg.store.devices.get(device_id)
        if found is None:
            return None
        return DeviceSeen(
            found.id,
            self._mbg.store.icps[found.icp_id].address,
            found.set_username,
            found.icp_username,
            found.icp_password,
        )


class MbgByControl:
    """A simulated MBG in another process, by its control API (simulators/mbg/README.md)."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def begins(self) -> None:
        await self._call("POST", "/reset")

    async def forwards(self, port: int, target: Address, *, snat: bool = True) -> None:
        """A rule for the port that leads elsewhere is replaced."""
        wanted = {"outside_port": port, "destination_host": target[0],
                  "destination_port": target[1], "snat": snat}  # fmt: skip
        for rule in (await self._call("GET", "/forwards"))["items"]:
            if (rule["protocol"], rule["outside_port"]) == ("TCP", port):
                if all(rule[key] == value for key, value in wanted.items()):
                    return
                await self._call("DELETE", f"/forwards/TCP/{port}")
        await self._call("POST", "/forwards", wanted)

    async def adds_icp(self, name: str, address: str) -> None:
        if address not in (await self._icps()).values():
            await self._call("POST", "/icps", {"name": name, "address": address})

    async def adds_consumer(
        self, name: str, consumer_id: str, permissions: dict[str, str] | None, *, active: bool
    ) -> str:
        """One of an earlier scenario goes first, and its tokens with it."""
        await self._call("PUT", "/web-services", {"running": True})
        known = (await self._call("GET", "/consumers"))["items"]
        if any(consumer["consumer_id"] == consumer_id for consumer in known):
            await self._call("DELETE", f"/consumers/{consumer_id}")
        wanted = {"name": name, "consumer_id": consumer_id, "active": active}
        if permissions is not None:
            wanted["permissions"] = permissions
        made = await self._call("POST", "/consumers", wanted)
        return str(made["shared_secret"])

    async def approves(self) -> str:
        return str((await self._call("POST", "/temporary-tokens/latest/approve"))["verifier"])

    async def renews(self, consumer_id: str) -> None:
        await self._call("POST", "/final-tokens/latest/renew")

    async def device(self, device_id: str) -> DeviceSeen | None:
        icps = await self._icps()
        for each in (await self._call("GET", "/devices"))["items"]:
            if each["id"] == device_id:
                address = icps.get(each["icp_id"], "")
                return DeviceSeen(device_id, address, each["set_username"], each["icp_username"])
        return None

    async def _icps(self) -> dict[str, str]:
        """Address of each ICP by id."""
        items = (await self._call("GET", "/icps"))["items"]
        return {icp["id"]: icp["address"] for icp in items}

    async def _call(self, method: str, path: str, body: object = None) -> Any:
        patience = aiohttp.ClientTimeout(total=CALL_LIMIT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as session,
                session.request(method, self._url + path, json=body) as response,
            ):
                document = None if response.status == 204 else await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise RemoteProtocolError(
                f"the MBG's control API at {self._url} gave no answer to {method} {path}: {error!r}"
            ) from error
        if response.status >= 400:
            raise RemoteProtocolError(f"the MBG's control API refused {method} {path}: {document}")
        return document
