"""``python -m system`` killed with SIGKILL in the middle of its work, on its own database."""

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from system.tests.fake_gateway import FakeGateway
from system.tests.fake_mbg import FakeMbg

PASSWORD = "correct horse 1"
COUNT = 12


@dataclass
class Program:
    """The MCS as its own process, and its API."""

    folder: Path
    http: aiohttp.ClientSession
    url: str = ""
    token: str = ""
    process: asyncio.subprocess.Process | None = None
    output: list[str] = field(default_factory=list)

    async def start(self) -> None:
        (self.folder / "password").write_text(PASSWORD)
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "system",
            *("--data", str(self.folder / "data"), "--listen", "127.0.0.1"),
            *("--api-port", "0", "--phones-port", "0", "--phones-http-port", "0"),
            *("--phone-manager-port", "0", "--no-tftp", "--no-syslog", "--no-ldap", "--no-push"),
            *("--trusted-ca", str(self.folder / "ca.pem")),
            *("--admin-password-file", str(self.folder / "password")),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            if b"MCS ready: " in line:
                self.url = line.decode().split("MCS ready: ")[1].strip()
                break
        answer = await self.call("POST", "/login", {"username": "admin", "password": PASSWORD})
        self.token = answer["token"]

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http.request(method, self.url + path, json=body, headers=headers) as got:
            document = await got.json()
            assert got.status < 300, document
            return document

    async def kill(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            assert process.stdout is not None
            await process.stdout.read()
            assert await process.wait() == -signal.SIGKILL


@pytest.fixture
async def parts(
    tmp_path: Path, ca: trustme.CA
) -> AsyncIterator[tuple[Program, FakeMbg, FakeGateway]]:
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(server_tls)
    mbg, gateway = FakeMbg(), FakeGateway(items_a_frame=50)
    mbg.expires_at = "2100-01-01T00:00:00Z"
    for number in range(3001, 3001 + COUNT):
        gateway.add(str(number), f"Number {number}")
    await mbg.start(server_tls)
    await gateway.start()
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    connector = aiohttp.TCPConnector(ssl=unchecked)
    async with aiohttp.ClientSession(connector=connector) as http:
        program = Program(tmp_path, http)
        await program.start()
        yield program, mbg, gateway
        await program.kill()
    await gateway.stop()
    await mbg.stop()


async def test_killed_in_the_middle_each_is_provisioned_once(
    parts: tuple[Program, FakeMbg, FakeGateway],
) -> None:
    program, mbg, gateway = parts
    mbg_settings = {
        "internal_address": mbg.address,
        "port": mbg.port,
        "rest_api_enabled": True,
    }
    await program.call("PUT", "/settings/mbg", mbg_settings)
    consumer = {"name": "MCS", "consumer_id": mbg.consumer_id, "shared_secret": mbg.shared_secret}
    await program.call("POST", "/settings/mbg/request-token", consumer)
    mbg.approved = True
    await program.call("POST", "/settings/mbg/retrieve-token", {"verifier": mbg.verifier})
    system = {
        "name": "PBX",
        "ct_gateway_address": "127.0.0.1",
        "ct_gateway_port": gateway.port,
        "ct_gateway_password": gateway.password,
    }
    await program.call("POST", "/phone-systems", system)
    await program.call("POST", "/phone-systems/1/sync")
    reached = asyncio.Event()
    wanted = [2, 5, COUNT]

    def watch(method: str, _path: str) -> None:
        if method == "POST" and wanted and len(mbg.devices) + 1 >= wanted[0]:
            reached.set()

    mbg.on_request = watch
    body = {"phone_system": 1, "use_remote_credentials": True, "all": True}
    switch = await program.call("POST", "/provisioning/bulk", body)
    while wanted:
        await reached.wait()
        await program.kill()
        reached.clear()
        wanted.pop(0)
        await program.start()
        program_is_done = await program.call("GET", f"/provisioning/bulk/{switch['id']}")
        if len(mbg.devices) == COUNT or program_is_done["state"] == "done":
            break
    async with asyncio.timeout(60):
        while True:
            progress = await program.call("GET", f"/provisioning/bulk/{switch['id']}")
            if progress["state"] == "done":
                break
            await asyncio.sleep(0)
    assert progress["progress"]["done"] == COUNT
    users = sorted(device["icp_username"] for device in mbg.devices.values())
    assert users == [str(number) for number in range(3001, 3001 + COUNT)]
    page = await program.call("GET", "/phone-systems/1/extensions?page_size=100")
    for extension in page["items"]:
        device = mbg.devices[extension["mbg_device_id"]]
        assert device["set_username"] == extension["remote_name"]
        assert device["icp_username"] == extension["extension"]
    passwords: dict[str, set[str]] = {}
    for _, document in mbg.writes:
        passwords.setdefault(document["icp_username"], set()).add(document["set_password"])
    assert all(len(seen) == 1 for seen in passwords.values())
