"""Killed at every stored step, at every call and between them: nothing is lost, nothing is double.

On SQLite and on PostgreSQL.
"""

import random
import shutil
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from system.provisioning import authorization, queue
from system.provisioning.authorization import Wish
from system.provisioning.records import Records
from system.provisioning.steps import Step
from system.storage import database as database_module
from system.storage.database import open_database
from system.storage.driver_threads import DriverThreads
from system.storage.models import Extension
from system.storage.secrets import SecretBox
from system.tests.fake_mbg import FakeMbg
from system.tests.helpers import HandClock
from system.tests.killing import (
    Bed,
    KillableDatabase,
    Points,
    Save,
    complaints,
    lay_out,
    snapshot,
)
from system.tests.postgres import Cluster

KEY = b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
NUMBERS = [str(number) for number in range(2101, 2109)]


@dataclass
class Storage:
    """A template that each case starts from."""

    url: str
    box: SecretBox = field(default_factory=lambda: SecretBox([KEY]))
    threads: DriverThreads = field(default_factory=DriverThreads)
    _engine: AsyncEngine | None = None

    async def create(self) -> None:
        await (await open_database(self.url, self.box)).close()

    async def open(self) -> KillableDatabase:
        if self._engine is None:
            self._engine = database_module.make_engine(self.url, self.box, self.threads)
        # One engine keeps its compiled statements; closing it drops its connections all the same.
        opened = KillableDatabase(self._engine, self.threads, self.box, None)
        opened.points = Points()
        return opened

    async def keep(self) -> None:
        raise NotImplementedError

    async def restore(self) -> None:
        raise NotImplementedError


@dataclass
class SqliteStorage(Storage):
    """Copied as files."""

    folder: Path = Path()

    async def keep(self) -> None:
        shutil.copy(self.folder / "case.db", self.folder / "template.db")

    async def restore(self) -> None:
        for rest in ("case.db-wal", "case.db-shm"):
            (self.folder / rest).unlink(missing_ok=True)
        shutil.copy(self.folder / "template.db", self.folder / "case.db")


@dataclass
class PostgresStorage(Storage):
    """Copied by PostgreSQL."""

    cluster: Cluster | None = None

    async def keep(self) -> None:
        self._copy(self._name, f"{self._name}_kept")

    async def restore(self) -> None:
        self._copy(f"{self._name}_kept", self._name)

    @property
    def _name(self) -> str:
        return make_url(self.url).database or ""

    def _copy(self, source: str, target: str) -> None:
        assert self.cluster is not None
        self.cluster.sql(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        self.cluster.sql(f"CREATE DATABASE {target} TEMPLATE {source}")


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "sqlite":
        return SqliteStorage(f"sqlite+aiosqlite:///{tmp_path / 'case.db'}", folder=tmp_path)
    cluster: Cluster = request.getfixturevalue("cluster")
    return PostgresStorage(cluster.new_database(), cluster=cluster)


@dataclass
class Case:
    """A bed that can be laid out anew, as often as there are instants."""

    bed: Bed
    storage: Storage
    devices: dict[str, Any]
    foreign: dict[str, Any]

    async def anew(self) -> None:
        await self.storage.restore()
        mbg = self.bed.mbg
        mbg.devices = {number: dict(device) for number, device in self.devices.items()}
        mbg.requests, mbg.writes = [], []
        self.bed.saved, self.bed.seed = 0, 500  # not the names that were made before
        self.bed.clock = HandClock()

    async def wrong(self) -> list[str]:
        database = await self.storage.open()
        try:
            return await complaints(database, self.bed.mbg, self.foreign)
        finally:
            await database.close()

    async def killed_at(self, wishes: Sequence[Save], *instants: int) -> list[str]:
        """What is wrong after lives that ended at ``instants`` and one that went to its end."""
        await self.anew()
        for instant in instants:
            await self.bed.life(list(wishes), instant)
        await self.bed.life(list(wishes), None)
        return await self.wrong()


def on(number: str, name: str | None = None, password: str | None = None) -> Save:
    return _wish(number, lambda: Wish(True, name, password))


def off(number: str) -> Save:
    return _wish(number, lambda: Wish(False))


def _wish(number: str, make: Callable[[], Wish]) -> Save:
    async def save(
        session: AsyncSession, known: dict[str, Extension], now: float, entropy: Any
    ) -> None:
        await authorization.save(session, known[number], make(), now, entropy)

    return save


def together(*wishes: Save) -> Save:
    async def save(
        session: AsyncSession, known: dict[str, Extension], now: float, entropy: Any
    ) -> None:
        for wish in wishes:
            await wish(session, known, now, entropy)

    return save


BEFORE: list[Save] = [together(on("2103"), on("2104"), on("2106"))]
SCENARIOS: dict[str, list[Save]] = {
    "made": [on("2101")],
    "one made by hand is overwritten": [on("2102")],
    "removed": [off("2103")],
    "renamed": [on("2104", name="renamed")],
    "a password typed": [on("2106", password="Typed-in-2106")],
    "taken back": [on("2105"), off("2105")],
    "several at once": [together(on("2101"), off("2103"), on("2104", name="renamed"), on("2108"))],
}


@pytest.fixture
async def case(storage: Storage, ca: trustme.CA, tmp_path: Path) -> AsyncIterator[Case]:
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(server_tls)
    client_tls = ssl.create_default_context()
    ca.configure_trust(client_tls)
    mbg = FakeMbg()
    await mbg.start(server_tls)
    await storage.create()
    first = await storage.open()
    await lay_out(first, mbg, NUMBERS)
    await first.close()
    mbg.add_device(set_username="boss", icp_username="2999")
    by_hand = mbg.add_device(set_username="by-hand-2102", icp_username="2102")
    mbg.add_device(set_username="by-hand-2107", icp_username="2107")
    foreign = {number: one for number, one in snapshot(mbg).items() if number != by_hand}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client_tls)) as http:
        bed = Bed(mbg, http, HandClock(), storage.open, tmp_path)
        await bed.life(BEFORE, None)
        await storage.keep()
        yield Case(bed, storage, snapshot(mbg), foreign)
    await mbg.stop()


async def instants(case: Case, wishes: Sequence[Save]) -> list[str]:
    """All points of an undisturbed life."""
    await case.anew()
    points = await case.bed.life(list(wishes), None)
    assert await case.wrong() == []
    return points.seen


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_killed_once_at_every_instant(case: Case, scenario: str) -> None:
    wishes = SCENARIOS[scenario]
    seen = await instants(case, wishes)
    assert {"begin", "commit", "committed"} <= set(seen)
    assert any(what.startswith("send") and "devices" in what for what in seen)
    for instant in range(1, len(seen) + 1):
        wrong = await case.killed_at(wishes, instant)
        assert wrong == [], f"killed at {instant}: {seen[instant - 1]}"


async def test_killed_again_and_again(case: Case) -> None:
    chance = random.Random(20261127)
    for wishes in SCENARIOS.values():
        count = len(await instants(case, wishes))
        for _ in range(3):
            places = [chance.randint(1, count) for _ in range(chance.randint(2, 4))]
            wrong = await case.killed_at(wishes, *places)
            assert wrong == [], f"killed at {places}"


async def test_without_the_note_before_a_write_an_instant_leaves_an_orphan(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the others: the same instants find a planted mistake."""
    wishes = SCENARIOS["taken back"]

    async def no_note(_records: Records, steps: Sequence[Step]) -> list[Step]:
        return list(steps)

    monkeypatch.setattr(Records, "about_to", no_note)
    seen = await instants(case, wishes)
    found: set[str] = set()
    for instant, what in enumerate(seen, 1):
        if what == "answer to POST /mbg/v1/devices/":
            found.update(await case.killed_at(wishes, instant))
    assert any("orphan" in complaint for complaint in found), found


async def test_a_wish_without_its_operation_is_noticed(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another planted mistake: the operation is forgotten, as if it were stored later."""

    async def forgotten(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr(queue, "enqueue", forgotten)
    assert "extension 2101 has 0 devices" in await case.killed_at(SCENARIOS["made"])
