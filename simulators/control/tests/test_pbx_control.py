"""The control API of a PBX: each act by program, over a real socket."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from simulators.core import TCP, UDP
from simulators.estate.config import EstateConfig
from simulators.estate.estate import Estate
from simulators.faults.catalogue import CATALOGUE
from simulators.pbx.pbx import FAULT_KINDS
from simulators.pbx.tests import office
from simulators.pbx.tests.gateway_bench import Client, until
from simulators.sip.call_events import CallOffered
from simulators.sip.registration import State
from simulators.sockets import SipDriver
from simulators.tests.pbx_bench import PbxBench, pbx_bench


class Phone:
    """A telephone of an extension on the first node (or another), at an address of its own."""

    def __init__(
        self, bench: PbxBench, number: str, password: str = "", *, node: int = 1, by: str = UDP
    ) -> None:
        pbx = self._pbx = bench.pbx
        self._node = pbx.nodes[node - 1]
        known = self._node.extensions[number].auth_password
        self.at = bench.plan.local_phone(int(number) - 2101)
        self.core = office.Phone((self.at, 5060), number, password or known, by)
        self._by = by
        self._driver = SipDriver(self.core, pbx.clock, pbx.network, pbx.journal, lambda _: None)

    async def register(self) -> State:
        """Register; returns the state that it comes to."""
        address = await self._driver.open((self.at, 0), "", self._by)
        self.core.agent.transactions.local = address
        self.core.register(self._node.address, self._pbx.clock.steady())
        self._driver.pump()
        await until(lambda: self.core.state in (State.REGISTERED, State.REFUSED))
        return self.core.state

    def dial(self, digits: str) -> None:
        """Call an extension."""
        self.core.dial(digits, self._node.address, self._pbx.clock.steady())
        self._driver.pump()

    async def close(self) -> None:
        self._driver.close()
        await self._driver.wait_closed()


@pytest.fixture
async def bench() -> AsyncIterator[PbxBench]:
    async with pbx_bench() as bench:
        yield bench


async def registered(bench: PbxBench, number: str = "2101") -> Phone:
    phone = Phone(bench, number)
    assert await phone.register() is State.REGISTERED
    return phone


async def test_an_extension_is_added_registered_renewed_and_removed(bench: PbxBench) -> None:
    made = await bench.ask("POST", "/nodes/1/extensions", {"number": "2150", "name": "Ada"})
    assert (made["auth_name"], len(made["auth_password"])) == ("2150", 16)
    phone = Phone(bench, "2150", made["auth_password"])
    assert await phone.register() is State.REGISTERED
    shown = await bench.ask("GET", "/nodes/1/extensions/2150")
    assert (shown["registered"], shown["transport"]) == (True, "UDP")
    assert "auth_password" not in shown
    renamed = await bench.ask("PATCH", "/nodes/1/extensions/2150", {"name": "Ada L."})
    assert renamed["name"] == "Ada L."
    renewed = await bench.ask("POST", "/nodes/1/extensions/2150/credentials", {})
    assert renewed["auth_password"] != made["auth_password"]
    await bench.ask("POST", "/nodes/1/extensions/2150/check-sync")
    await until(lambda: bench.told("notify answered") != [])
    await bench.ask("DELETE", "/nodes/1/extensions/2150")
    assert await bench.ask("GET", "/nodes/1/extensions/2150") == (404, "not_found")
    await phone.close()


async def test_an_authorization_name_that_is_not_the_number_is_refused(bench: PbxBench) -> None:
    changed = await bench.ask("PATCH", "/nodes/1/extensions/2101", {"auth_name": "ada"})
    assert changed["auth_name"] == "ada"
    phone = Phone(bench, "2101")
    assert await phone.register() is State.REFUSED
    assert (await bench.ask("GET", "/nodes/1/extensions/2101"))["registered"] is False
    await phone.close()


async def test_what_is_taken_or_unknown_is_refused(bench: PbxBench) -> None:
    again = {"number": "2101", "name": "Twin"}
    assert await bench.ask("POST", "/nodes/1/extensions", again) == (409, "not_possible")
    assert await bench.ask("GET", "/nodes/3") == (404, "not_found")
    assert await bench.ask("GET", "/nodes/2/extensions/2101") == (404, "not_found")
    call = "/nodes/1/extensions/2101/check-sync"
    assert await bench.ask("POST", call) == (409, "not_possible")


async def test_udp_needs_a_reboot_and_then_tcp_alone_is_left(bench: PbxBench) -> None:
    off = await bench.ask("PATCH", "/nodes/1", {"udp_listening": False})
    assert (off["udp_listening"], off["reboot_needed"]) == (False, True)
    phone = await registered(bench)  # still by UDP
    assert (await bench.ask("GET", "/nodes/1"))["registered"] == 1
    up = await bench.ask("POST", "/nodes/1/reboot", {})
    assert (up["running"], up["reboot_needed"], up["registered"]) == (True, False, 0)
    other = Phone(bench, "2102", by=TCP)
    assert await other.register() is State.REGISTERED
    for each in (phone, other):
        await each.close()


async def test_licences_run_out_and_alarms_are_cleared(bench: PbxBench) -> None:
    change = await bench.ask("PATCH", "/nodes/1", {"licences": 1})
    assert change["licences"] == {"total": 1, "in_use": 0, "high_water": 0}
    wish = {"auth_password": "2101"}
    await bench.ask("POST", "/nodes/1/extensions/2101/credentials", wish)
    first = await registered(bench)
    second = Phone(bench, "2102")
    assert await second.register() is State.REFUSED
    node = await bench.ask("GET", "/nodes/1")
    assert node["licences"]["in_use"] == 1
    assert [(a["number"], a["extension"]) for a in node["alarms"]] == [(149, "2101")]
    await bench.ask("DELETE", "/nodes/1/alarms/149/2101")
    assert (await bench.ask("GET", "/nodes/1"))["alarms"] == []
    assert await bench.ask("DELETE", "/nodes/1/alarms/149/2101") == (404, "not_found")
    assert (await bench.ask("PATCH", "/nodes/1", {"licences": None}))["licences"]["total"] is None
    for each in (first, second):
        await each.close()


async def test_a_hot_desk_is_logged_in_moved_and_logged_out(bench: PbxBench) -> None:
    desk = {"number": "2190", "name": "Desk", "type": "SIP hot desk"}
    await bench.ask("POST", "/nodes/1/extensions", desk)
    place = await bench.ask("PUT", "/nodes/1/hot-desks/2190", {"base": "2101"})
    assert place == {"hot_desk": "2190", "base": "2101"}
    await bench.ask("PUT", "/nodes/1/hot-desks/2190", {"base": "2102"})
    assert (await bench.ask("GET", "/nodes/1/hot-desks"))["items"][0]["base"] == "2102"
    await bench.ask("DELETE", "/nodes/1/hot-desks/2190")
    assert (await bench.ask("GET", "/nodes/1/hot-desks"))["items"] == []
    assert await bench.ask("DELETE", "/nodes/1/hot-desks/2190") == (409, "not_possible")
    refused = await bench.ask("PUT", "/nodes/1/hot-desks/2101", {"base": "2102"})
    assert refused == (409, "not_possible")


async def test_clients_of_the_gateway_hear_of_phones_and_nodes_by_themselves(
    bench: PbxBench,
) -> None:
    gateway = bench.pbx.gateway
    client = await Client.connect(gateway, bench.plan.mcs, bench.password)
    assert [(await client.next())[1] for _ in range(2)] == ["RS", "RD"]
    shown = await bench.ask("GET", "/ct-gateway")
    assert [each["application"] for each in shown["clients"]] == ["MCS"]
    client.send(b"_NA,1,1\r")
    client.send(b"_MS,1,2101,1\r")
    assert [(await client.next())[2] for _ in range(2)] == ["_NA", "_MS"]
    phone = await registered(bench)
    assert (await client.next())[1:] == ["OL", "", "000001", "2101", "1", "38", "38"]
    await bench.ask("PUT", "/nodes/1/running", {"running": False})
    assert (await client.next())[1:] == ["LS", "", "1", "0", "3"]
    links = (await bench.ask("GET", "/ct-gateway"))["links"]
    assert links == [{"node": 1, "link": "down"}, {"node": 2, "link": "up"}]
    await bench.ask("PUT", "/nodes/1/running", {"running": True})
    assert (await client.next())[1:] == ["LS", "", "1", "1", "4"]
    wish = {"up": False, "reason": "timed out"}
    await bench.ask("PUT", "/ct-gateway/links/2", wish)
    assert (await client.next())[1:] == ["LS", "", "2", "0", "7"]
    await bench.ask("PUT", "/ct-gateway/links/2", {"up": True})
    assert (await client.next())[1:] == ["LS", "", "2", "1", "4"]
    await bench.ask("PUT", "/ct-gateway/running", {"running": False})
    assert await client.next() == []
    assert (await bench.ask("GET", "/ct-gateway"))["running"] is False
    await bench.ask("PUT", "/ct-gateway/running", {"running": True})
    again = await Client.connect(gateway, bench.plan.mcs, bench.password)
    assert (await again.next())[1] == "RS"
    for each in (client, again):
        await each.close()
    await phone.close()


async def test_an_upgrade_keeps_extensions_and_drops_registrations(bench: PbxBench) -> None:
    phone = await registered(bench)
    wish = {"release": "6.10", "down_s": 90}
    gone = await bench.ask("POST", "/nodes/1/upgrade", wish)
    assert (gone["running"], gone["release"], gone["registered"]) == (False, "6.10", 0)
    assert await bench.ask("POST", "/nodes/1/reboot", {}) == (409, "not_possible")
    await bench.ask("POST", "/clock/advance", {"seconds": 100})
    await until(lambda: bench.pbx.nodes[0].is_running)
    back = await bench.ask("GET", "/nodes/1")
    assert (back["running"], back["extensions"]) == (True, 3)
    await bench.ask("POST", "/nodes/1/reboot", {"down_s": 90})
    at_once = await bench.ask("PUT", "/nodes/1/running", {"running": True})
    assert at_once["running"] is True
    assert await bench.ask("POST", "/nodes/1/upgrade", {"release": "six"}) == (422, "invalid")
    await phone.close()


async def test_faults_of_nodes_and_gateway_are_switched_on_here(bench: PbxBench) -> None:
    items = (await bench.ask("GET", "/faults/catalogue"))["items"]
    mine = [name for name, kind in CATALOGUE.items() if issubclass(kind, FAULT_KINDS)]
    assert [item["name"] for item in items] == mine
    assert {"sip-loss", "oai-cut"} <= set(mine)
    assert await bench.ask("POST", "/faults", {"name": "busy"}) == (422, "invalid")
    cut = {"name": "oai-cut", "parameters": {"event": "RD", "times": 1}}
    await bench.ask("POST", "/faults", cut)
    client = await Client.connect(bench.pbx.gateway, bench.plan.mcs, bench.password)
    heard = [await client.next() for _ in range(2)]
    assert [fields[1] for fields in heard if fields] == ["RS"]
    lost = {"name": "sip-loss", "parameters": {"way": "in", "times": 1}}
    await bench.ask("POST", "/faults", lost)
    phone = Phone(bench, "2104", node=2)
    register = asyncio.create_task(phone.register())
    await until(lambda: len(bench.told("fault struck")) == 2)
    await bench.pbx.clock.advance(1)
    assert await register is State.REGISTERED
    assert [fault["struck"] for fault in (await bench.ask("GET", "/faults"))["items"]] == [1, 1]
    await phone.close()
    await client.close()


async def test_reset_is_as_delivered(bench: PbxBench) -> None:
    phone = await registered(bench)
    await bench.ask("PATCH", "/ct-gateway", {"release": "5.0.63"})
    await bench.ask("PATCH", "/nodes/2", {"licences": 0, "udp_listening": False})
    await bench.ask("POST", "/nodes/1/upgrade", {"release": "6.2", "down_s": 5})
    await bench.ask("POST", "/faults", {"name": "sip-loss"})
    await bench.ask("POST", "/reset")
    for node in (await bench.ask("GET", "/nodes"))["items"]:
        assert (node["running"], node["release"], node["extensions"]) == (True, "6.3 SP1", 0)
        assert (node["licences"]["total"], node["udp_listening"]) == (None, True)
    gateway = await bench.ask("GET", "/ct-gateway")
    assert (gateway["release"], gateway["running"]) == ("5.0.64", True)
    assert [link["link"] for link in gateway["links"]] == ["up", "up"]
    assert (await bench.ask("GET", "/faults"))["items"] == []
    await phone.close()


async def test_calls_under_way_are_listed(bench: PbxBench) -> None:
    ada, bob = await registered(bench), await registered(bench, "2102")
    assert await bench.ask("GET", "/nodes/1/calls") == {"items": []}
    ada.dial("2102")
    await until(lambda: bool(bob.core.of(CallOffered)))
    (call,) = (await bench.ask("GET", "/nodes/1/calls"))["items"]
    assert (call["caller"], call["called"], call["state"]) == ("2101", "2102", "calling")
    for each in (ada, bob):
        await each.close()


async def test_an_estate_has_one_for_all_of_its_nodes() -> None:
    config = EstateConfig.model_validate(
        {"addresses": {"block": "private"}, "more_pbx_nodes": [{"name": "Branch", "licences": 2}]}
    )
    async with Estate(config, None) as estate, aiohttp.ClientSession() as session:
        assert estate.pbx_control.address == (estate.claim.plan.control_of_pbx, 8190)
        async with session.get(f"{estate.pbx_control.url}/nodes") as answer:
            nodes = (await answer.json())["items"]
        assert [node["licences"]["total"] for node in nodes] == [None, 2]
        links = estate.ct_gateway.links
        assert {number: link.value for number, link in links.items()} == {1: "up", 2: "up"}


async def test_nodes_are_added_and_removed_while_it_runs(bench: PbxBench) -> None:
    client = await Client.connect(bench.pbx.gateway, bench.plan.mcs, bench.password)
    assert [(await client.next())[1] for _ in range(2)] == ["RS", "RD"]
    client.send(b"_NA,1,1\r")
    assert (await client.next())[1:] == ["CF", "_NA", "1", "0"]
    wish = {"name": "Annex", "address": bench.plan.node(5), "release": "6.2", "licences": 1}
    added = await bench.ask("POST", "/nodes", wish)
    assert (added["number"], added["address"], added["release"]) == (
        3,
        f"{wish['address']}:5060",
        "6.2",
    )
    assert (added["running"], added["licences"]["total"], added["extensions"]) == (True, 1, 0)
    assert (await client.next())[1:] == ["LS", "", "3", "1", "5"]
    extension = {"number": "2105", "name": "Eve", "auth_password": "Annex-1"}
    await bench.ask("POST", "/nodes/3/extensions", extension)
    phone = Phone(bench, "2105", node=3)
    assert await phone.register() is State.REGISTERED
    assert await bench.ask("POST", "/nodes", wish) == (409, "not_possible")
    taken = {"name": "Other", "address": bench.plan.node(5)}
    assert await bench.ask("POST", "/nodes", taken) == (409, "not_possible")
    assert len((await bench.ask("GET", "/nodes"))["items"]) == 3
    await bench.ask("DELETE", "/nodes/3")
    assert (await client.next())[1:] == ["LS", "", "3", "0", "6"]
    assert await bench.ask("GET", "/nodes/3") == (404, "not_found")
    assert await bench.ask("DELETE", "/nodes/3") == (404, "not_found")
    again = await bench.ask("POST", "/nodes", taken)
    assert (again["number"], again["name"]) == (4, "Other"), (
        "the address is free, the number is not"
    )
    await phone.close()
    await client.close()


async def test_a_node_that_is_removed_while_it_reboots_does_not_come_back(bench: PbxBench) -> None:
    node = bench.pbx.nodes[1]
    await bench.ask("POST", "/nodes/2/reboot", {"down_s": 60})
    await bench.ask("DELETE", "/nodes/2")
    await bench.ask("POST", "/clock/advance", {"seconds": 100})
    assert not node.is_running
    assert [each["node"] for each in (await bench.ask("GET", "/ct-gateway"))["links"]] == [1]


async def test_reset_brings_back_the_nodes_that_were_delivered(bench: PbxBench) -> None:
    await bench.ask("POST", "/nodes", {"name": "Annex", "address": bench.plan.node(5)})
    await bench.ask("DELETE", "/nodes/1")
    await bench.ask("POST", "/reset")
    nodes = (await bench.ask("GET", "/nodes"))["items"]
    assert [(node["number"], node["running"]) for node in nodes] == [(1, True), (2, True)]
    links = (await bench.ask("GET", "/ct-gateway"))["links"]
    assert sorted((link["node"], link["link"]) for link in links) == [(1, "up"), (2, "up")]


@pytest.mark.parametrize("address", ["0.0.0.0", "224.0.0.1", "255.255.255.255", "node", "127.1"])
async def test_an_address_that_no_machine_has_is_named(bench: PbxBench, address: str) -> None:
    wish = {"name": "Annex", "address": address}
    assert await bench.ask("POST", "/nodes", wish) == (422, "invalid")
