"""The links to all CT Gateways: one for each stored phone system, as they come, change and go."""

import asyncio
import logging

from sqlalchemy import select

from system.clock import Clock, end_task
from system.config import McsConfig
from system.domain.credentials import Entropy
from system.oai.client import GatewayConnection
from system.phone_systems.link import GatewayLink, HotDeskListener, no_such
from system.phone_systems.sync import SyncResult
from system.storage.database import Database
from system.storage.models import PhoneSystem

log = logging.getLogger("mcs.phone_systems")


class GatewayLinks:
    """One link per phone system."""

    def __init__(
        self,
        database: Database,
        config: McsConfig,
        clock: Clock,
        entropy: Entropy,
        work: asyncio.Event,
        hot_desks: HotDeskListener,
    ) -> None:
        self._database = database
        self._config = config
        self._clock = clock
        self._entropy = entropy
        self._work = work
        self._hot_desks = hot_desks
        self._links: dict[int, tuple[GatewayLink, asyncio.Task[None]]] = {}
        self._connected_to: dict[int, tuple[object, ...]] = {}
        self._refreshing = asyncio.Lock()
        """What was read before somebody else added a phone system must not end its link."""

    async def refresh(self) -> None:
        """Start a link for every stored phone system that has none, or has changed; end others.

        At the start, and now and then where other MCS may change the database.
        """
        async with self._refreshing:
            await self._refresh()

    async def _refresh(self) -> None:
        columns = (
            PhoneSystem.ct_gateway_address,
            PhoneSystem.ct_gateway_port,
            PhoneSystem.ct_gateway_password,
        )
        async with self._database.read() as session:
            rows = (await session.execute(select(PhoneSystem.id, *columns))).all()
        for gone in self._links.keys() - {row.id for row in rows}:
            self._connected_to.pop(gone, None)
            await self._stop_one(gone)
        for phone_system_id, *connection in rows:
            if self._connected_to.get(phone_system_id) != tuple(connection):
                self._connected_to[phone_system_id] = tuple(connection)
                await self._restart(phone_system_id)

    async def run(self, every_s: float) -> None:
        """Refresh for ever; ends by being cancelled."""
        while True:
            await self._clock.sleep(every_s)
            try:
                await self.refresh()
            except Exception:
                log.exception("phone systems: a mistake of ours; going on")

    async def restart(self, phone_system_id: int) -> None:
        """Start the link, or start it anew with changed settings."""
        self._connected_to.pop(phone_system_id, None)
        await self.refresh()

    async def _restart(self, phone_system_id: int) -> None:
        await self._stop_one(phone_system_id)
        link = GatewayLink(
            phone_system_id,
            self._database,
            self._config,
            self._clock,
            self._entropy,
            self._work,
            self._hot_desks,
        )
        task = asyncio.create_task(link.run(), name=f"phone-system-{phone_system_id}")
        task.add_done_callback(_log_end)
        self._links[phone_system_id] = (link, task)

    async def sync_now(self, phone_system_id: int) -> SyncResult:
        """See ``GatewayLink.sync_now``."""
        if phone_system_id not in self._links:
            await self.refresh()  # another MCS may have added it
        return await self._link(phone_system_id).sync_now()

    def connection(self, phone_system_id: int) -> GatewayConnection:
        """See ``GatewayLink.connection``."""
        return self._link(phone_system_id).connection()

    async def stop(self) -> None:
        """Stop all links; may be called again."""
        for phone_system_id in list(self._links):
            await self._stop_one(phone_system_id)

    def _link(self, phone_system_id: int) -> GatewayLink:
        try:
            return self._links[phone_system_id][0]
        except KeyError:
            raise no_such(phone_system_id) from None

    async def _stop_one(self, phone_system_id: int) -> None:
        _, task = self._links.pop(phone_system_id, (None, None))
        if task is not None:
            await end_task(task)


def _log_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("%s ended by a mistake of ours", task.get_name(), exc_info=task.exception())
