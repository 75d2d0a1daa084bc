"""A node on a real socket, and what it keeps."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.journal import Entry, Happened, Journal
from simulators.network import Network
from simulators.pbx.extensions import Extension, is_mixed
from simulators.pbx.node import PbxNode
from simulators.sip.agent import RegistrationAgent
from simulators.sip.registration import Account
from simulators.udp import UdpDriver


@dataclass
class Bench:
    """What a node needs around it."""

    plan: AddressPlan
    clock: Clock
    journal: Journal
    network: Network

    def node(
        self, number: int = 1, release: str = "6.3 SP1", licences: int | None = None
    ) -> PbxNode:
        return PbxNode(
            number,
            "Head Office",
            release,
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=Seed(1).stream(f"node {number}").randbytes,
            licences=licences,
        )

    def happened(self, role: str = "PBX node 1") -> list[tuple[str, dict[str, str]]]:
        entries = [e for e in self.journal.entries if isinstance(e, Happened) and e.frm == role]
        return [(entry.name, entry.facts) for entry in entries]


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


@pytest.fixture
async def bench(plan: AddressPlan) -> Bench:
    clock = Clock()
    journal = Journal(clock.now)
    return Bench(plan, clock, journal, Network(plan, journal, clock))


@pytest.fixture
async def node(bench: Bench) -> AsyncIterator[PbxNode]:
    node = bench.node()
    await node.start((bench.plan.node(1), 0))
    yield node
    await node.stop()


def named(name: str, extension: str = "2101"):  # type: ignore[no-untyped-def]
    def wanted(entry: Entry) -> bool:
        return (
            isinstance(entry, Happened)
            and entry.name == name
            and entry.facts["extension"] == extension
        )

    return wanted


async def registering(
    bench: Bench, node: PbxNode, extension: Extension, password: str = ""
) -> UdpDriver:
    """An agent on the MBG's inside that registers; close it in the end."""
    agent = RegistrationAgent(
        (bench.plan.mbg_inside, 5060), Seed(2).stream(extension.number).randbytes
    )
    driver = UdpDriver(agent, bench.clock, bench.network, bench.journal, lambda event: None)
    contact = await driver.open((bench.plan.mbg_inside, 0))
    agent.transactions.local = contact
    account = Account(
        node.address,
        node.address[0],
        extension.number,
        extension.auth_name,
        password or extension.auth_password,
        contact,
    )
    agent.register("it", account, bench.clock.steady())
    driver.pump()
    return driver


async def test_a_registration_over_the_socket_is_journaled(bench: Bench, node: PbxNode) -> None:
    extension = node.add_extension("2101", "Ada")
    driver = await registering(bench, node, extension)
    await bench.journal.wait_for(named("extension registered"), what="the registration")
    assert node.is_registered("2101")
    assert node.registered_extensions() == ["2101"]
    binding = node.binding("2101")
    assert binding is not None and bench.plan.mbg_inside in binding.contact
    [(name, facts)] = bench.happened()
    assert name == "extension registered"
    assert facts["contact"] == binding.contact and facts["expires_s"] == "3600"
    written = "".join(str(bench.journal.view(entry)) for entry in bench.journal.entries)
    assert "REGISTER" in written and "PBX node 1" in written
    assert extension.auth_password not in written
    await bench.clock.advance(minutes=59, seconds=50)
    await bench.journal.wait_for(named("registration refreshed"), what="the refresh")
    driver.close()
    await bench.clock.advance(hours=1)
    await bench.journal.wait_for(named("extension unregistered"), what="the expiry")
    assert not node.is_registered("2101")
    assert node.registered_extensions() == []


async def test_a_wrong_password_is_journaled_as_refused(bench: Bench, node: PbxNode) -> None:
    driver = await registering(bench, node, node.add_extension("2101", "Ada"), "wrong-1")
    await bench.journal.wait_for(named("registration refused"), what="the refusal")
    driver.close()
    assert bench.happened()[0][1] == {
        "extension": "2101",
        "reason": "wrong password",
        "status": "401",
    }
    assert not node.is_registered("2101")


async def test_ext_6_is_journaled_in_the_words_of_the_warning(bench: Bench, node: PbxNode) -> None:
    node.add_extension("2101", "Ada")
    driver = await registering(bench, node, node.set_auth_name("2101", "9001"))
    await bench.journal.wait_for(named("registration refused"), what="the refusal")
    driver.close()
    reason = "Authorization name 9001 is not the extension number 2101"
    assert bench.happened()[0][1]["reason"] == reason


async def test_a_weak_password_is_alarm_149(bench: Bench, node: PbxNode) -> None:
    extension = node.add_extension("2101", "Ada", auth_password="2101")
    driver = await registering(bench, node, extension)
    await bench.journal.wait_for(named("alarm"), what="the alarm")
    driver.close()
    assert ("alarm", {"number": "149", "extension": "2101"}) in bench.happened()


async def test_removing_a_registered_extension_unregisters_it(bench: Bench, node: PbxNode) -> None:
    driver = await registering(bench, node, node.add_extension("2101", "Ada"))
    await bench.journal.wait_for(named("extension registered"), what="the registration")
    driver.close()
    node.remove_extension("2101")
    assert (
        "extension unregistered",
        {"extension": "2101", "reason": "removed"},
    ) in bench.happened()
    assert "2101" not in node.extensions


async def test_licences_are_counted(bench: Bench) -> None:
    node = bench.node(licences=1)
    await node.start((bench.plan.node(1), 0))
    drivers = []
    for number, name in (("2101", "extension registered"), ("2102", "registration refused")):
        drivers.append(await registering(bench, node, node.add_extension(number, "")))
        await bench.journal.wait_for(named(name, number), what=name)
    assert node.registered_extensions() == ["2101"]
    for driver in drivers:
        driver.close()
    await node.stop()


async def test_a_restart_keeps_extensions_and_forgets_bindings(bench: Bench) -> None:
    node = bench.node()
    with pytest.raises(LocalProtocolError, match="no address"):
        _ = node.address
    await node.start((bench.plan.node(1), 0))
    address = node.address
    assert address[0] == bench.plan.node(1) and address[1] > 0
    with pytest.raises(ConfigurationError, match="runs already"):
        await node.start(address)
    driver = await registering(bench, node, node.add_extension("2101", "Ada"))
    await bench.journal.wait_for(named("extension registered"), what="the registration")
    driver.close()
    await node.stop()
    await node.stop()
    assert (node.registered_extensions(), node.is_registered("2101")) == ([], False)
    await node.start(address)
    assert node.address == address
    assert list(node.extensions) == ["2101"]
    assert not node.is_registered("2101")
    await node.stop()


async def test_an_address_that_is_taken_can_be_tried_again(bench: Bench, node: PbxNode) -> None:
    other = bench.node(2)
    with pytest.raises(ConfigurationError, match="can't open UDP"):
        await other.start(node.address)
    await other.start((bench.plan.node(2), 0))
    await other.stop()


async def test_extensions_and_their_credentials(bench: Bench) -> None:
    node = bench.node()
    seen: list[tuple[str | None, str | None]] = []
    node.on_change.append(
        lambda *pair: seen.append((pair[0] and pair[0].auth_name, pair[1] and pair[1].auth_name))
    )
    phone = node.add_extension("2101", "Ada")
    desk = node.add_extension("2150", "Any", hot_desk=True, auth_name="2150x")
    assert (phone.auth_name, int(phone.device_type)) == ("2101", 38)
    assert (desk.auth_name, int(desk.device_type)) == ("2150x", 48)
    assert is_mixed(phone.auth_password) and 12 <= len(phone.auth_password) <= 16
    renewed = node.renew_credentials("2101")
    assert renewed.auth_password != phone.auth_password
    assert node.extensions["2101"] == renewed
    node.set_auth_name("2101", "9001")
    node.remove_extension("2101")
    assert seen == [
        (None, "2101"),
        (None, "2150x"),
        ("2101", "2101"),
        ("2101", "9001"),
        ("9001", None),
    ]
    masked = bench.journal.masker.view(f"{phone.auth_password} {renewed.auth_password}")
    assert phone.auth_password not in masked and renewed.auth_password not in masked


async def test_what_a_person_gets_wrong_is_said_and_changes_nothing(bench: Bench) -> None:
    node = bench.node()
    node.add_extension("2101", "Ada")
    before = dict(node.extensions)
    with pytest.raises(ConfigurationError, match="2101 exists"):
        node.add_extension("2101", "Bob")
    with pytest.raises(ConfigurationError, match="is digits"):
        node.add_extension("ada", "Ada")
    with pytest.raises(ConfigurationError, match="belongs to extension 2101"):
        node.add_extension("2102", "Bob", auth_name="2101")
    with pytest.raises(LocalProtocolError, match="can't travel"):
        node.set_auth_name("2101", "a|b")
    for verb in (node.remove_extension, node.renew_credentials):
        with pytest.raises(ConfigurationError, match="no extension 9999"):
            verb("9999")
    assert dict(node.extensions) == before
    with pytest.raises(TypeError):
        node.extensions["2102"] = before["2101"]  # type: ignore[index]
