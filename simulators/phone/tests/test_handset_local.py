"""A local phone on real sockets: TFTP, firmware from MiNET on, the cable, syslog (PHN-1, FWD-2)."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.journal import LostEntry
from simulators.phone.files.firmware import build_image
from simulators.phone.habits import LifeSettings
from simulators.phone.life.states import State
from simulators.phone.local.dhcp import Offer
from simulators.phone.tests.local_bench import MAC, LocalBench, WebServer, local_bench, tftp
from simulators.tls import Authority

TFTPD = shutil.which("in.tftpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
FILES = ["startup.cfg", "6930.cfg", f"{MAC}.cfg"]


@pytest.fixture
async def bench() -> AsyncIterator[LocalBench]:
    async with local_bench() as made:
        yield made


def image(version: str, kind: str = "sip", size: int = 5000) -> bytes:
    return build_image("6930", version, kind, size, lambda n: bytes(n))


async def test_a_phone_out_of_the_box_ends_at_the_mcs_over_https(bench: LocalBench) -> None:
    mcs = WebServer({"startup.cfg": b"language: 1\n"})
    tls = Authority().server_context(bench.plan.mcs)
    async with mcs.serving(bench.plan.mcs, tls) as port:
        sent_on = (
            f"download protocol: HTTPS\nhttps server: {bench.plan.mcs}\nhttps port: {port}\n"
            "https validate certificates: 0\n"
        )
        files = {
            "6930.boot.st": image("2.0", "boot"),
            "6930.st": image("5.1", size=70_000),
            "startup.cfg": b"# nothing\n",
            f"{MAC}.cfg": sent_on.encode(),
        }
        mcs.files["6930.st"] = files["6930.st"]
        async with tftp(bench.plan.mcs, files) as (server, url):
            phone = bench.handset(firmware_kind="minet", firmware_version="1.2", dhcp_server=url)
            await phone.power_on()
            await phone.until(State.IDLE)
            assert server.asked == ["6930.boot.st", "6930.st", *FILES]
            assert mcs.asked == [f"/{name}" for name in [*FILES, "6930.st"]]
            assert phone.firmware_kind == "sip" and phone.reboots == 2
            assert phone.configuration["language"] == "1"
            read = {e.facts["file"]: e.facts for e in bench.happened("TFTP read")}
            assert read["6930.st"]["octets"] == str(len(files["6930.st"]))
            assert bench.happened("DHCP")[0].facts["option_60"] == "MitelIPPhone6930"


async def test_in_a_home_a_minet_phone_never_gets_there(bench: LocalBench) -> None:
    async with tftp(bench.plan.mcs, {"6930.boot.st": image("2.0", "boot")}) as (server, url):
        phone = bench.handset(bench.plan.home(0), firmware_kind="minet", dhcp_server=url)
        await phone.power_on()
        await phone.until(State.MINET)
        await bench.clock.advance(600)
        assert phone.state is State.MINET and server.asked == []
        lost = [e for e in bench.journal.entries if isinstance(e, LostEntry) and e.what == "TFTP"]
        assert len(lost) > 5  # it keeps asking
        await phone.power_off()
        phone.move_to(bench.plan.local_phone(0), Offer({66: url}))  # the way that PHN-1 wants
        await phone.power_on()
        await bench.until("boot loader alone")
        assert server.asked[0] == "6930.boot.st"


async def test_what_a_tftp_server_refuses_is_missing(bench: LocalBench) -> None:
    async with tftp(bench.plan.mcs, {}) as (server, url):
        phone = bench.handset(dhcp_server=url)
        await phone.power_on()
        await phone.until(State.IDLE)
        assert server.asked == ["startup.cfg", "aastra.cfg", "6930.cfg", f"{MAC}.cfg", "6930.st"]
        assert phone.screen.message == ""


@pytest.mark.skipif(
    TFTPD is None or os.geteuid() != 0,
    reason="needs root and a foreign TFTP server: apt-get install tftpd-hpa",
)
async def test_a_foreign_tftp_server_serves_it(bench: LocalBench, tmp_path: Path) -> None:
    assert TFTPD is not None
    firmware = image("5.2", size=123_456)
    files = {"startup.cfg": b"language: 1\n", f"{MAC}.cfg": bytes(0), "6930.st": firmware}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((bench.plan.mcs, 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        TFTPD, "--foreground", "--listen", "--address", f"{bench.plan.mcs}:{port}", "--secure",
        str(tmp_path),
    )  # fmt: skip
    try:
        url = f"tftp://{bench.plan.mcs}:{port}"
        # asked again until the server is up
        settings = LifeSettings(configuration_retry_s=0.5)
        phone = bench.handset(dhcp_server=url, settings=settings)
        await phone.power_on()
        await bench.journal.wait_for(
            lambda e: e.summary.startswith("firmware installed"), since=0, within_s=20
        )
        await phone.until(State.IDLE)
        assert phone.firmware_version == "5.2" and phone.configuration["language"] == "1"
        read = {e.facts["file"]: e.facts for e in bench.happened("TFTP read")}
        assert read["6930.st"]["octets"] == str(len(firmware))
        assert int(read["6930.st"]["blocks"]) == len(firmware) // 1024 + 1  # blksize was agreed
        assert read["6930.cfg"]["failure"].startswith("error 1")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


# The cable


async def test_a_pulled_cable_drops_what_goes_out_and_what_comes_in(bench: LocalBench) -> None:
    mcs = WebServer({"startup.cfg": b"language: 1\n"}, held=asyncio.Event())
    async with mcs.serving(bench.plan.mcs) as port:
        url = f"http://{bench.plan.mcs}:{port}"
        settings = LifeSettings(configuration_retry_s=30)
        phone = bench.handset(dhcp_server=url, settings=settings)
        await phone.power_on()
        while not mcs.asked:
            await asyncio.sleep(0)
        phone.pull_cable()  # the answer is on its way
        assert mcs.held is not None
        mcs.held.set()
        await phone.until(State.IDLE)
        assert phone.configuration == {} and phone.screen.message == "No network cable"
        assert bench.happened("configuration server away")[0].facts["reason"] == "no answer"
        asked = len(mcs.asked)
        await bench.clock.advance(31)  # it tries again: lost
        assert len(mcs.asked) == asked
        lost = [e for e in bench.journal.entries if isinstance(e, LostEntry)]
        assert {e.reason for e in lost} == {"cable pulled"}
        phone.put_cable_back()
        await bench.clock.advance(31)
        await bench.until("rebooting")
        await phone.until(State.IDLE)
        assert phone.configuration == {"language": "1"} and phone.screen.message == ""


async def test_an_image_whose_last_octets_never_came_is_not_flashed(bench: LocalBench) -> None:
    mcs = WebServer({"6930.st": image("6.4")}, held=asyncio.Event(), held_path="/6930.st")
    async with mcs.serving(bench.plan.mcs) as port:
        phone = bench.handset(dhcp_server=f"http://{bench.plan.mcs}:{port}")
        await phone.power_on()
        await phone.until(State.FIRMWARE)
        while "/6930.st" not in mcs.asked:
            await asyncio.sleep(0)
        phone.pull_cable()
        assert mcs.held is not None
        mcs.held.set()
        await phone.until(State.IDLE)
        assert phone.firmware_version == "5.1" and bench.happened("firmware not available")


async def test_a_cable_that_is_back_in_time_costs_nothing(bench: LocalBench) -> None:
    mcs = WebServer({"startup.cfg": b"language: 1\n"}, held=asyncio.Event())
    bench.network.connect_timeout_s = 5.0
    async with mcs.serving(bench.plan.mcs) as port:
        phone = bench.handset(dhcp_server=f"http://{bench.plan.mcs}:{port}")
        await phone.power_on()
        while not mcs.asked:
            await asyncio.sleep(0)
        phone.pull_cable()
        assert mcs.held is not None
        mcs.held.set()
        phone.put_cable_back()
        await phone.until(State.IDLE)
        assert phone.configuration == {"language": "1"} and phone.reboots == 0


async def test_without_a_cable_a_phone_boots_to_its_message(bench: LocalBench) -> None:
    phone = bench.handset(dhcp_server=f"http://{bench.plan.mcs}:1")
    phone.pull_cable()
    await phone.power_on()
    await phone.until(State.NO_CABLE)
    assert phone.screen.message == "No network cable" and phone.keys == ()
    phone.put_cable_back()
    await phone.until(State.IDLE)


# Syslog


async def test_what_the_masks_let_pass_goes_to_the_log(bench: LocalBench) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as log:
        log.bind((bench.plan.mcs, 0))
        log.setblocking(False)
        local = {
            "log server ip": bench.plan.mcs,
            "log server port": str(log.getsockname()[1]),
            "log module provis": "39",
        }
        phone = bench.handset(local=local)
        await phone.power_on()
        await phone.until(State.IDLE)
        lines: list[bytes] = []
        loop = asyncio.get_running_loop()
        while not any(b"booted" in line for line in lines):
            lines.append(await asyncio.wait_for(loop.sock_recv(log, 2048), 5))
        assert any(b"no configuration server" in line for line in lines)
        assert all(f" {MAC} provis: ".encode() in line for line in lines)
        phone.pull_cable()  # of `net`, whose mask wants what is fatal alone; and there is no cable
        phone.put_cable_back()
        await phone.power_off()
        assert not any(b"cable" in line for line in lines)
        with pytest.raises(BlockingIOError):
            log.recv(2048)
