"""Faults of whole MBGs in an estate: real sets that register, and MBGs that don't share faults."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from simulators.core import Address
from simulators.errors import ConfigurationError
from simulators.estate.config import EstateConfig, load
from simulators.estate.estate import Estate
from simulators.faults.expired_certificate import ExpiredCertificate
from simulators.faults.licence_server_away import LicenceServerAway
from simulators.faults.lost_answer import LoseAnswer
from simulators.faults.restart import Restart
from simulators.faults.sip_loss import SipLoss
from simulators.journal import Entry, Happened
from simulators.mbg.mbg import Mbg
from simulators.sip.agent import RegistrationAgent
from simulators.sip.registration import Account
from simulators.sockets import SipDriver

TWO = {"addresses": {"block": "private"}, "more_mbgs": [{"licences": 5, "release": "10.1"}]}


@dataclass
class Bench:
    """An estate of two MBGs, and sets at home."""

    estate: Estate
    drivers: list[SipDriver] = field(default_factory=list)

    def device(self, mbg: Mbg, username: str, extension: str) -> None:
        """A teleworker on node and MBG."""
        node = self.estate.node
        made = node.add_extension(extension, username)
        if not mbg.store.icps:
            mbg.add_icp(node.name, node.address[0])
        mbg.add_device(
            icp_id="1",
            set_username=username,
            set_password="set-side-1",
            icp_username=made.auth_name,
            icp_password=made.auth_password,
        )

    async def register(self, mbg: Mbg, username: str, home: int) -> None:
        """Let a set at home register; what becomes of it is in the journal."""
        estate = self.estate
        source: Address = (estate.claim.plan.home(home), 5060)
        entropy = estate.seed.stream(f"{username} {len(self.drivers)}").randbytes
        agent = RegistrationAgent(source, entropy)
        driver = SipDriver(agent, estate.clock, estate.network, estate.journal, lambda event: None)
        self.drivers.append(driver)
        contact = await driver.open((source[0], 0))
        agent.transactions.local = contact
        account = Account(
            mbg.sip_outside, mbg.outside, username, username, "set-side-1", contact, expires_s=60
        )
        agent.register("it", account, estate.clock.steady())
        driver.pump()

    async def sees(self, name: str, role: str = "MBG", since: int = 0, **facts: str) -> Happened:
        """Wait for what an MBG says of itself."""
        journal = self.estate.journal
        found = await journal.wait_for(happened(name, role, facts), since=since, what=name)
        assert isinstance(found, Happened)
        return found


def happened(name: str, role: str, facts: dict[str, str]) -> Callable[[Entry], bool]:
    def wanted(entry: Entry) -> bool:
        return (
            isinstance(entry, Happened)
            and (entry.name, entry.frm) == (name, role)
            and facts.items() <= entry.facts.items()
        )

    return wanted


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Estate(EstateConfig.model_validate(TWO), None) as estate:
        bench = Bench(estate)
        yield bench
        for driver in bench.drivers:
            driver.close()
            await driver.wait_closed()


async def test_two_mbgs_have_devices_tokens_licences_and_faults_of_their_own(bench: Bench) -> None:
    first, second = bench.estate.mbgs
    assert bench.estate.mbg is first
    assert (second.role, second.settings.release, second.licences.size) == ("MBG 2", "10.1", 5)
    for mbg, username, extension in ((first, "tw1", "2101"), (second, "tw2", "2102")):
        bench.device(mbg, username, extension)
        mbg.start_web_services()
    ids = [mbg.add_consumer("MCS", "MiVOAppSuite").shared_secret for mbg in (first, second)]
    assert ids[0] != ids[1]
    first.faults.switch_on(SipLoss(method="REGISTER", way="in"))
    await bench.register(second, "tw2", 1)
    await bench.sees("device registered", "MBG 2")
    assert [mbg.licences.in_use for mbg in (first, second)] == [0, 1]
    assert first.store.by_set_username("tw2") is None
    assert first.faults.listed()[0].struck == 0
    await bench.register(first, "tw1", 0)
    await bench.sees("fault struck", "MBG", fault="sip-loss")
    first.faults.calm()
    await bench.estate.clock.advance(5)  # the set retransmits
    await bench.sees("device registered", "MBG")
    assert sorted(bench.estate.node.registered_extensions()) == ["2101", "2102"]


async def test_each_mbg_has_a_control_api_of_its_own(bench: Bench) -> None:
    assert len({control.address for control in bench.estate.controls}) == 2
    async with aiohttp.ClientSession() as session:
        for control, mbg in zip(bench.estate.controls, bench.estate.mbgs, strict=True):
            assert control.address[1] == 8190
            async with session.get(f"{control.url}/system") as answer:
                system = await answer.json()
            assert system["release"] == mbg.settings.release
            assert system["sip_outside"] == f"{mbg.outside}:5060"


async def test_without_a_licence_server_nobody_new_registers_and_who_is_in_stays(
    bench: Bench,
) -> None:
    mbg = bench.estate.mbg
    bench.device(mbg, "tw1", "2101")
    bench.device(mbg, "tw2", "2102")
    await bench.register(mbg, "tw1", 0)
    await bench.sees("device registered", id="1")
    mbg.faults.switch_on(LicenceServerAway(for_s=300))
    await bench.register(mbg, "tw2", 1)
    refused = await bench.sees("device refused")
    assert (refused.facts["username"], refused.facts["status"]) == ("tw2", "403")
    assert "licence server" in refused.facts["reason"]
    mark = bench.estate.journal.mark()
    await bench.estate.clock.advance(60)
    await bench.sees("device registered", since=mark, id="1")
    assert mbg.licences.in_use == 1
    await bench.estate.clock.advance(300)
    assert mbg.faults.listed()[0].state(bench.estate.clock.now()) == "expired"
    await bench.register(mbg, "tw2", 1)
    await bench.sees("device registered", id="2")


async def shown(mbg: Mbg, trust: ssl.SSLContext) -> str:
    """What a TLS client at the SIP port outside says of the certificate."""
    try:
        _, writer = await asyncio.open_connection(*mbg.sip_outside_tls, ssl=trust)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    writer.transport.abort()
    return "good"


async def test_certificate_faults_are_shown_by_sip_over_tls_too(bench: Bench) -> None:
    first, second = bench.estate.mbgs
    trust = bench.estate.authority.client_context()
    assert await shown(first, trust) == "good"
    with first.faults.during(ExpiredCertificate()):
        assert await shown(first, trust) == "certificate has expired"
        assert await shown(second, trust) == "good"
    assert await shown(first, trust) == "good"


@pytest.mark.parametrize(("state", "left"), [("kept", 1), ("lost", 0)])
async def test_a_restart_under_a_call_keeps_or_loses_all(
    bench: Bench, state: str, left: int
) -> None:
    mbg = bench.estate.mbg
    mbg.start_web_services()
    mbg.add_icp("Head Office", "127.10.0.21")
    mbg.faults.switch_on(Restart.model_validate({"state": state, "path": "/mslrest/ping"}))
    mark = bench.estate.journal.mark()
    async with aiohttp.ClientSession() as session:
        url = f"https://{mbg.inside}:{mbg.rest_address[1]}/mslrest"
        trust = bench.estate.authority.client_context()
        async with session.get(f"{url}/openapi.json", ssl=trust) as answer:
            assert answer.status == 200, "out of scope"
        with pytest.raises(aiohttp.ClientError):
            await session.post(f"{url}/ping", ssl=trust)
    await bench.sees("restarted", since=mark, state=state)
    assert len(mbg.store.icps) == left
    assert mbg.faults.listed()[0].state(bench.estate.clock.now()) == "used up"


async def test_an_estate_that_stops_ends_a_restart_that_is_under_way(bench: Bench) -> None:
    mbg = bench.estate.mbg
    mbg.restart_soon(keep_state=True)
    mbg.restart_soon(keep_state=False)  # one at a time: this one is not begun
    await mbg.stop()
    assert not any(entry.summary == "restarted" for entry in bench.estate.journal.entries)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*mbg.rest_address)


async def test_a_lost_answer_to_a_refused_call_is_lost_too_and_journaled(bench: Bench) -> None:
    mbg = bench.estate.mbg
    mbg.start_web_services()
    mbg.faults.switch_on(LoseAnswer(times=1))
    async with aiohttp.ClientSession() as session:
        trust = bench.estate.authority.client_context()
        url = f"https://{mbg.inside}:{mbg.rest_address[1]}/mslrest/ping"
        with pytest.raises(aiohttp.ClientError):
            await session.post(url, ssl=trust)
        async with session.post(url, ssl=trust) as answer:
            assert answer.status == 401, "used up: the refusal comes"
    struck = await bench.sees("fault struck")
    assert struck.facts == {
        "fault": "lost-answer", "number": "1", "what": "POST /mslrest/ping",
    }  # fmt: skip


def test_the_number_of_mbgs_is_bounded_and_a_wrong_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "estate.toml"
    file.write_text("[[more_mbgs]]\nlicense = 5\n")
    with pytest.raises(ConfigurationError, match=r"unknown setting 'more_mbgs\.0\.license'; known"):
        load(file)
    file.write_text("[[more_mbgs]]\n" * 8)
    with pytest.raises(ConfigurationError, match="setting 'more_mbgs'"):
        load(file)
