"""The installer: the person at the MCS's and the MBG's admin sites, stages 1 to 5.

Verbs are the manual's; each does one thing on one page. `tries` keeps a refusal for the next step
to read.
"""

import contextlib
from collections.abc import Coroutine, Sequence
from typing import Any

from features.actors.answers import AtMcs, McsRefused
from features.actors.mbg_site import MbgSite
from features.actors.pages import Pages
from simulators.errors import NotOffered
from simulators.estate.estate import Estate
from simulators.mbg.forwarding.forward import ForwardRule
from simulators.mbg.services.web_services import Consumer
from simulators.mbg.settings import GATEWAY
from simulators.phone.files.firmware import build_image
from simulators.phone.people import Person

CONSUMER_NAME = "MiVoice Office Application Suite"
CONSUMER_ID = "MiVOAppSuite"
PHONES_PORT = 8202
FIRMWARE_OCTETS = 16_384


class Installer(Pages):
    """Deploys teleworkers on one estate."""

    def __init__(self, estate: Estate, mcs: AtMcs, mbg: MbgSite) -> None:
        super().__init__(estate, mcs, mbg)
        self.shared_secret = ""
        self.verifier = ""
        self.refusal: McsRefused | None = None

    async def tries(self, act: Coroutine[Any, Any, Any]) -> McsRefused | None:
        """Do something that may be refused; the refusal is kept and returned."""
        try:
            await act
        except McsRefused as refusal:
            self.refusal = refusal
        else:
            self.refusal = None
        return self.refusal

    async def prepares_site(
        self,
        *,
        forward: bool = True,
        snat: bool = True,
        icp_address: str = "",
        with_token: bool = False,
    ) -> None:
        """Stages 1 to 3, with an ICP of another site before the right one, and the consumer."""
        if not with_token:
            await self.finds_no_token()
        await self.enters_all_addresses()
        await self.mbg.adds_icp("Another site", self.estate.claim.plan.node(8))
        if forward and self.estate.config.mbg.mode == GATEWAY:
            await self.forwards_phone_port(snat=snat)
        await self.adds_icp(icp_address)
        await self.adds_consumer()

    async def finds_no_token(self) -> None:
        """Before stage 4: a token of an earlier scenario would make it pass for nothing.

        Raises:
            NotOffered: an external MCS that nobody can make new has one.
        """
        if self.estate.config.mcs.role == "external":
            page = await self.mbg_page()
            if page["token"]["state"] in ("valid", "expiring"):
                raise NotOffered(
                    "the MCS has a token already, and nothing makes it new before each scenario: "
                    "give mcs.reset_command"
                )

    async def tidies_up(self, people: Sequence[Person]) -> None:
        """In an MCS that goes on after the scenario: take back what was done for these people."""
        with contextlib.suppress(AssertionError, NotOffered):
            for person in people:
                await self.tries(self.mcs.put(self._form(person.extension),
                                              {"use_remote_credentials": False}))  # fmt: skip
                await self.tries(self.mcs.delete(f"/phones/{person.mac}"))

    # Stage 1: addresses in the MCS

    async def enters_all_addresses(self) -> None:
        """The whole of stage 1."""
        await self.enters_mbg_address()
        await self.connects_pbx()
        await self.enters_nat_address()
        await self.enters_remote_address()

    async def enters_mbg_address(self, address: str = "") -> None:
        """Phone Systems -> MiVoice Border Gateway: the MBG's internal address (ADR-1)."""
        mbg = self.estate.mbg_place
        await self.mcs.put(
            "/settings/mbg",
            {"internal_address": address or mbg.inside, "port": mbg.rest[1]},
        )

    async def connects_pbx(self) -> None:
        """Phone Systems: the PBX by its CT Gateway; nodes and extensions are read."""
        host, port = self.estate.ct_gateway.address
        wanted = {
            "name": self.estate.node.name,
            "ct_gateway_address": host,
            "ct_gateway_port": port,
            "ct_gateway_password": self.estate.ct_gateway_password,
        }
        known = await self.knows_phone_system()
        if known is None:
            self.phone_system = (await self.mcs.post("/phone-systems", wanted))["id"]
        else:
            self.phone_system = known
            await self.mcs.put(self._system, wanted)
        await self.reads_extensions()

    async def knows_phone_system(self) -> int | None:
        """The PBX's id in an external MCS, which may have it of an earlier scenario."""
        assert self.estate.mcs is not None
        if (self.estate.mcs.kind, self.estate.mcs.speaks) != ("external", "api"):
            return None
        items = (await self.mcs.get("/phone-systems"))["items"]
        return next((each["id"] for each in items if each["name"] == self.estate.node.name), None)

    async def reads_extensions(self) -> None:
        """Read nodes and extensions from the CT Gateway now."""
        await self.mcs.post(f"{self._system}/sync")

    async def enters_nat_address(self, address: str = "", port: int = 0) -> None:
        """[PBX name]: NAT IP Address and NAT SIP Port of the node (ADR-4)."""
        mbg = self.estate.mbg_place
        await self.mcs.put(
            f"{self._system}/nodes/1",
            {
                "nat_ip_address": address or mbg.outside,
                "nat_sip_port": port or mbg.sip_outside[1],
            },
        )

    async def enters_remote_address(self, address: str = "") -> None:
        """Client Locations -> Remote: NAT IP Address/Full Hostname (ADR-6)."""
        await self.mcs.put(
            "/client-locations/remote",
            {"nat_ip_address_or_hostname": address or self.estate.mbg_place.outside},
        )

    # Stage 2 and 3: the MBG's site

    async def forwards_phone_port(self, *, snat: bool = True) -> None:
        """MBG Security -> Port Forwarding: TCP 8202 to the MCS (FWD-1, FWD-3)."""
        assert self.estate.mcs is not None
        port = self.estate.config.mbg.forwarded_port
        await self.mbg.forwards(port, self.estate.mcs.phones_address, snat=snat)

    async def forwards_phone_manager_port(self) -> None:
        """The same for Phone Manager's port, which works outside as well then (ADR-7)."""
        assert self.estate.mcs is not None
        address = self.estate.mcs.phone_manager_address
        await self.mbg.forwards(address[1], address)

    async def forwards_by_mistake(self, port: int) -> None:
        """One more rule, for a port that should stay closed (FWD-2)."""
        assert self.estate.mcs is not None
        await self.estate.mbg.add_forward(
            ForwardRule(port, (self.estate.mcs.phones_address[0], port))
        )

    async def adds_icp(self, address: str = "") -> None:
        """Service configuration -> ICPs: the node (ICP-1)."""
        node = self.estate.node
        await self.mbg.adds_icp(node.name, address or node.address[0])

    # Stage 4: the token

    async def adds_consumer(
        self, permissions: dict[str, str] | None = None, *, active: bool = True
    ) -> None:
        """Administration -> Web services: Start, then Add a new consumer (TOK-1, TOK-2)."""
        self.shared_secret = await self.mbg.adds_consumer(
            CONSUMER_NAME, CONSUMER_ID, permissions, active=active
        )
        self.estate.journal.masker.learn(self.shared_secret)

    @property
    def consumer(self) -> Consumer:
        """The consumer as the MBG has it, to change it behind everybody's back."""
        return self.estate.mbg.web_services.consumers[CONSUMER_ID]

    async def lowers_permission(self, permission: str, level: str) -> None:
        """Edit the consumer: another level for one permission (TOK-9)."""
        self.consumer.permissions[permission] = level

    async def enables_rest_api(self) -> None:
        """Check Enable Rest API (TOK-3)."""
        await self.mcs.put("/settings/mbg", {"rest_api_enabled": True})

    async def requests_token(self, *, consumer_id: str = "", secret: str = "") -> None:
        """Save & Test API Credentials (TOK-3)."""
        await self.mcs.post(
            "/settings/mbg/request-token",
            {
                "name": CONSUMER_NAME,
                "consumer_id": consumer_id or CONSUMER_ID,
                "shared_secret": secret or self.shared_secret,
            },
        )

    async def approves_token(self) -> None:
        """Press approve and note the Verifier (TOK-4)."""
        self.verifier = await self.mbg.approves()

    async def retrieves_token(self, verifier: str = "") -> None:
        """Retrieve Final Access Token (TOK-5)."""
        await self.mcs.post("/settings/mbg/retrieve-token", {"verifier": verifier or self.verifier})

    async def completes_token_exchange(self) -> None:
        """The whole of stage 4 but for the consumer."""
        await self.enables_rest_api()
        await self.requests_token()
        await self.approves_token()
        await self.retrieves_token()

    async def renews_token(self) -> None:
        """Final tokens: Renew (TOK-8)."""
        await self.mbg.renews(CONSUMER_ID)

    async def pins_certificate(self) -> None:
        """MiVoice Border Gateway: go by the certificate that is seen first, not by an authority."""
        await self.mcs.put("/settings/mbg", {"certificate_check": "pin"})

    async def confirms_certificate(self) -> None:
        """Certificate: compare what the MBG presents now, and confirm it."""
        page = await self.mcs.until(
            "/settings/mbg/certificate", lambda d: d["presented"] is not None, "another certificate"
        )
        presented = {"sha256": page["presented"]["sha256"]}
        await self.mcs.post("/settings/mbg/certificate/confirm", presented)

    # Stage 5: extensions

    async def checks_remote_credentials(self, extension: str) -> None:
        """Use remote authorization credentials, Save (EXT-1)."""
        await self.mcs.put(self._form(extension), {"use_remote_credentials": True})

    async def unchecks_remote_credentials(self, extension: str) -> None:
        """Uncheck and Save (EXT-3)."""
        await self.mcs.put(self._form(extension), {"use_remote_credentials": False})

    async def enters_password(self, extension: str, password: str, name: str = "") -> None:
        """Type a remote password, perhaps a name, instead of leaving it to MCS (EXT-2)."""
        typed = {"remote_password": password} | ({"remote_name": name} if name else {})
        await self.mcs.put(self._form(extension), {"use_remote_credentials": True, **typed})

    # Stage 6: phones in the MCS

    async def uploads_firmware(self, model: str, version: str, *, kind: str = "sip") -> None:
        """Features -> firmware: the SIP image of a model, or its boot loader (`boot`)."""
        entropy = self.estate.seed.stream(f"firmware {model} {version}").randbytes
        image = build_image(model, version, kind, FIRMWARE_OCTETS, entropy)
        await self.mcs.put_octets(f"/firmware/{model}", image)

    async def provisions_and_assigns(self, person: Person) -> None:
        """Stages 5 and 6 on the sites for one person."""
        await self.checks_remote_credentials(person.extension)
        await self.sees_provisioning(person.extension, "provisioned")
        await self.assigns(person)

    async def assigns(self, person: Person) -> None:
        """Configuration -> Phones: the person's extension to the phone's MAC (PHN-6)."""
        await self.mcs.put(f"/phones/{person.mac}", {"extension": person.extension})

    # By hand on the MBG

    def changes_device_password(self, extension: str) -> None:
        """SIP devices: type another set-side password by hand."""
        device = self.device_of(extension)
        assert device is not None
        mbg = self.estate.mbg
        mbg.device_changed(mbg.store.patch(device.id, {"set_password": "typed-by-hand-1"}))
