"""Faults of the phone itself, on real sockets: what a person sees, and the scope of each."""

from collections.abc import AsyncIterator

import pytest

from simulators.addresses import claim_private
from simulators.core import TCP, TLS, UDP
from simulators.faults.catalogue import CATALOGUE, made
from simulators.faults.phone_cable_flaps import PhoneCableFlaps
from simulators.faults.phone_drops_download import PhoneDropsDownload
from simulators.faults.phone_faults import PhoneEvent, PhoneFault
from simulators.faults.phone_forgets import PhoneForgets
from simulators.faults.phone_ignores_check_sync import PhoneIgnoresCheckSync
from simulators.faults.phone_never_refreshes import PhoneNeverRefreshes
from simulators.faults.phone_power_failure import PhonePowerFailure
from simulators.faults.phone_slow_boot import PhoneSlowBoot
from simulators.faults.phone_slow_flash import PhoneSlowFlash
from simulators.faults.table import FaultTable
from simulators.journal import LostEntry, SipEntry
from simulators.phone.calls.line_table import Activity
from simulators.phone.files.firmware import build_image
from simulators.phone.life.states import RegistrationState, State
from simulators.phone.tests.call_site import ADA, BEN, CallSite
from simulators.phone.tests.local_bench import MAC, LocalBench, WebServer, event, local_bench, tftp

OTHER = "1400E9654321"
KINDS = [kind for kind in CATALOGUE.values() if issubclass(kind, PhoneFault)]


@pytest.fixture
async def bench() -> AsyncIterator[LocalBench]:
    async with local_bench() as made_bench:
        yield made_bench


@pytest.fixture
async def site() -> AsyncIterator[CallSite]:
    claim = claim_private()
    made_site = CallSite(claim.plan)
    try:
        await made_site.start()
        yield made_site
    finally:
        await made_site.stop()
        claim.release()


def image(version: str) -> bytes:
    return build_image("6930", version, "sip", 5000, lambda n: bytes(n))


async def test_a_slow_boot_and_a_slow_flash_take_the_clock_s_time(bench: LocalBench) -> None:
    mcs = WebServer({"6930.st": image("6.4")})
    async with mcs.serving(bench.plan.mcs) as port:
        phone = bench.handset(dhcp_server=f"http://{bench.plan.mcs}:{port}")
        phone.faults.switch_on(PhoneSlowBoot(seconds=50, times=1))
        phone.faults.switch_on(PhoneSlowFlash(seconds=200))
        await phone.power_on()
        await bench.clock.advance(49)
        assert phone.state is State.BOOTING
        await bench.clock.advance(2)
        await phone.until(State.FLASHING)
        await bench.clock.advance(190)
        assert phone.firmware_version == "5.1"
        await bench.clock.advance(11)
        await phone.until(State.IDLE)
        assert phone.firmware_version == "6.4"


async def test_the_power_fails_while_flashing_and_the_old_image_stays(bench: LocalBench) -> None:
    mcs = WebServer({"6930.st": image("6.4")})
    async with mcs.serving(bench.plan.mcs) as port:
        phone = bench.handset(dhcp_server=f"http://{bench.plan.mcs}:{port}")
        phone.faults.switch_on(PhonePowerFailure(at="flashing", off_s=30))
        await phone.power_on()
        await phone.until(State.OFF)
        assert phone.firmware_version == "5.1"
        await bench.clock.advance(31)
        await phone.until(State.IDLE)
        assert phone.firmware_version == "6.4"  # the second time nothing failed


async def test_a_blackout_ends_with_the_phone(bench: LocalBench) -> None:
    phone = bench.handset()
    phone.faults.switch_on(PhonePowerFailure(at="idle", off_s=30))
    await phone.power_on()
    await phone.until(State.OFF)
    await phone.power_off()  # a person: the power's return is none of its business any more
    await bench.clock.advance(60)
    assert phone.state is State.OFF


@pytest.mark.parametrize("over", ["http", "tftp"])
async def test_a_download_that_the_phone_drops(bench: LocalBench, over: str) -> None:
    files = {"6930.st": image("6.4"), "startup.cfg": b"language: 1\n" * 50}
    async with (
        tftp(bench.plan.mcs, files) as (_, tftp_url),
        WebServer(files).serving(bench.plan.mcs) as port,
    ):
        url = tftp_url if over == "tftp" else f"http://{bench.plan.mcs}:{port}"
        phone = bench.handset(dhcp_server=url)
        fault = PhoneDropsDownload(file="6930.st", octets=1500)
        with phone.faults.during(fault):
            await phone.power_on()
            await phone.until(State.IDLE)
            assert phone.firmware_version == "5.1" and phone.configuration["language"] == "1"
            (note,) = bench.happened("firmware not available")
            assert note.facts["reason"] == "the phone dropped the transfer"
        phone.restart()
        await phone.until(State.IDLE)
        assert phone.firmware_version == "6.4"


async def test_a_loose_cable(bench: LocalBench) -> None:
    mcs = WebServer({"startup.cfg": b"language: 1"})
    async with mcs.serving(bench.plan.mcs) as port:
        phone = bench.handset(dhcp_server=f"http://{bench.plan.mcs}:{port}")
        phone.faults.switch_on(PhoneCableFlaps(at="configuration", out_s=60, times=1))
        await phone.power_on()
        await phone.until(State.IDLE)
        assert phone.screen.message == "No network cable" and mcs.asked == []
        await bench.clock.advance(61)  # the cable is back: it asks at once
        await bench.until("rebooting")
        await phone.until(State.IDLE)
        assert phone.configuration == {"language": "1"} and phone.screen.message == ""


async def test_a_loose_cable_ends_with_the_phone_a_pulled_one_stays_out(bench: LocalBench) -> None:
    phone = bench.handset()
    phone.faults.switch_on(PhoneCableFlaps(at="idle", out_s=60, times=1))
    await phone.power_on()
    await phone.until(State.IDLE)
    assert phone.screen.message == "No network cable"
    await phone.power_off()
    await phone.power_on()
    await phone.until(State.IDLE)
    assert phone.screen.message != "No network cable"
    phone.pull_cable()
    await phone.power_off()
    await phone.power_on()
    await phone.until(State.NO_CABLE)


async def test_a_phone_that_forgets_is_as_delivered(bench: LocalBench) -> None:
    phone = bench.handset(local={"language": "1"})
    await phone.power_on()
    await phone.power_off()
    assert phone.local_configuration == {"language": "1"}
    phone.faults.switch_on(PhoneForgets(times=1))
    await phone.power_on()
    assert phone.local_configuration == {} and phone.firmware_version == "5.1"


async def test_a_phone_that_ignores_check_sync(bench: LocalBench) -> None:
    mcs = WebServer({"startup.cfg": b"language: 1"})
    async with mcs.serving(bench.plan.mcs) as port:
        phone = bench.handset(dhcp_server=f"http://{bench.plan.mcs}:{port}")
        await phone.power_on()
        await phone.until(State.IDLE)
        mcs.files["startup.cfg"] = b"language: 2"
        phone.faults.switch_on(PhoneIgnoresCheckSync(times=1))
        phone.check_sync()
        assert not bench.happened("check-sync") and phone.state is State.IDLE
        phone.check_sync()
        await bench.until("rebooting")
        await phone.until(State.IDLE)
        assert phone.configuration["language"] == "2"


async def test_a_fault_for_one_phone_of_an_estate_is_not_the_others(bench: LocalBench) -> None:
    table = FaultTable(1, bench.clock.now, lambda *_: None, kinds=(PhoneFault,))
    one, other = bench.handset(faults=table), bench.handset(mac=OTHER, faults=table)
    table.switch_on(PhoneSlowBoot(seconds=50, mac=MAC))
    await one.power_on()
    await other.power_on()
    await other.until(State.IDLE)
    assert one.state is State.BOOTING
    table.calm()
    table.switch_on(PhoneSlowBoot(seconds=50))  # all phones'
    other.restart()
    await bench.clock.advance(1)
    assert other.state is State.BOOTING


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_of_a_phone_can_be_meant_for_one(kind: type[PhoneFault]) -> None:
    fault = made(kind.name, {"mac": MAC}, (PhoneFault,))
    detail = str(getattr(fault, "at", "") or "any")
    assert fault.concerns(PhoneEvent(MAC, "any", detail))
    assert not fault.concerns(PhoneEvent(OTHER, "any", detail))
    assert not fault.concerns("something else")


# With SIP


async def test_a_caller_is_shown_by_the_name_that_the_directory_has(site: CallSite) -> None:
    web = WebServer({"own.csv": b"Benedict,Known,,2102\n"})
    async with web.serving(site.plan.mbg_outside) as port:
        phone = site.home_phone(ADA, UDP)
        phone.enter({"directory 1": f"http://{site.plan.mbg_outside}:{port}/own.csv"})
        await phone.power_on()
        await phone.until(State.REGISTERED)
        await site.journal.wait_for(event("directory fetched"), since=0)
        caller = await site.at_home(BEN)
        caller.dial(ADA)
        await phone.until_call(Activity.INCOMING)
        assert phone.screen.lines == ("Benedict Known", BEN)
        await caller.until_call(Activity.OUTGOING)
        assert "Known" not in str(caller.screen)


async def test_a_phone_that_never_refreshes_expires(site: CallSite) -> None:
    phone = site.home_phone(ADA, UDP)
    phone.faults.switch_on(PhoneNeverRefreshes())
    await phone.power_on()
    await phone.until(State.REGISTERED)
    sound = await site.at_home(BEN)
    await site.clock.advance(301)
    assert phone.registration_state is RegistrationState.EXPIRED
    assert sound.registered


@pytest.mark.parametrize("transport", [UDP, TCP, TLS])
async def test_a_pulled_cable_cuts_sip_over_any_transport(site: CallSite, transport: str) -> None:
    phone = await site.at_home(ADA, transport)
    phone.pull_cable()
    since = site.journal.mark()
    await site.clock.advance(400)
    assert not phone.registered and phone.screen.message == "No network cable"
    entries = site.journal.find(lambda e: True, since)
    assert not [e for e in entries if isinstance(e, SipEntry) and e.frm == phone.role]
    assert any(isinstance(e, LostEntry) for e in entries)
    phone.put_cable_back()
    await phone.until(State.REGISTERED)
    assert phone.screen.message != "No network cable"
