"""What the installer can see: the pages of the MCS, and the records of the MBG behind them."""

from datetime import datetime
from typing import Any

from features.actors.answers import AtMcs
from features.actors.mbg_site import DeviceSeen, MbgSite
from simulators.estate.estate import Estate
from simulators.mbg.records.devices import Device


class Pages:
    """Reads; changes nothing.

    Args:
        estate: whose MBG is looked at.
        mcs: a session of somebody who is logged in.
        mbg: who is at the MBG's site.
    """

    def __init__(self, estate: Estate, mcs: AtMcs, mbg: MbgSite) -> None:
        self.estate = estate
        self.mcs = mcs
        self.mbg = mbg
        self.phone_system = 0

    async def phone_system_message(self) -> str:
        """What the phone system's page says of its connection."""
        systems = await self.mcs.get("/phone-systems")
        items = systems["items"] if isinstance(systems, dict) else systems
        return str(items[0]["message"] or "")

    async def node_page(self) -> dict[str, Any]:
        """What [PBX name] shows of the node."""
        node: dict[str, Any] = await self.mcs.get(f"{self._system}/nodes/1")
        return node

    async def sees_token(self, state: str) -> dict[str, Any]:
        """The token as the page shows it, once it is in this state."""
        page = await self.mcs.until(
            "/settings/mbg", lambda d: d["token"]["state"] == state, f"a token that is {state}"
        )
        token: dict[str, Any] = page["token"]
        return token

    async def token_life_s(self) -> float:
        """Seconds until the token's expiry, as the page shows it."""
        page = await self.mcs.until(
            "/settings/mbg",
            lambda document: document["token"]["state"] == "valid",
            "the page to show a valid token",
        )
        token = page["token"]
        assert token["expires_at"], f"the page does not say how long the token serves: {token}"
        expires = datetime.fromisoformat(token["expires_at"])
        return expires.timestamp() - self.estate.clock.now()

    async def mbg_page(self) -> dict[str, Any]:
        """What the MiVoice Border Gateway page shows."""
        page: dict[str, Any] = await self.mcs.get("/settings/mbg")
        return page

    async def authorization_form(self, extension: str) -> dict[str, Any]:
        """What the SIP Authorization form shows."""
        form: dict[str, Any] = await self.mcs.get(self._form(extension))
        return form

    async def sees_extension(self, extension: str) -> None:
        """[PBX name]: the extension, once the list has it."""
        await self.mcs.until(
            f"{self._system}/extensions",
            lambda document: extension in [item["extension"] for item in document["items"]],
            f"the list to have {extension}",
        )

    async def sees_provisioning(self, extension: str, state: str) -> dict[str, Any]:
        """The form, once its provisioning is in this state."""
        form: dict[str, Any] = await self.mcs.until(
            self._form(extension),
            lambda document: document["provisioning"]["state"] == state,
            f"extension {extension} to be {state}",
        )
        return form

    async def sees_provisioned_device(self, extension: str) -> DeviceSeen:
        """The form says provisioned, and the MBG has the device that it should have (API-1)."""
        form = await self.sees_provisioning(extension, "provisioned")
        device = await self.mbg.device(str(form["mbg_device_id"]))
        at_pbx = self.estate.node.extensions[extension]
        assert device is not None, f"the MBG has no such SIP device, MCS says {form}"
        assert device.icp_address == self.estate.node.address[0], f"another ICP: {device}"
        assert (device.set_username, device.icp_username) == (form["remote_name"], at_pbx.auth_name)
        if device.icp_password is not None:
            assert device.icp_password == at_pbx.auth_password, "another password than the PBX's"
        return device

    async def sees_password_of_pbx(self, extension: str) -> None:
        """Wait until the extension's SIP user has the password that the PBX has now (API-1)."""
        at_pbx, devices = self.estate.node.extensions[extension], self.estate.mbg.store.devices
        await self.mcs.until(
            self._form(extension),
            lambda _: any(d.icp_password == at_pbx.auth_password for d in devices.values()),
            f"the MBG to have the new password of {extension}",
        )

    async def sees_message(self, extension: str, words: str) -> str:
        """What the form says of the provisioning, once it says `words`."""
        form: dict[str, Any] = await self.mcs.until(
            self._form(extension),
            lambda document: words in (document["provisioning"]["message"] or ""),
            f"a message with {words!r}",
        )
        return str(form["provisioning"]["message"])

    async def sees_everything(self) -> str:
        """All that the MCS's pages show, as one text (API-1)."""
        paths = [
            "/settings/mbg",
            "/phone-systems",
            self._system,
            f"{self._system}/nodes",
            f"{self._system}/extensions",
            *(self._form(number) for number in self.estate.node.extensions),
            "/client-locations/remote",
            "/phones",
            *(f"/phones/{mac}" for mac in self.estate.phones),
            "/firmware",
            "/provisioning/operations",
            "/health",
            "/licences",
            "/audit?page_size=500",
        ]
        return "\n".join([str(await self.mcs.get(path)) for path in paths])

    async def sees_licences(self, *, wanting: int) -> dict[str, Any]:
        """The MBG's teleworker licences on the page Licences, once so many got none (PRV-3)."""
        page = await self.mcs.until(
            "/licences",
            lambda document: document["mbg_teleworker"]["wanting"] == wanting,
            f"{wanting} who got no teleworker licence",
        )
        licences: dict[str, Any] = page["mbg_teleworker"]
        return licences

    async def sees_registered_phone(self, mac: str) -> dict[str, Any]:
        """One line of Configuration -> Phones, once it says registered."""
        phone: dict[str, Any] = await self.mcs.until(
            f"/phones/{mac}", lambda document: document["registered"], f"{mac} to be registered"
        )
        return phone

    async def sees_phone(self, mac: str) -> dict[str, Any]:
        """One line of Configuration -> Phones (PHN-4)."""
        phone: dict[str, Any] = await self.mcs.get(f"/phones/{mac}")
        return phone

    async def phone_history(self, mac: str) -> str:
        """Configuration -> Phones: what happened to one phone, the latest first."""
        page = await self.mcs.get(f"/phones/{mac}/history")
        return "\n".join(str(row["message"]) for row in page["items"])

    async def sees_log_ins_from(self, username: str) -> set[str]:
        """Where this user's log-ins came from, as the audit log has them."""
        page = await self.mcs.get("/audit?page_size=500")
        return {
            str(row["source"])
            for row in page["items"]
            if row["who"] == username and row["action"] == "logged in"
        }

    def all_secrets(self) -> dict[str, str]:
        """Every secret that exists on this site -> what it is."""
        return secrets_of(self.estate)

    def device_of(self, extension: str, icp_id: str = "2") -> Device | None:
        """The SIP device with this ICP-side name at an ICP (the node's is the second)."""
        devices = self.estate.mbg.store.devices.values()
        return next((d for d in devices if (d.icp_username, d.icp_id) == (extension, icp_id)), None)

    @property
    def _system(self) -> str:
        return f"/phone-systems/{self.phone_system}"

    def _form(self, extension: str) -> str:
        return f"{self._system}/extensions/{extension}"


def secrets_of(estate: Estate) -> dict[str, str]:
    """Every secret that exists on a site -> what it is."""
    mbg, secrets = estate.mbg, {estate.ct_gateway_password: "CT Gateway password"}
    for device in mbg.store.devices.values():
        secrets[device.set_password] = f"set-side password of device {device.id}"
        secrets[device.icp_password] = f"ICP-side password of device {device.id}"
    for extension in estate.node.extensions.values():
        secrets[extension.auth_password] = f"PBX password of {extension.number}"
    for consumer in mbg.web_services.consumers.values():
        secrets[consumer.shared_secret] = "shared secret"
    for temporary in mbg.web_services.temporary.values():
        secrets[temporary.token] = secrets[temporary.secret] = "temporary token"
    for final in mbg.web_services.final.values():
        secrets[final.token] = secrets[final.secret] = "final token"
    return secrets
