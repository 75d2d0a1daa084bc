"""A node on a real socket, and what it keeps."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.faults.sip_loss import SipLoss
from simulators.journal import Entry, Happened, Journal
from simulators.network import Network
from simulators.pbx.extensions import Extension
from simulators.pbx.node import Licences, PbxNode
from simulators.pbx.release import Release
from simulators.sip.agent import RegistrationAgent
from simulators.sip.registration import Account
from simulators.sockets import SipDriver
from simulators.sockets.tests.socket_bench import until


@dataclass
class Bench:
    """What a node needs around it."""

    plan: AddressPlan
    clock: Clock
    journal: Journal
    network: Network

    def node(
        self,
        number: int = 1,
        release: str = "6.3 SP1",
        licences: int | None = None,
        udp_listening: bool = True,
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
            udp_listening=udp_listening,
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
) -> SipDriver:
    """An agent on the MBG's inside that registers; close it in the end."""
    agent = RegistrationAgent(
        (bench.plan.mbg_inside, 5060), Seed(2).stream(extension.number).randbytes
    )
    driver = SipDriver(agent, bench.clock, bench.network, bench.journal, lambda event: None)
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
    assert ("alarm", {"number": "149", "extension": "2101"}) in bench.happened()
    [alarm] = node.alarms
    assert (alarm.number, alarm.extension) == (149, "2101")
    node.clear_alarm(149, "2101")
    assert node.alarms == []
    with pytest.raises(ConfigurationError, match="no alarm 149 for 2101"):
        node.clear_alarm(149, "2101")
    mark = bench.journal.mark()
    await bench.clock.advance(minutes=59, seconds=50)
    await bench.journal.wait_for(named("alarm"), since=mark, what="the alarm, of the refresh")
    node.renew_credentials("2101")
    assert node.alarms == []
    assert bench.happened()[-1] == ("alarm cleared", {"number": "149", "extension": "2101"})
    driver.close()


async def test_a_good_password_is_no_alarm(bench: Bench, node: PbxNode) -> None:
    driver = await registering(bench, node, node.add_extension("2101", "Ada"))
    await bench.journal.wait_for(named("extension registered"), what="the registration")
    driver.close()
    assert node.alarms == []


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
    assert node.licences == Licences(1, 0, 0)
    await node.start((bench.plan.node(1), 0))
    drivers = []
    for number, name in (("2101", "extension registered"), ("2102", "registration refused")):
        drivers.append(await registering(bench, node, node.add_extension(number, "")))
        await bench.journal.wait_for(named(name, number), what=name)
    assert node.registered_extensions() == ["2101"]
    node.set_licences(2)
    drivers.append(await registering(bench, node, node.extensions["2102"]))
    await bench.journal.wait_for(named("extension registered", "2102"), what="the second")
    assert node.licences == Licences(2, 2, 2)
    node.remove_extension("2102")
    assert node.licences == Licences(2, 1, 2)
    for driver in drivers:
        driver.close()
    await node.stop()
    assert node.licences == Licences(2, 0, 0)


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


async def test_passwords_do_not_show_but_a_weak_one_hides_no_innocent_digits(bench: Bench) -> None:
    node = bench.node()
    old = node.add_extension("2101", "Ada").auth_password
    new = node.renew_credentials("2101").auth_password
    node.add_extension("210101", "Bob", auth_password="210101")
    masked = bench.journal.masker.view(f"{old} {new} 210101")
    assert old not in masked and new not in masked and "210101" in masked


async def test_changes_are_told_while_it_runs(bench: Bench, node: PbxNode) -> None:
    heard: list[tuple[str, bool]] = []
    node.on_registration.append(lambda extension, online: heard.append((extension, online)))
    numbers: list[list[str]] = []
    node.on_change.append(lambda *pair: numbers.append([e.number if e else "" for e in pair]))
    driver = await registering(bench, node, node.add_extension("2101", "Ada"))
    await bench.journal.wait_for(named("extension registered"), what="the registration")
    driver.close()
    node.renumber_extension("2101", "2201")
    assert heard == [("2101", True), ("2101", False)]
    assert numbers == [["", "2101"], ["2101", "2201"]]
    assert not node.is_registered("2201")


# Reboots and upgrades


async def test_an_upgrade_drops_registrations_until_phones_come_back(
    bench: Bench, node: PbxNode
) -> None:
    links: list[bool] = []
    node.on_link.append(links.append)
    driver = await registering(bench, node, node.add_extension("2101", "Ada"))
    await bench.journal.wait_for(named("extension registered"), what="the registration")
    address = node.address
    await node.upgrade("6.4")
    assert (node.release, node.address, links) == (Release.parse("6.4"), address, [False, True])
    assert node.registered_extensions() == []
    names = [name for name, _ in bench.happened()]
    assert names[-3:] == ["upgrading", "rebooting", "up"]
    mark = bench.journal.mark()
    await bench.clock.advance(minutes=30)
    assert not node.is_registered("2101")  # nobody told the phone
    await bench.clock.advance(minutes=30)
    await bench.journal.wait_for(named("extension registered"), since=mark, what="its refresh")
    driver.close()


async def test_while_it_is_down_nothing_answers(bench: Bench, node: PbxNode) -> None:
    node.add_extension("2150", "Guest", hot_desk=True)
    node.add_extension("2101", "Ada")
    node.log_in("2150", "2101")
    upgrading = asyncio.create_task(node.upgrade("6.4", down_s=120))
    await until(lambda: not node.is_running)
    with pytest.raises(ConfigurationError, match="2101 is not registered"):
        node.check_sync("2101")
    node.log_out("2150")
    assert bench.happened()[-1][0] == "hot desk log-out"
    await bench.clock.advance(119)
    assert not node.is_running
    await bench.clock.advance(2)
    await upgrading
    assert node.is_running


async def test_a_stop_during_a_reboot_is_the_last_word(bench: Bench, node: PbxNode) -> None:
    rebooting = asyncio.create_task(node.reboot(down_s=60))
    await until(lambda: not node.is_running)
    await node.stop()
    await bench.clock.advance(61)
    await rebooting
    assert not node.is_running


async def test_reset_is_as_delivered(bench: Bench, node: PbxNode) -> None:
    node.add_extension("2101", "Ada")
    await node.reset()
    assert (dict(node.extensions), node.is_running) == ({}, True)


# "SIP UDP Listening Port"


def opens(address: Address, kind: int) -> bool:
    """Whether somebody could take the address, because nobody has it."""
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(address)
        except OSError:
            return False
        return True


async def test_the_udp_port_changes_with_a_reboot(bench: Bench, node: PbxNode) -> None:
    assert not opens(node.address, socket.SOCK_DGRAM)
    node.udp_listening = False
    assert node.reboot_needed
    assert not opens(node.address, socket.SOCK_DGRAM)  # not yet
    await node.reboot()
    assert not node.reboot_needed
    assert opens(node.address, socket.SOCK_DGRAM)
    assert not opens(node.address, socket.SOCK_STREAM)
    node.udp_listening = True
    await node.reboot()
    assert not opens(node.address, socket.SOCK_DGRAM)


async def test_without_the_udp_port_a_phone_over_udp_stays_out(bench: Bench) -> None:
    node = bench.node(udp_listening=False)
    await node.start((bench.plan.node(1), 0))
    driver = await registering(bench, node, node.add_extension("2101", "Ada"))
    await bench.clock.advance(40)
    assert bench.happened() == []
    driver.close()
    await node.stop()


async def test_several_nodes_at_once(bench: Bench, node: PbxNode) -> None:
    other = bench.node(2, "6.2")
    await other.start((bench.plan.node(2), node.address[1]))
    for one in (node, other):
        driver = await registering(bench, one, one.add_extension("2101", "Ada", auth_password="x1"))
        await bench.journal.wait_for(
            lambda entry, role=one.role: (  # type: ignore[misc]
                named("extension registered")(entry) and entry.frm == role
            ),
            what=one.role,
        )
        driver.close()
    assert other.release < node.release
    await other.stop()
    assert node.is_registered("2101") and not other.is_registered("2101")


async def test_a_fault_of_sip_strikes_here_too(bench: Bench, node: PbxNode) -> None:
    node.faults.switch_on(SipLoss(times=1, way="in"))
    driver = await registering(bench, node, node.add_extension("2101", "Ada"))
    await bench.clock.advance(1)
    await bench.journal.wait_for(named("extension registered"), what="the registration")
    driver.close()
    assert bench.happened()[0][0] == "fault struck"
