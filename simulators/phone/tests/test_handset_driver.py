"""The handset on real sockets, against a small TLS server that stands for the MCS."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulators.addresses import claim_private
from simulators.clock import Clock
from simulators.errors import BenchError, ConfigurationError
from simulators.journal import HttpEntry, Journal
from simulators.network import Network
from simulators.phone.files.firmware import build_image
from simulators.phone.habits import LifeSettings
from simulators.phone.life.states import RegistrationState, State
from simulators.phone.screen import Screen
from simulators.phone.tests.handset_bench import (
    FAST_REBOOT,
    MAC,
    PASSWORD,
    Bench,
    Mcs,
    installed,
    registering,
)
from simulators.sip.headers import cseq
from simulators.tls import Authority


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    claimed = claim_private()
    clock = Clock()
    journal = Journal(clock.now)
    network = Network(claimed.plan, journal, clock, connect_timeout_s=0.05)
    mcs = Mcs(claimed.plan, Authority())
    bench = Bench(claimed.plan, clock, journal, network, mcs)
    try:
        async with mcs.serving():
            yield bench
            for handset in bench.handsets:
                await handset.power_off()
    finally:
        claimed.release()


async def test_a_teleworker_is_configured_registers_and_shows_its_lines(bench: Bench) -> None:
    async with registering(bench.plan.mbg_outside) as (registrar, port):
        bench.mcs.configure(registrar_port=port)
        handset = await installed(bench)
        await handset.until(State.REGISTERED)
        await bench.journal.wait_for(
            lambda e: (
                isinstance(e, HttpEntry)
                and e.path.endswith("state=REGISTERED&code=200")
                and e.status is not None
            )
        )
        assert handset.registered and handset.reboots == 1
        assert [key.label for key in handset.keys] == ["Line 1", "Line 2"]
        assert handset.screen.title == "2101"
        assert bench.mcs.asked[:5] == [
            "/startup.cfg", "/aastra.cfg", "/6930.cfg", f"/{MAC}.cfg", "/6930.st",
        ]  # fmt: skip
        assert bench.mcs.agents == {"Mitel6930 MAC:14-00-E9-12-34-56 V:5.1.0.6044-SIP"}
        assert bench.mcs.peers == {bench.plan.home(0)}
        assert f"/phones/startup?mac={MAC}" in bench.mcs.asked
        assert "/phones/registered?user=tw7k" in bench.mcs.asked
        assert [cseq(r.headers)[1] for r in registrar.requests] == ["REGISTER", "REGISTER"]
        assert not any(PASSWORD in str(bench.journal.view(e)) for e in bench.journal.entries)
        assert any(PASSWORD in e.detail for e in bench.journal.entries)  # what masking hid


async def test_a_refused_phone_says_why(bench: Bench) -> None:
    async with registering(bench.plan.mbg_outside) as (registrar, port):
        registrar.status, registrar.warning = 403, "No teleworker licence is free on this MBG"
        bench.mcs.configure(registrar_port=port)
        handset = await installed(bench)
        await handset.until(State.REFUSED)
        assert not handset.registered
        assert handset.registration_state is RegistrationState.REFUSED
        assert handset.last_refusal is not None
        assert handset.last_refusal.status == 403
        assert handset.last_refusal.warning == registrar.warning
        assert handset.screen.message == "Registration refused 403"


async def test_a_poll_that_says_fast_reboot_brings_the_new_configuration(bench: Bench) -> None:
    async with registering(bench.plan.mbg_outside) as (_, port):
        bench.mcs.configure()
        handset = await installed(bench)
        await handset.until(State.IDLE)
        assert not handset.registered
        bench.mcs.configure("action uri poll interval: 3600", registrar_port=port)
        bench.mcs.files["/phones/poll"] = FAST_REBOOT.encode()
        asked = len(bench.mcs.asked)
        await bench.clock.advance(61)
        await handset.until(State.REGISTERED)
        assert "/6930.st" not in bench.mcs.asked[asked:]  # a fast reboot leaves the firmware alone


async def test_other_firmware_is_installed_once_and_a_damaged_image_never(bench: Bench) -> None:
    image = build_image("6930", "6.4.0.140", "sip", 2000, bench.seed.stream("image").randbytes)
    bench.mcs.files["/6930.st"] = image
    bench.mcs.configure()
    handset = await installed(bench)
    await bench.journal.wait_for(bench.event("firmware installed"))
    await handset.until(State.IDLE)
    assert handset.firmware_version == "6.4.0.140"
    assert handset.reboots == 2
    assert len(bench.happened("firmware installed")) == 1
    assert not any("�" in e.detail for e in bench.journal.entries)  # the body is summarised
    bench.mcs.files["/6930.st"] = build_image("6930", "9.9", "sip", 9, lambda n: bytes(n))[:-1]
    handset.restart()
    await bench.journal.wait_for(bench.event("firmware refused"))
    assert handset.firmware_version == "6.4.0.140"


async def test_with_cert_validation_the_phone_refuses_the_server(bench: Bench) -> None:
    bench.mcs.configure()
    local = {
        "download protocol": "HTTPS",
        "https server": bench.plan.mbg_outside,
        "https port": str(bench.mcs.port),
    }
    checking = bench.handset(local=local)
    await checking.power_on()
    await checking.until(State.IDLE)
    assert checking.screen.message == "Certificate validation failed"
    assert bench.happened("certificate refused") and not bench.mcs.asked
    await checking.power_off()
    trusted = bench.mcs.authority.client_context()
    trusting = bench.handset(local=local, trusted=trusted)
    await trusting.power_on()
    await trusting.until(State.IDLE)
    assert trusting.screen.message == "" and bench.mcs.asked


async def test_an_address_without_a_path_is_silence_and_is_tried_again(bench: Bench) -> None:
    bench.mcs.configure()
    handset = bench.handset()
    await handset.power_on()
    await handset.until(State.IDLE)
    handset.configure_server(bench.plan.mcs, bench.mcs.port)  # the inside address: a mistake
    await bench.journal.wait_for(bench.event("configuration server away"))
    await handset.until(State.IDLE)
    assert handset.screen.message == "Configuration server away" and not bench.mcs.asked
    handset.configure_server(bench.plan.mbg_outside, bench.mcs.port)
    await bench.journal.wait_for(lambda e: isinstance(e, HttpEntry) and f"{MAC}.cfg" in e.path)


async def test_a_wrong_password_gets_nowhere(bench: Bench) -> None:
    handset = bench.handset()
    await handset.power_on()
    await handset.until(State.IDLE)
    assert not handset.configure_server(bench.plan.mbg_outside, 8202, password="11111")
    assert handset.screen.message == "Wrong password"
    with pytest.raises(BenchError):
        handset.select("Configuration Server")
    assert handset.local_configuration == {} and not bench.mcs.asked


async def test_a_minet_phone_never_asks_the_mcs_from_a_home(bench: Bench) -> None:
    bench.mcs.configure()
    image = build_image("6930", "5.1.0.6044", "sip", 100, lambda n: bytes(n))
    handset = bench.handset(firmware_kind="minet")
    await handset.power_on()
    await handset.until(State.MINET)
    handset.press("Settings")
    assert handset.screen.title == "MiNET"
    with pytest.raises(ConfigurationError, match="local network"):
        handset.convert_to_sip(image)
    await handset.power_off()
    assert not bench.mcs.asked
    handset.move_to(bench.plan.local_phone(0))
    handset.convert_to_sip(image)
    handset.move_to(bench.plan.home(0))
    await handset.power_on()
    await handset.until(State.IDLE)
    assert handset.configure_server(bench.plan.mbg_outside, bench.mcs.port)
    await bench.journal.wait_for(lambda e: isinstance(e, HttpEntry) and f"{MAC}.cfg" in e.path)


async def test_phones_that_share_a_home_have_ports_and_names_of_their_own(bench: Bench) -> None:
    async with registering(bench.plan.mbg_outside) as (_, port):
        bench.mcs.configure(registrar_port=port)
        bench.mcs.files["/startup.cfg"] = bench.mcs.files[f"/{MAC}.cfg"]
        one = await installed(bench)
        other = await installed(bench, mac="1400E9654321")
        await one.until(State.REGISTERED)
        await other.until(State.REGISTERED)
        assert one.contact[0] == other.contact[0] and one.contact[1] == 5060
        assert other.contact[1] != 5060
        assert bench.journal.role_at(one.contact) == "phone 1400E9123456"
        assert bench.journal.role_at(other.contact) == "phone 1400E9654321"


async def test_a_power_failure_says_nothing_and_the_phone_comes_back(bench: Bench) -> None:
    async with registering(bench.plan.mbg_outside) as (registrar, port):
        bench.mcs.configure(registrar_port=port)
        handset = await installed(bench)
        await handset.until(State.REGISTERED)
        sent = len(registrar.requests)
        await handset.power_off()
        assert handset.state is State.OFF and not handset.registered and handset.keys == ()
        assert len(registrar.requests) == sent
        await handset.power_on()
        await handset.until(State.REGISTERED)
        handset.restart()  # while a deliberate restart un-registers first
        await bench.journal.wait_for(bench.event("unregistered"))
        assert registrar.requests[-1].headers.get("expires") == "0"
        await handset.until(State.REGISTERED)
        told = [path for path in bench.mcs.asked if "state=UNREGISTERED" in path]
        assert len(told) == 1  # the restart is told, the power failure was not


async def test_an_advancing_clock_lets_a_boot_and_a_refresh_happen(bench: Bench) -> None:
    async with registering(bench.plan.mbg_outside) as (registrar, port):
        bench.mcs.configure(registrar_port=port)
        handset = await installed(bench, settings=LifeSettings(boot_s=40, network_s=10))
        await bench.clock.advance(60)
        assert handset.registered
        requests = len(registrar.requests)
        await bench.clock.advance(290)
        assert len(registrar.requests) > requests and handset.registered
        assert len([path for path in bench.mcs.asked if "/poll" in path]) == 5


async def test_nothing_is_left_running_after_power_off(bench: Bench) -> None:
    async with registering(bench.plan.mbg_outside) as (_, port):
        bench.mcs.configure(registrar_port=port)
        handset = await installed(bench)
        await handset.power_off()  # in the middle of whatever it was doing
        await handset.power_off()
        await handset.power_on()
        await handset.until(State.REGISTERED)
        await handset.power_off()
        await asyncio.sleep(0)
        mine = [task for task in asyncio.all_tasks() if task.get_name() == handset.role]
        assert mine == []
        sent = len(bench.mcs.asked)
        await bench.clock.advance(3600)
        assert len(bench.mcs.asked) == sent


async def test_a_key_does_nothing_on_a_phone_without_power(bench: Bench) -> None:
    handset = bench.handset()
    handset.press("Settings")
    assert handset.screen == Screen("")
    await handset.power_on()
    await handset.until(State.IDLE)
    handset.press("Settings")
    assert handset.screen.title == "Settings"


async def test_a_local_phone_takes_its_server_from_dhcp_and_shows_setup(bench: Bench) -> None:
    bench.mcs.configure("softkey1 type: xml", "softkey1 label: Setup", "softkey1 value: http://x/")
    async with Mcs(bench.plan, bench.mcs.authority, bench.mcs.files).serving(secure=False) as plain:
        url = f"http://{bench.plan.mbg_outside}:{plain.port}"
        local = bench.handset(home=bench.plan.local_phone(0), dhcp_server=url)
        await local.power_on()
        await local.until(State.IDLE)
        assert plain.peers == {bench.plan.local_phone(0)}
        assert local.screen.softkeys == ("Setup",)
        assert [key.label for key in local.keys] == ["Line 1", "Line 2", "Setup"]


async def test_until_says_what_the_phone_does_instead(bench: Bench) -> None:
    handset = bench.handset()
    with pytest.raises(BenchError, match="it is off"):
        await handset.until(State.IDLE, within_s=0.01)


async def test_a_host_name_is_resolved_before_the_network_is_asked(bench: Bench) -> None:
    local = {"download protocol": "HTTPS", "https server": "localhost", "https port": "1"}
    handset = bench.handset(local=local)
    await handset.power_on()
    await handset.until(State.IDLE)
    (away,) = bench.happened("configuration server away")
    assert away.facts["reason"].startswith("no connection")  # and not a crash over the name
