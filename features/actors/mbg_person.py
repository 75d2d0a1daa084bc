"""Somebody at the site of a real MBG, asked what the installer would do there."""

from features.actors.desk import Desk, Question, asked
from features.actors.mbg_site import DeviceSeen
from simulators.core import Address
from simulators.errors import NotOffered

WEB_SERVICES = "Administration -> Web services"
PERMISSIONS = {
    "Base/managetoken": "read/write",
    "MBG/v1/icps": "read",
    "MBG/v1/devices": "read/write",
}
"""TOK-2: those of the manual page."""


class MbgByPerson:
    """An MBG whose pages a person has open."""

    def __init__(self, desk: Desk, patience_s: float) -> None:
        self._desk = desk
        self._patience_s = patience_s

    async def begins(self) -> None:
        """A real one stays as it is."""

    async def forwards(self, port: int, target: Address, *, snat: bool = True) -> None:
        if not snat:
            raise NotOffered("a real MBG keeps SNAT on for every rule")
        await self._ask(
            "MBG Security -> Port Forwarding",
            "Add this rule, if it is not there yet.",
            {"Protocol": "TCP", "Port": str(port), "Destination Host IP Address": target[0],
             "Destination port": str(target[1]), "SNAT": "on"},
        )  # fmt: skip

    async def adds_icp(self, name: str, address: str) -> None:
        await self._ask(
            "MiVoice Border Gateway -> Service configuration -> ICPs",
            "Add this ICP, if none has this address yet.",
            {"Name": name, "Hostname or IP Address": address},
        )

    async def adds_consumer(
        self, name: str, consumer_id: str, permissions: dict[str, str] | None, *, active: bool
    ) -> str:
        values = {"Active": "yes" if active else "no", "Name": name, "ConsumerID": consumer_id}
        values |= PERMISSIONS if permissions is None else permissions
        read = await self._ask(
            WEB_SERVICES,
            "Press Start, then Add a new consumer; save it, and note its shared secret. If it is "
            "there already, the shared secret will do.",
            values,
            "Shared secret",
        )
        return read["Shared secret"]

    async def approves(self) -> str:
        task = "Under Temporary tokens press approve at the latest, and read its Verifier."
        return (await self._ask(WEB_SERVICES, task, {}, "Verifier"))["Verifier"]

    async def renews(self, consumer_id: str) -> None:
        task = "Under Final tokens press Renew."
        await self._ask(WEB_SERVICES, task, {"ConsumerID": consumer_id})

    async def device(self, device_id: str) -> DeviceSeen | None:
        read = await self._ask(
            "MiVoice Border Gateway -> Service configuration -> SIP devices",
            "Look this SIP device up; leave all empty if it is not there.",
            {"Id": device_id},
            "ICP address", "Set-side user name", "ICP-side user name",
        )  # fmt: skip
        if not any(read.values()):
            return None
        return DeviceSeen(
            device_id, read["ICP address"], read["Set-side user name"], read["ICP-side user name"]
        )

    async def _ask(self, page: str, task: str, enter: dict[str, str], *read: str) -> dict[str, str]:
        question = Question("MBG", page, task, enter, read)
        return dict(await asked(self._desk, question, self._patience_s))
