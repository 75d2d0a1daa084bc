"""The provisioning engine without its process, stopped hard at any stored step or call.

A point is reached before and after each call to the MBG, and before, within and after each unit of
work. At the chosen one time ends for the engine: whatever reaches a point from then on never comes
back, so nothing more is sent or committed, as after a power failure.
"""

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from system.config import McsConfig
from system.domain.operations import UNFINISHED
from system.errors import McsError
from system.mbg.access import MbgAccess
from system.mbg.client import MbgClient
from system.provisioning.assembly import make_worker
from system.provisioning.worker import Worker
from system.storage.database import Database
from system.storage.models import SINGLETON, Extension, MbgSettings, Node, Operation, PhoneSystem
from system.tests.fake_mbg import FakeMbg
from system.tests.helpers import HandClock, seeded_entropy


class Points:
    """Counts the points; at number ``at`` (from 1) nothing goes on any more."""

    def __init__(self, at: int | None = None) -> None:
        self.seen: list[str] = []
        self.dead = asyncio.Event()
        self._at = at

    async def reach(self, what: str) -> None:
        if not self.dead.is_set():
            self.seen.append(what)
            if len(self.seen) != self._at:
                return
            self.dead.set()
        await asyncio.Event().wait()


class KillableDatabase(Database):
    """A database whose units of work have points."""

    points: Points

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        await self.points.reach("begin")
        async with super().write() as session:
            yield session
            await self.points.reach("commit")
        await self.points.reach("committed")


Storage = Callable[[], Awaitable[KillableDatabase]]
"""Opens the database as the latest process has left it."""

Save = Callable[[AsyncSession, dict[str, Extension], float, Any], Awaitable[None]]
"""One wish of a person: what is changed in one unit of work."""


@dataclass
class Bed:
    """What outlives a process: the MBG, the clock, the person's memory; and how to open storage."""

    mbg: FakeMbg
    http: aiohttp.ClientSession
    clock: HandClock
    open_storage: Storage
    folder: Path
    parallel: int = 4
    saved: int = 0
    """Wishes that the person has seen stored."""
    seed: int = 0
    _opened: list[KillableDatabase] = field(default_factory=list)

    async def life(self, wishes: list[Save], at: int | None) -> Points:
        """One process: the person saves what is not saved yet, the worker works, until the end.

        Returns:
            The points that were reached; ``dead`` is set when it was killed.
        """
        points = Points(at)
        database = await self.open_storage()
        database.points = points
        worker = self._worker(database)
        task = asyncio.create_task(self._live(database, worker, wishes, points))
        death = asyncio.create_task(points.dead.wait())
        await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
        for ending in (task, death):
            ending.cancel()
        results = await asyncio.gather(task, death, return_exceptions=True)
        await database.close()
        for result in results:
            if isinstance(result, Exception):
                raise result
        return points

    async def _live(
        self, database: KillableDatabase, worker: Worker, wishes: list[Save], points: Points
    ) -> None:
        with _points_in_calls(points):
            if not database.shared:
                await worker.forget_leases()
            while self.saved < len(wishes):
                async with database.write() as session:
                    known = {one.extension: one for one in await session.scalars(select(Extension))}
                    entropy = seeded_entropy(self.seed + self.saved)
                    await wishes[self.saved](session, known, self.clock.now(), entropy)
                self.saved += 1
                await worker.step()
            for _ in range(50):
                await worker.step()
                if await _nothing_left(database):
                    return
                self.clock.advance(61)
        raise AssertionError("operations are left over that never end")

    def _worker(self, database: Database) -> Worker:
        work = asyncio.Event()
        entropy = seeded_entropy(self.seed + 1000)
        self.seed += 1000
        access = MbgAccess(
            database, self.http, self.clock, entropy, warning_s=30 * 86400, work=work
        )
        config = McsConfig(data_dir=self.folder, mbg_parallel_operations=self.parallel)
        return make_worker(database, access, self.clock, entropy, config, work)


@contextlib.contextmanager
def _points_in_calls(points: Points) -> Any:
    """Let each call to the MBG have a point before it is sent and one after its answer came."""
    send = MbgClient._send

    async def with_points(self: MbgClient, method: Any, path: str, *rest: Any, **more: Any) -> Any:
        call = f"{method} {path.split('?')[0]}"
        await points.reach(f"send {call}")
        try:
            answer = await send(self, method, path, *rest, **more)
        except McsError:
            await points.reach(f"answer to {call}")
            raise
        await points.reach(f"answer to {call}")
        return answer

    MbgClient._send = with_points  # type: ignore[method-assign]
    try:
        yield
    finally:
        MbgClient._send = send  # type: ignore[method-assign]


async def _nothing_left(database: Database) -> bool:
    async with database.read() as session:
        unfinished = select(Operation.id).where(Operation.state.in_(UNFINISHED))
        return (await session.scalars(unfinished)).first() is None


async def lay_out(database: Database, mbg: FakeMbg, numbers: list[str]) -> None:
    """Settings with a token, one node, and extensions that the PBX has given credentials for."""
    mbg.final = ("token", "token secret")
    async with database.write() as session:
        settings = await session.get_one(MbgSettings, SINGLETON)
        settings.internal_address, settings.port = mbg.address, mbg.port
        settings.rest_api_enabled = True
        settings.consumer_id, settings.shared_secret = mbg.consumer_id, mbg.shared_secret
        settings.token, settings.token_secret = mbg.final
        system = PhoneSystem(name="PBX", ct_gateway_address="127.0.0.1", state="connected")
        session.add(system)
        await session.flush()
        node = Node(phone_system_id=system.id, number=1, name="Head Office", address="127.10.0.21")
        session.add(node)
        await session.flush()
        session.add_all(
            Extension(
                phone_system_id=system.id,
                node_id=node.id,
                extension=number,
                name=f"Number {number}",
                device_type=38,
                internal_auth_name=number,
                internal_auth_password=f"Pbx-random-{number}",
            )
            for number in numbers
        )


async def complaints(database: Database, mbg: FakeMbg, foreign: dict[str, Any]) -> list[str]:
    """What is wrong now that all has come to rest; empty when each is provisioned just once."""
    found = []
    async with database.read() as session:
        extensions = list(await session.scalars(select(Extension)))
    ours = {number: device for number, device in mbg.devices.items() if number not in foreign}
    for number, device in foreign.items():
        if mbg.devices.get(number) != device:
            found.append(f"somebody else's device {number} was touched")
    for one in extensions:
        mine = [d for d in ours.values() if d["icp_username"] == one.extension]
        label = f"extension {one.extension}"
        if one.mbg_unanswered_name is not None:
            found.append(f"{label}: an answer is still missing")
        if not one.use_remote_credentials:
            left = [d["id"] for d in mine if d["created_by"] == mbg.consumer_id]
            found += [f"{label}: an orphan {number} is left" for number in left]
            if one.provisioning_state != "off":
                found.append(f"{label} is {one.provisioning_state}, not off")
            continue
        if len(mine) != 1:
            found.append(f"{label} has {len(mine)} devices")
            continue
        (device,) = mine
        stored = (one.mbg_device_id, one.remote_name, one.remote_password)
        if stored != (device["id"], device["set_username"], device["set_password"]):
            found.append(f"{label}: id, name or password differ from the MBG's")
        if (one.mbg_name, one.mbg_password) != (one.remote_name, one.remote_password):
            found.append(f"{label}: phones are handed something else than is confirmed")
        if one.provisioning_state != "provisioned":
            found.append(f"{label} is {one.provisioning_state}")
    written: dict[str, list[str]] = {}
    for _, document in mbg.writes:
        history = written.setdefault(document["icp_username"], [])
        if document["set_password"] not in history[-1:]:
            history.append(document["set_password"])
    found += [
        f"{name}: its password was changed twice" for name, h in written.items() if len(h) > 1
    ]
    return found


def snapshot(mbg: FakeMbg) -> dict[str, Any]:
    """The MBG's devices as they are."""
    return copy.deepcopy(mbg.devices)
