"""The lasting connection to a CT Gateway: connect, read, follow changes, come back.

One task per phone system opens and closes its connection and synchronizes. Whoever wants a
synchronization leaves a future and wakes the task; hot desk log-ins go over the same connection.
"""

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping
from typing import Protocol, Self

from sqlalchemy.ext.asyncio import AsyncSession

from system.clock import Clock, wait_for_work
from system.config import McsConfig
from system.domain.credentials import Entropy
from system.domain.operations import retry_delay_s
from system.errors import GatewayError, GatewayRefused, GatewayUnreachable, McsError, NotFound
from system.oai.client import GatewayConnection, connect
from system.oai.link_events import HotDeskMoved, Meaning
from system.phone_systems.snapshot import read_snapshot
from system.phone_systems.sync import SyncResult, apply_snapshot
from system.storage.database import Database
from system.storage.models import PhoneSystem

log = logging.getLogger("mcs.phone_systems")


class HotDeskReading(Protocol):
    """Told of a list of log-ins; a context that is open while it is read."""

    def take(self, places: Mapping[str, str], nodes_down: Collection[int]) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...


class HotDeskListener(Protocol):
    """Told the phone system's id and what happened there; it must not wait."""

    def heard(self, phone_system_id: int, event: HotDeskMoved) -> None: ...
    def reading(self, phone_system_id: int) -> HotDeskReading: ...


_INTERRUPTED = GatewayUnreachable(
    "ct_gateway_unreachable", "The connection to the CT Gateway was interrupted by MCS itself."
)


class _Removed(Exception):
    """The phone system is not there any more: somebody has removed it."""


class GatewayLink:
    """Keeps one phone system connected and in step."""

    def __init__(
        self,
        phone_system_id: int,
        database: Database,
        config: McsConfig,
        clock: Clock,
        entropy: Entropy,
        work: asyncio.Event,
        hot_desks: HotDeskListener,
    ) -> None:
        self._id = phone_system_id
        self._database = database
        self._config = config
        self._clock = clock
        self._entropy = entropy
        self._work = work
        self._hot_desks = hot_desks
        self._connection: GatewayConnection | None = None
        self._gaps_in_a_row = 0
        self._wake = asyncio.Event()
        self._sync_due = True
        self._is_removed = False
        self._waiting: list[asyncio.Future[SyncResult]] = []

    async def sync_now(self) -> SyncResult:
        """Synchronize at once, connecting first where need be.

        Raises:
            GatewayError: it did not work; the link goes on trying.
            NotFound: the phone system was removed.
        """
        if self._is_removed:
            raise no_such(self._id)
        future: asyncio.Future[SyncResult] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._wake.set()
        return await future

    def connection(self) -> GatewayConnection:
        """The open connection, for a hot desk log-in or log-out.

        Raises:
            GatewayUnreachable: there is none now.
        """
        if self._connection is None or self._connection.failure is not None:
            raise GatewayUnreachable(
                "ct_gateway_unreachable", "The CT Gateway cannot be reached at the moment."
            )
        return self._connection

    async def run(self) -> None:
        """Connect, serve, and come back for ever; ends by being cancelled."""
        attempts = 0
        try:
            while True:
                try:
                    async with contextlib.AsyncExitStack() as stack:
                        connection = await self._connect()
                        stack.push_async_callback(connection.close)
                        attempts = 0
                        self._connection = connection
                        stack.callback(self._forget_connection)
                        await self._serve(connection)
                except GatewayError as error:
                    attempts += 1
                    await self._pause(error, self._delay_s(attempts))
                except _Removed:
                    raise
                except Exception:
                    log.exception("phone system %d: a mistake of ours", self._id)
                    await self._pause(_INTERRUPTED, self._config.retry_max_s)
        except _Removed:
            log.info("phone system %d was removed", self._id)
            self._is_removed = True
            self._answer_waiting(no_such(self._id))
        finally:
            self._answer_waiting(_INTERRUPTED)

    def _forget_connection(self) -> None:
        self._connection = None

    async def _connect(self) -> GatewayConnection:
        async with self._database.read() as session:
            system = await self._stored(session)
        return await connect(
            system.ct_gateway_address,
            system.ct_gateway_port,
            system.ct_gateway_password or "",
            outbound_address=self._config.outbound_address,
            timeout_s=self._config.mbg_timeout_s,
            on_event=self._heard,
        )

    async def _serve(self, connection: GatewayConnection) -> None:
        """Follow one connection until it breaks."""
        await connection.start_monitors()
        self._sync_due = True
        while True:
            if connection.failure is not None:
                raise connection.failure
            if connection.monitors_lost:
                await connection.start_monitors()
            if self._sync_due or self._waiting:
                await self._sync_unless_gaps_go_on(connection)
            alive_until = self._clock.now() + self._config.keepalive_s
            await wait_for_work(self._clock, self._wake, self._config.keepalive_s)
            if self._clock.now() >= alive_until:
                await connection.keep_alive()

    async def _sync_unless_gaps_go_on(self, connection: GatewayConnection) -> None:
        """Synchronize; a gateway whose numbers jump each time is not asked without a pause."""
        if self._gaps_in_a_row > 1 and not self._waiting:
            await self._clock.sleep(self._delay_s(self._gaps_in_a_row - 1))
        gaps = connection.gaps
        await self._sync(connection)
        self._gaps_in_a_row = self._gaps_in_a_row + 1 if connection.gaps > gaps else 0

    async def _sync(self, connection: GatewayConnection) -> None:
        self._sync_due = False
        waiting, self._waiting = self._waiting, []
        try:
            with self._hot_desks.reading(self._id) as reading:
                snapshot = await read_snapshot(connection)
                async with self._database.write() as session:
                    # Locked: several MCS on one database take over the same lists one by one.
                    system = await self._stored(session, lock=True)
                    result = await apply_snapshot(session, system, snapshot, self._clock.now())
                if snapshot.hot_desks is not None:
                    reading.take(snapshot.hot_desks, snapshot.nodes_down)
        except BaseException:
            # Whoever waits is answered by run(), with the reason.
            self._waiting += waiting
            raise
        log.info(
            "phone system %d synchronized: %d nodes, %d SIP extensions",
            self._id,
            result.nodes,
            result.extensions,
        )
        self._work.set()
        for future in waiting:
            if not future.done():
                future.set_result(result)

    def _heard(self, meaning: Meaning) -> None:
        if isinstance(meaning, HotDeskMoved):
            self._hot_desks.heard(self._id, meaning)
            return
        self._sync_due = True
        self._wake.set()

    async def _pause(self, error: GatewayError, seconds: float) -> None:
        await self._note(error)
        self._answer_waiting(error)
        # The end of a connection counts as a change; it must not cut the pause short.
        self._wake.clear()
        await wait_for_work(self._clock, self._wake, seconds)

    async def _note(self, error: GatewayError) -> None:
        log.warning("phone system %d: %s", self._id, error.message)
        async with self._database.write() as session:
            system = await self._stored(session)
            system.state = "refused" if isinstance(error, GatewayRefused) else "offline"
            system.message = error.message

    async def _stored(self, session: AsyncSession, *, lock: bool = False) -> PhoneSystem:
        system = await session.get(PhoneSystem, self._id, with_for_update=lock)
        if system is None:
            raise _Removed
        return system

    def _answer_waiting(self, error: McsError) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_exception(error)

    def _delay_s(self, attempts: int) -> float:
        config = self._config
        return retry_delay_s(attempts, config.retry_first_s, config.retry_max_s, self._entropy)


def no_such(phone_system_id: int) -> NotFound:
    """For whoever asks about one that was removed."""
    return NotFound("not_found", f"There is no phone system {phone_system_id}.")
