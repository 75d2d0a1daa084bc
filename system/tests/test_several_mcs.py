"""Several MCS on one PostgreSQL, each a process of its own; one of them is killed."""

import asyncio
import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from system.tests.conftest import PASSWORD
from system.tests.fake_gateway import FakeGateway
from system.tests.fake_mbg import FakeMbg
from system.tests.postgres import Cluster

EXTENSIONS = 40
KILL_AT_CREATE = 3
LIMIT_S = 100
PROGRAM = """
import asyncio, sys
from pathlib import Path
from system.app import Mcs
from system.config import McsConfig

async def main(data, url, address, ca, password):
    mcs = Mcs(McsConfig(
        data_dir=Path(data), database_url=url, listen_address="127.0.0.1",
        api_port=0, phones_port=0, phones_http_port=0, phone_manager_port=0,
        trusted_ca=Path(ca), admin_password=password, password_hash_cost="test",
        outbound_address=address, mbg_timeout_s=5, operation_lease_s=10, shared_poll_s=0.2,
        retry_first_s=1, retry_max_s=2, mbg_parallel_operations=2,
    ))
    await mcs.start()
    print(mcs.api_url, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await mcs.stop()

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass
class Running:
    """One MCS process."""

    process: asyncio.subprocess.Process
    url: str
    http: aiohttp.ClientSession
    token: str = ""

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.http.request(
            method, f"{self.url}/api/v1{path}", json=body, headers=headers
        ) as answer:
            text = await answer.text()
            return answer.status, (await answer.json() if text else None)

    async def ok(self, method: str, path: str, body: Any = None) -> Any:
        status, document = await self.call(method, path, body)
        assert status < 300, document
        return document


@dataclass
class Estate:
    """Two MCS with one database, an MBG and a CT Gateway of the tests' own."""

    first: Running
    second: Running
    mbg: FakeMbg
    gateway: FakeGateway


async def start(
    http: aiohttp.ClientSession, data: Path, url: str, address: str, ca: Path
) -> Running:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(data), url, address, str(ca), PASSWORD,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode().strip()
    assert line.startswith("https://"), "the MCS did not start"
    return Running(process, line, http)


async def ended(running: Running) -> None:
    """It ends when its standard input does, so it never outlives the tests."""
    if running.process.returncode is None:
        assert running.process.stdin is not None
        running.process.stdin.close()
    await running.process.wait()
    transport = getattr(running.process, "_transport", None)
    if transport is not None:
        transport.close()


@pytest.fixture
async def estate(tmp_path: Path, ca: trustme.CA, cluster: Cluster) -> AsyncIterator[Estate]:
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(server_tls)
    mbg, gateway = FakeMbg(), FakeGateway(items_a_frame=50)
    for number in range(EXTENSIONS):
        gateway.add(str(2101 + number), f"Person {number}")
    await mbg.start(server_tls)
    await gateway.start()
    url = cluster.new_database()
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    connector = aiohttp.TCPConnector(ssl=unchecked)
    async with aiohttp.ClientSession(connector=connector) as http:
        first = await start(http, tmp_path / "one", url, "127.0.0.21", tmp_path / "ca.pem")
        # Each has its own folder; the key has to be the same.
        (tmp_path / "two").mkdir()
        shutil.copy(tmp_path / "one" / "secret.key", tmp_path / "two")
        second = await start(http, tmp_path / "two", url, "127.0.0.22", tmp_path / "ca.pem")
        yield Estate(first, second, mbg, gateway)
        for running in (first, second):
            await ended(running)
    await gateway.stop()
    await mbg.stop()


async def until(check: Any, what: str) -> None:
    try:
        async with asyncio.timeout(LIMIT_S):
            while not await check():
                await asyncio.sleep(0.05)  # other processes leave nothing here to wait on
    except TimeoutError:
        raise AssertionError(f"it never came true: {what}") from None


async def configure(estate: Estate) -> None:
    """By both, in turns: what one has stored the other one knows."""
    first, second, mbg = estate.first, estate.second, estate.mbg
    log_in = {"username": "admin", "password": PASSWORD}
    first.token = second.token = (await second.ok("POST", "/login", log_in))["token"]
    settings = {"internal_address": mbg.address, "port": mbg.port, "rest_api_enabled": True}
    await first.ok("PUT", "/settings/mbg", settings)
    consumer = {"name": "MCS", "consumer_id": mbg.consumer_id, "shared_secret": mbg.shared_secret}
    await second.ok("POST", "/settings/mbg/request-token", consumer)
    mbg.approved = True
    await first.ok("POST", "/settings/mbg/retrieve-token", {"verifier": mbg.verifier})
    system = {
        "name": "PBX",
        "ct_gateway_address": "127.0.0.1",
        "ct_gateway_port": estate.gateway.port,
        "ct_gateway_password": estate.gateway.password,
    }
    await first.ok("POST", "/phone-systems", system)
    assert (await second.ok("POST", "/phone-systems/1/sync"))["extensions"] == EXTENSIONS


@pytest.mark.timeout(240)
async def test_one_is_killed_and_the_other_finishes_each_exactly_once(estate: Estate) -> None:
    await configure(estate)
    mbg, first, second = estate.mbg, estate.first, estate.second
    mbg.started = False  # everything waits, then both begin at once
    for number in range(EXTENSIONS):
        path = f"/phone-systems/1/extensions/{2101 + number}"
        await (first, second)[number % 2].ok("PUT", path, {"use_remote_credentials": True})

    def creates(source: str | None = None) -> int:
        return sum(
            (method, path) == ("POST", "/mbg/v1/devices/") and source in (None, address)
            for method, path, address in mbg.sources
        )

    def kill(_method: str, _path: str) -> None:
        # In the middle of a create: the MBG does it, and nobody hears the answer.
        if first.process.returncode is None and creates("127.0.0.21") == KILL_AT_CREATE:
            first.process.send_signal(signal.SIGKILL)

    mbg.on_request = kill
    mbg.started = True
    await second.ok("PUT", "/settings/mbg", {"port": mbg.port})

    async def all_provisioned() -> bool:
        page = await second.ok("GET", "/phone-systems/1/extensions?page_size=500")
        return [e["provisioning"]["state"] for e in page["items"]] == ["provisioned"] * EXTENSIONS

    await until(all_provisioned, "all are provisioned")
    assert await first.process.wait() == -signal.SIGKILL
    # What it had sent before it died may still have come in after the kill: a few, side by side.
    assert KILL_AT_CREATE <= creates("127.0.0.21") < EXTENSIONS
    assert creates("127.0.0.22") > 0
    # Each exactly once: as many creates as extensions, one device for each.
    assert creates() == EXTENSIONS
    page = await second.ok("GET", "/phone-systems/1/extensions?page_size=500")
    ids = {e["extension"]: e["mbg_device_id"] for e in page["items"]}
    found = {device["icp_username"]: number for number, device in mbg.devices.items()}
    assert found == ids
    names = {e["extension"]: e["remote_name"] for e in page["items"]}
    assert {d["icp_username"]: d["set_username"] for d in mbg.devices.values()} == names
    open_ones = await second.ok("GET", "/provisioning/operations?state=waiting")
    assert open_ones["items"] == []


async def test_key_of_its_own_is_refused(estate: Estate, tmp_path: Path, cluster: Cluster) -> None:
    done = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "system", "--data", str(tmp_path / "three"),
        "--listen", "127.0.0.1", "--api-port", "0", "--phones-port", "0",
        "--phones-http-port", "0", "--phone-manager-port", "0",
        "--database-url", f"postgresql+asyncpg://postgres@/mcs{cluster.made}?host={cluster.folder}",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    _, said = await done.communicate()
    assert done.returncode == 2
    assert b"secret.key is missing" in said.splitlines()[-1]
