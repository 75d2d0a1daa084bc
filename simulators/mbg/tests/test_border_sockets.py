"""The border on real sockets: sets over UDP, TCP and TLS, the ICP over UDP and TCP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.core import TCP, TLS, UDP, DatagramCore
from simulators.entropy import Seed
from simulators.journal import Journal, SipEntry
from simulators.mbg.mbg import Mbg
from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.settings import MbgSettings
from simulators.mbg.sip_border.border_terms import BorderSettings
from simulators.mbg.tests.border_wire import ICP_PASSWORD, SET_PASSWORD
from simulators.network import Network
from simulators.pbx.exchange import Exchange
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.registration import Account, State
from simulators.sockets import SipDriver
from simulators.tls import Authority, accepting_any_certificate


@dataclass
class Site:
    """A home, the MBG and a PBX node; `heard` is filled by what happens to the home's set."""

    plan: AddressPlan
    clock: Clock = field(default_factory=lambda: Clock(start=0))
    drivers: list[SipDriver] = field(default_factory=list)
    heard: list[State] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journal = Journal(self.clock.now)
        self.network = Network(self.plan, self.journal, self.clock)
        self.extensions = Extensions()
        self.registrar = Exchange(
            "Head Office",
            self.extensions,
            Seed(1).stream("pbx").randbytes,
            local=(self.plan.node(1), 5060),
        )

    async def start(self, upstream: str) -> None:
        self.mbg = Mbg(
            self.plan.mbg_outside,
            self.plan.mbg_inside,
            tls=Authority().server_context(self.plan.mbg_outside),
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=Seed(1).stream("mbg").randbytes,
            settings=MbgSettings(rest_port=0, border=BorderSettings(upstream_transport=upstream)),
        )
        await self.mbg.start()
        icp = self.mbg.add_icp("Head Office", self.plan.node(1))
        self.mbg.add_device(
            icp_id=icp.id,
            set_username="tw0",
            set_password=SET_PASSWORD,
            icp_username="2101",
            icp_password=ICP_PASSWORD,
        )
        self.extensions["2101"] = Extension("2101", "A", DeviceType.SIP_PHONE, "2101", ICP_PASSWORD)
        node = self.driver(self.registrar)
        for transport in (UDP, TCP):
            await node.open((self.plan.node(1), 5060), "", transport)

    async def plug_in(self, transport: str) -> SipDriver:
        """A set registers, and is registered when this returns."""
        agent = RegistrationAgent((self.plan.home(0), 5060), Seed(2).stream("set").randbytes)
        driver = self.driver(agent)
        at = await driver.open((self.plan.home(0), 0), "", transport)
        agent.transactions.local = at
        mbg = self.mbg.sip_outside_tls if transport == TLS else self.mbg.sip_outside
        account = Account(mbg, mbg[0], "tw0", "tw0", SET_PASSWORD, at, transport=transport)
        agent.register("1", account, self.clock.steady())
        driver.pump()
        await self.until(DeviceStatus.REGISTERED)
        return driver

    def driver(self, core: DatagramCore) -> SipDriver:
        driver = SipDriver(
            core,
            self.clock,
            self.network,
            self.journal,
            self._note,
            trust=accepting_any_certificate(),
        )
        self.drivers.append(driver)
        return driver

    def _note(self, event: object) -> None:
        if isinstance(event, RegistrationChanged):
            self.heard.append(event.after)

    async def until(self, status: DeviceStatus) -> None:
        """Let the loop run until the device is that; the limit is a net against hanging."""
        async with asyncio.timeout(8):
            while self.mbg.store.get("1").status is not status:
                await asyncio.sleep(0)

    async def stop(self) -> None:
        await self.mbg.stop()
        for driver in self.drivers:
            driver.close()
            await driver.wait_closed()


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


@pytest.fixture
async def site(plan: AddressPlan) -> AsyncIterator[Site]:
    made = Site(plan)
    yield made
    await made.stop()


@pytest.mark.parametrize("upstream", [UDP, TCP])
@pytest.mark.parametrize("transport", [UDP, TCP, TLS])
async def test_a_set_registers_and_is_asked_over_the_transport_of_its_choice(
    site: Site, transport: str, upstream: str
) -> None:
    await site.start(upstream)
    await site.plug_in(transport)
    binding = site.registrar.bindings.get("2101")
    assert binding is not None
    assert (";transport=tcp" in binding.contact) is (upstream == TCP)
    assert site.mbg.border.bindings["1"].flow.transport == transport
    by_tls = transport == TLS
    mbg_at = site.mbg.sip_outside_tls if by_tls else site.mbg.sip_outside
    await site.clock.advance(21)
    await site.journal.wait_for(
        lambda entry: (
            isinstance(entry, SipEntry)
            and (entry.method, entry.status) == ("OPTIONS", 200)
            and entry.destination == mbg_at
        ),
        what="the set's answer to OPTIONS",
    )


@pytest.mark.parametrize("transport", [TCP, TLS])
async def test_a_set_that_closes_its_connection_is_out_of_service(
    site: Site, transport: str
) -> None:
    await site.start(UDP)
    driver = await site.plug_in(transport)
    assert site.mbg.licences.in_use == 1
    driver.close()
    await site.until(DeviceStatus.UNREGISTERED)
    assert site.mbg.store.get("1").status_detail == "connection with the set lost"
    assert site.mbg.licences.in_use == 0


async def test_a_set_over_udp_that_closes_its_socket_is_not(site: Site) -> None:
    await site.start(UDP)
    driver = await site.plug_in(UDP)
    driver.close()
    await site.clock.advance(25)
    assert site.mbg.store.get("1").status is DeviceStatus.REGISTERED


async def test_an_icp_may_have_a_host_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*_: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (site.plan.node(1), 0))]

    await site.start(UDP)
    monkeypatch.setattr("simulators.sockets.names.socket.getaddrinfo", found)
    site.mbg.change_icp("1", address="head-office.example")
    monkeypatch.undo()
    await site.plug_in(UDP)
    assert site.registrar.bindings.get("2101") is not None
    assert site.mbg.store.icps["1"].document()["address"] == "head-office.example"
