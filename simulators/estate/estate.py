"""An estate: MCS, MBG, PBX node, CT Gateway and phones, started together and stopped together.

    async with Estate(config, launcher, folder) as estate:
        estate.mbg.start_web_services()

Everything that was started is stopped, in reverse order, also when the start itself fails half-way.
"""

import contextlib
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from simulators.addresses import DEFAULT_PLAN, BlockClaim, claim, claim_private
from simulators.clock import Clock
from simulators.control.estate_routes import RoleShown, estate_routes
from simulators.control.mbg_control import mbg_control
from simulators.control.pbx_control import pbx_control
from simulators.control.phone_control import phone_control
from simulators.control.role import Controlled
from simulators.control.server import ControlServer
from simulators.entropy import Seed
from simulators.errors import ConfigurationError, NotOffered
from simulators.estate.config import EstateConfig, MbgTable
from simulators.estate.making import DELIVERED_FIRMWARE, Maker
from simulators.estate.mbg_place import ROLE as MBG_ROLE
from simulators.estate.mbg_place import MbgPlace, place_elsewhere, place_of
from simulators.estate.mcs import (
    McsEndpoint,
    McsLauncher,
    endpoint_elsewhere,
    reset_elsewhere,
)
from simulators.estate.own_mcs import OwnMcs, own_folder
from simulators.estate.where import Where
from simulators.estate.whole import Whole
from simulators.faces.live_map.pages import MapPages
from simulators.faces.live_map.sight import Sight
from simulators.journal import Journal
from simulators.mbg.mbg import Mbg
from simulators.network import Network
from simulators.pbx.ct_gateway import CtGateway
from simulators.pbx.node import PbxNode
from simulators.pbx.pbx import Pbx
from simulators.pbx.settings import NodeSettings
from simulators.phone.handset import Handset
from simulators.phone.handsets import Handsets
from simulators.phone.people import Person
from simulators.softphone.documents import Places
from simulators.softphone.softphone import Softphone
from simulators.tls import Authority

SIP_PORT = 5060


class Estate:
    """The roles of one run.

    Args:
        config: what it is made of.
        launch_mcs: starts our MCS; None for an estate without one.
        folder: where roles keep files; a temporary folder when None.
        clock_start: calendar time at the start, epoch seconds; real time when None.
    """

    def __init__(
        self,
        config: EstateConfig,
        launch_mcs: McsLauncher | None,
        *,
        folder: Path | None = None,
        clock_start: float | None = None,
    ) -> None:
        self.config = config
        self.seed = Seed(config.run.seed)
        self.handsets: Handsets
        self._launch_mcs = launch_mcs
        self._given_folder = folder
        self._clock_start = clock_start
        self._stack = contextlib.AsyncExitStack()
        self.clock: Clock
        self.journal: Journal
        self.network: Network
        self.authority: Authority
        self._make: Maker
        self.claim: BlockClaim
        self.mbgs: list[Mbg] = []
        self.controls: list[ControlServer] = []
        self.pbx: Pbx
        self.pbx_control: ControlServer
        self.phone_control: ControlServer
        self.control: ControlServer
        self.ct_gateway_password: str
        self.mcs: McsEndpoint | None = None
        self.sealed = ""
        """Why nobody looks into the MBG, where it is a simulated one; "" where one may."""
        self._own_mcs: OwnMcs | None = None
        self.where: Where

    @property
    def phones(self) -> dict[str, Handset]:
        """The handsets, by MAC."""
        return self.handsets.by_mac

    @property
    def mbg(self) -> Mbg:
        """The first MBG, to look into and to spoil.

        Raises:
            NotOffered: it is an external one, which nobody looks into.
        """
        if self.sealed or not self.mbgs:
            raise NotOffered(
                "the MBG's records can't be looked into: " + (self.sealed or "it is external")
            )
        return self.mbgs[0]

    @property
    def mbg_place(self) -> MbgPlace:
        """Where the first MBG is, whoever plays it."""
        external = self.config.mbg.role == "external"
        return place_elsewhere(self.config.mbg) if external else place_of(self.mbgs[0])

    @property
    def nodes(self) -> list[PbxNode]:
        """All PBX nodes."""
        return self.pbx.nodes

    @property
    def ct_gateway(self) -> CtGateway:
        """The CT Gateway over them."""
        return self.pbx.gateway

    @property
    def node(self) -> PbxNode:
        """The first PBX node."""
        return self.nodes[0]

    async def __aenter__(self) -> "Estate":
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def handset(
        self,
        person: Person,
        *,
        local: bool = False,
        firmware_version: str = DELIVERED_FIRMWARE,
        firmware_kind: str = "sip",
        dhcp_server: str | None = None,
    ) -> Handset:
        """A phone for this person, at home or (local) on the office's LAN; not yet powered on."""
        phone = self._make.handset(
            person,
            local=local,
            firmware_version=firmware_version,
            firmware_kind=firmware_kind,
            dhcp_server=dhcp_server,
        )
        self.handsets.add(phone)
        return phone

    def softphone(self, person: Person, address: str, known: Places) -> Softphone:
        """Phone Manager's softphone of this person, on a computer there; closed at first."""
        softphone = self._make.softphone(person, address, known)
        self._stack.push_async_callback(softphone.close)
        return softphone

    def roles(self) -> list[dict[str, str]]:
        """Which role was played by what, for the report."""
        mcs, plan = self.mcs, self.claim.plan
        simulated = {
            **{mbg.role: f"{mbg.inside} inside, {mbg.outside} outside" for mbg in self.mbgs},
            "PBX": "; ".join(
                f"node {node.number} at {node.address[0]}, release {node.release}"
                for node in self.nodes
            ),
            "CT Gateway": f"{plan.ct_gateway}, release {self.config.ct_gateway.release}",
            "phones": f"{len(self.phones)} emulated handsets",
        }
        listed = [{"role": "MCS", "kind": mcs.kind, "where": mcs.where}] if mcs else []
        if self.config.mbg.role == "external":
            place = self.mbg_place
            where = f"{place.inside} inside, {place.outside} outside"
            listed += [{"role": "MBG", "kind": "external", "where": where}]
        return listed + [
            {"role": role, "kind": "simulated", "where": where} for role, where in simulated.items()
        ]

    def shown_roles(self) -> list[RoleShown]:
        """The roles with the control API of each."""
        controls = {
            **{m.role: c.url for m, c in zip(self.mbgs, self.controls, strict=True)},
            "PBX": self.pbx_control.url,
            "CT Gateway": self.pbx_control.url,
            "phones": self.phone_control.url,
        }
        able = {role.role for role in self.faulty_roles()}
        return [
            RoleShown(**r, control=controls.get(r["role"]), faults=r["role"] in able)
            for r in self.roles()
        ]

    def faulty_roles(self) -> list[Controlled]:
        """The roles that can have faults."""
        return [*self.mbgs, self.pbx, self.handsets]

    async def _start(self) -> None:
        where, mbgs = self.config.addresses, len(self.config.mbgs)
        self.claim = claim_private() if where.block == "private" else claim(DEFAULT_PLAN)
        self.claim.plan = replace(self.claim.plan, mbgs=mbgs, outside_at=where.outside)
        self._stack.callback(self.claim.release)
        self.clock = Clock(self._clock_start)
        self.journal = Journal(self.clock.now, enabled=self.config.run.journal)
        self.network = Network(self.claim.plan, self.journal, self.clock)
        self.authority = Authority()
        self._make = Maker(
            self.config, self.claim.plan, self.seed, self.clock, self.network, self.journal,
            self.authority,
        )  # fmt: skip
        self._name_places()
        await self._start_pbx()
        for number, table in enumerate(self.config.mbgs, 1):
            if table.role == "external":
                place = place_elsewhere(table)
                self.journal.name(place.inside, MBG_ROLE)
                self.journal.name(place.outside, MBG_ROLE)
            else:
                await self._start_mbg(number, table)
        await self._start_mcs()
        await self._start_phones()
        await self._start_control()

    def _name_places(self) -> None:
        plan = self.claim.plan
        self.journal.name(plan.mcs, "MCS")
        self.journal.name(plan.administrator, "installer")

    async def _start_pbx(self) -> None:
        """Start the nodes, the CT Gateway, and the control API of both."""
        plan, table = self.claim.plan, self.config.ct_gateway
        self.ct_gateway_password = self.seed.stream("oai").randbytes(8).hex()
        self.pbx = self._make.pbx(self.ct_gateway_password)
        self._stack.push_async_callback(self.pbx.stop)
        for number, node in enumerate(self.config.pbx_nodes, 1):
            await self.pbx.add_node(
                node.name,
                node.release,
                (plan.node(number), SIP_PORT),
                self.seed.stream("pbx" if number == 1 else f"pbx {number}").randbytes,
                settings=NodeSettings(licences=node.licences),
                udp_listening=node.udp_listening,
            )
        await self.pbx.start_gateway((plan.ct_gateway, table.port))
        place = plan.control_of_pbx, self.config.control.port
        self.pbx_control = pbx_control(self.pbx, place)
        await self._control(self.pbx_control)

    async def _start_phones(self) -> None:
        """Make room for phones, and start their control API."""
        self.handsets = self._make.handsets()
        self._stack.push_async_callback(self._power_off)
        place = self.claim.plan.control_of_phones, self.config.control.port
        self.phone_control = phone_control(self.handsets, place, lambda: self.where.links())
        await self._control(self.phone_control)

    async def _start_control(self) -> None:
        """Start the control API of the estate as a whole, with its entry page and live map."""
        plan = self.claim.plan
        sight = Sight(
            plan, self.clock, self.journal, self.handsets, self.mbgs, lambda: self.nodes,
            lambda: self.mcs, self.faulty_roles, self.shown_roles,
        )  # fmt: skip
        pages = MapPages(sight, lambda: self.where.places(), lambda: self.where.links())
        self._stack.push_async_callback(pages.stop)
        self.control = ControlServer(
            Whole(self.clock, self.journal, self.faulty_roles),
            estate_routes(self.shown_roles, self.faulty_roles),
            (plan.control_of_estate, self.config.control.port),
            faces=[pages.face],
        )
        await self._control(self.control)
        self.where = Where(
            self.control, self.mbgs, self.controls, self.pbx, self.pbx_control,
            self.phone_control, self.mcs, plan,
        )  # fmt: skip

    async def _start_mbg(self, number: int, table: MbgTable) -> None:
        """Start the MBG of this number, counted from 1, and its control API."""
        mbg = self._make.mbg(number, table)
        self.mbgs.append(mbg)
        self._stack.push_async_callback(mbg.stop)
        await mbg.start()
        place = self.claim.plan.control_of_mbg(number), self.config.control.port
        control = mbg_control(mbg, place)
        self.controls.append(control)
        await self._control(control)

    async def _control(self, control: ControlServer) -> None:
        self._stack.push_async_callback(control.stop)
        await control.start()

    async def _start_mcs(self) -> None:
        if self.config.mcs.role == "external":
            await reset_elsewhere(self.config.mcs)
            self.mcs = endpoint_elsewhere(self.config.mcs)
        elif self._launch_mcs is not None:
            trust = self.authority.client_context()
            place = self._make.mcs_place(own_folder(self._given_folder, self._stack))
            self._own_mcs = OwnMcs(self._launch_mcs, place, trust)
            self._stack.push_async_callback(self._own_mcs.stop)
            self.mcs = await self._own_mcs.start()

    async def switch_mcs(self, *, running: bool) -> None:
        """Let our MCS run or not; it starts again with the data that it had.

        Raises:
            ConfigurationError: the MCS of this estate is none of ours.
        """
        if self._own_mcs is None:
            raise ConfigurationError("this estate has no MCS that it could switch off or on")
        if running:
            self.mcs = await self._own_mcs.start()
        else:
            await self._own_mcs.stop()

    async def _power_off(self) -> None:
        for phone in self.phones.values():
            await phone.power_off()
