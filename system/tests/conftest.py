"""Fixtures: one CA, a running MCS with its fakes, and a client for its API."""

import socket
import sqlite3
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from sqlalchemy import make_url, select

from system.app import Mcs
from system.config import McsConfig
from system.storage.database import open_database
from system.storage.people import AuditEntry
from system.storage.secrets import open_secret_box
from system.tests.fake_gateway import FakeGateway
from system.tests.fake_mbg import FakeMbg
from system.tests.helpers import LOCAL_PHONE, HandClock, eventually, seeded_entropy
from system.tests.postgres import INSTALL, Cluster, programs, running_cluster

PASSWORD = "correct horse 1"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that says ``BOTH_DATABASES = True`` runs its tests on SQLite and on PostgreSQL."""
    own = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    both = getattr(metafunc.module, "BOTH_DATABASES", False) and "storage" not in own
    if both and "storage" in metafunc.fixturenames:
        metafunc.parametrize("storage", ["sqlite", "postgresql"])


@pytest.fixture
def storage() -> str:
    """The kind of database that a test runs on."""
    return "sqlite"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """PostgreSQL, once per test process."""
    if programs() is None:
        pytest.skip(INSTALL)
    with running_cluster() as running:
        yield running


@pytest.fixture
def database_url(storage: str, request: pytest.FixtureRequest) -> str | None:
    """A new database of that kind; ``None`` is the MCS's own SQLite file."""
    if storage == "sqlite":
        return None
    running: Cluster = request.getfixturevalue("cluster")
    return running.migrated_database()


@pytest.fixture
def sql(
    tmp_path: Path, database_url: str | None, request: pytest.FixtureRequest
) -> Callable[[str], None]:
    """Runs a statement in the site's database, behind the MCS's back."""

    def run(statement: str) -> None:
        if database_url is not None:
            cluster: Cluster = request.getfixturevalue("cluster")
            cluster.sql(statement, make_url(database_url).database or "")
            return
        connection = sqlite3.connect(tmp_path / "data" / "mcs.db")
        with connection:
            connection.execute(statement)
        connection.close()

    return run


@pytest.fixture
def stored(
    tmp_path: Path, database_url: str | None, request: pytest.FixtureRequest
) -> Callable[[], bytes]:
    """All that the site's database holds, as it stands there."""

    def read() -> bytes:
        if database_url is not None:
            cluster: Cluster = request.getfixturevalue("cluster")
            return cluster.dump(make_url(database_url).database or "")
        return b"".join(path.read_bytes() for path in (tmp_path / "data").glob("mcs.db*"))

    return read


@dataclass
class Site:
    """An MCS with an MBG and a CT Gateway of the tests' own."""

    mcs: Mcs
    mbg: FakeMbg
    gateway: FakeGateway
    clock: HandClock
    make_mcs: Callable[[], Mcs]
    http: aiohttp.ClientSession
    push_socket: socket.socket
    """Bound at ``helpers.LOCAL_PHONE``, where the MCS pushes to; nobody listens yet."""
    token: str | None = None
    tokens: set[str] = field(default_factory=set)
    answers: list[str] = field(default_factory=list)

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and document of one API call."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http.request(
            method, f"{self.mcs.api_url}/api/v1{path}", json=body, headers=headers
        ) as answer:
            text = await answer.text()
            self.answers.append(text)
            return answer.status, (await answer.json() if text else None)

    async def ok(self, method: str, path: str, body: Any = None) -> Any:
        """The document of a call that has to succeed."""
        status, document = await self.call(method, path, body)
        assert status < 300, document
        return document

    async def log_in(self) -> None:
        answer = await self.ok("POST", "/login", {"username": "admin", "password": PASSWORD})
        self.token = answer["token"]
        self.tokens.add(answer["token"])

    def secrets(self) -> set[str]:
        """All that must never be shown, as far as the fakes know it."""
        known = {PASSWORD, self.mbg.shared_secret, self.gateway.password, self.mbg.verifier}
        known |= self.tokens | {value for pair in self.mbg.tokens for value in pair}
        known |= {password for _, password in self.gateway.credentials.values()}
        for device in self.mbg.devices.values():
            known |= {device["set_password"], device["icp_password"]}
        return known

    async def authorize(self) -> None:
        """Stages 1 and 4: the MBG's address, then the whole handshake."""
        await self.set_mbg()
        await self.request_token()
        self.mbg.approved = True
        await self.ok("POST", "/settings/mbg/retrieve-token", {"verifier": self.mbg.verifier})

    async def set_mbg(self) -> None:
        body = {
            "internal_address": self.mbg.address,
            "port": self.mbg.port,
            "rest_api_enabled": True,
        }
        await self.ok("PUT", "/settings/mbg", body)

    async def request_token(self) -> None:
        body = {
            "name": "MiVoice Office Application Suite",
            "consumer_id": self.mbg.consumer_id,
            "shared_secret": self.mbg.shared_secret,
        }
        await self.ok("POST", "/settings/mbg/request-token", body)

    async def add_phone_system(self) -> None:
        body = {
            "name": "PBX",
            "ct_gateway_address": "127.0.0.1",
            "ct_gateway_port": self.gateway.port,
            "ct_gateway_password": self.gateway.password,
        }
        await self.ok("POST", "/phone-systems", body)
        await self.ok("POST", "/phone-systems/1/sync")

    async def extension(self, number: str) -> Any:
        return await self.ok("GET", f"/phone-systems/1/extensions/{number}")

    async def check_remote(self, number: str, **more: Any) -> Any:
        path = f"/phone-systems/1/extensions/{number}"
        return await self.ok("PUT", path, {"use_remote_credentials": True, **more})

    async def uncheck_remote(self, number: str) -> Any:
        path = f"/phone-systems/1/extensions/{number}"
        return await self.ok("PUT", path, {"use_remote_credentials": False})

    async def reaches(self, number: str, state: str, *, attempts: int = 0) -> Any:
        """The extension once its provisioning is in ``state`` after so many attempts."""

        async def check() -> bool:
            found = (await self.extension(number))["provisioning"]
            return bool(found["state"] == state and found["attempts"] >= attempts)

        await eventually(check, f"extension {number} is {state}")
        return await self.extension(number)

    async def waits(self, number: str) -> Any:
        """The extension once its operation waits and says for what."""

        async def check() -> bool:
            found = (await self.extension(number))["provisioning"]
            return bool(found["state"] == "waiting" and found["message"])

        await eventually(check, f"extension {number} waits for something")
        return await self.extension(number)

    async def restart(self) -> None:
        """Stop the MCS and start another one on the same data."""
        await self.mcs.stop()
        self.mcs = self.make_mcs()
        await self.mcs.start()


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def config_changes() -> dict[str, Any]:
    """Settings of the MCS that differ from the tests' usual ones; modules override it."""
    return {}


@pytest.fixture
async def site(
    tmp_path: Path, ca: trustme.CA, database_url: str | None, config_changes: dict[str, Any]
) -> AsyncIterator[Site]:
    """A started site, logged in; nothing is configured yet.

    At the end nothing secret is in the audit log, whatever the test has done.
    """
    push_socket = socket.socket()
    push_socket.bind((LOCAL_PHONE, 0))
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(server_tls)
    mbg, gateway, clock = FakeMbg(), FakeGateway(), HandClock()
    gateway.add("2101", "Ada Home")
    gateway.add("2102", "Bob Home")
    gateway.add("2103", "Cleo Home")
    await mbg.start(server_tls)
    await gateway.start()
    settings: dict[str, Any] = {
        "data_dir": tmp_path / "data",
        "listen_address": "127.0.0.1",
        "api_port": 0,
        "phones_port": 0,
        "phones_http_port": 0,
        "phone_manager_port": 0,
        "tftp_port": 0,
        "syslog_port": 0,
        "ldap_port": 0,
        "push_port": push_socket.getsockname()[1],
        "strangers_burst": 20,
        "trusted_ca": tmp_path / "ca.pem",
        "database_url": database_url,
        "admin_password": PASSWORD,
        "password_hash_cost": "test",
        "mbg_timeout_s": 5,
    }
    config = McsConfig(**(settings | config_changes))

    def make_mcs() -> Mcs:
        return Mcs(config, clock=clock, entropy=seeded_entropy(7))

    mcs = make_mcs()
    await mcs.start()
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    connector = aiohttp.TCPConnector(ssl=unchecked)
    async with aiohttp.ClientSession(connector=connector) as http:
        running = Site(mcs, mbg, gateway, clock, make_mcs, http, push_socket)
        await running.log_in()
        yield running
    await running.mcs.stop()
    push_socket.close()
    await check_audit(config, running)
    await gateway.stop()
    await mbg.stop()


async def audit_rows(config: McsConfig) -> list[str]:
    """All of the audit log as it is stored, a line an entry."""
    database = await open_database(config.resolved_database_url(), open_secret_box(config.data_dir))
    try:
        async with database.read() as session:
            entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    finally:
        await database.close()
    return [
        f"{e.who} {e.source} {e.action} {e.resource} {e.before or ''} {e.after or ''}"
        for e in entries
    ]


async def check_audit(config: McsConfig, site: Site) -> None:
    """Nothing secret is in it, and it was written at all."""
    rows = await audit_rows(config)
    assert any("logged in" in row for row in rows)
    leaks = [(secret, row) for secret in site.secrets() for row in rows if secret in row]
    assert leaks == []


@pytest.fixture
async def ready(site: Site) -> Site:
    """Token, phone system and extensions are there."""
    await site.authorize()
    await site.add_phone_system()
    return site
