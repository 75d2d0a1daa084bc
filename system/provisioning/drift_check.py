"""The drift report: read the MBG, compare, store the findings; repair them as operations."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, load_only

from system.clock import Clock, wait_for_work
from system.domain.operations import UNFINISHED, Kind
from system.errors import McsError
from system.mbg.access import MbgAccess
from system.provisioning import queue
from system.provisioning.drift import Comparison, Wanted, compare
from system.storage.database import Database
from system.storage.engine_models import DriftFinding, DriftReport, MbgBreaker
from system.storage.models import SINGLETON, Extension, Installation, Node, Operation
from system.storage.rows import in_chunks

log = logging.getLogger("mcs.provisioning")

FIRST_CHECK_S = 300.0
"""Seconds after a start until the first scheduled comparison: the queue goes first."""


@dataclass(slots=True)
class DriftCheck:
    """Makes the report, on request and on a schedule."""

    database: Database
    access: MbgAccess
    clock: Clock
    every_s: float
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def check(self) -> None:
        """Read all devices and ICPs from the MBG, compare, and store what differs.

        Raises:
            McsError: the MBG cannot be asked; the earlier report stays.
        """
        async with self._one_at_a_time:
            client = await self.access.checked_client()
            extensions = await self._extensions()
            icps, devices = await client.icps(), await client.devices()
            comparison = compare(extensions, devices, icps, client.consumer_id)
            await self._store(comparison, len(extensions), len(devices))
        log.info("drift: %d findings", len(comparison.findings))

    async def run(self) -> None:
        """Check for ever; ends by being cancelled. Several processes need no more than one."""
        wait_s = min(FIRST_CHECK_S, self.every_s)
        while True:
            await wait_for_work(self.clock, asyncio.Event(), wait_s)
            wait_s = self.every_s
            try:
                if await self._is_due():
                    await self.check()
            except McsError as error:
                log.info("drift was not looked for: %s", error.message)
            except Exception:
                log.exception("drift check: a mistake of ours; going on")

    async def _is_due(self) -> bool:
        if not await self.access.has_token():
            return False
        async with self.database.read() as session:
            report = await session.get(DriftReport, SINGLETON)
            breaker = await session.get_one(MbgBreaker, SINGLETON)
        if breaker.open_until is not None and self.clock.now() < breaker.open_until:
            return False  # the MBG is left alone
        return report is None or self.clock.now() - report.checked_at >= self.every_s / 2

    async def _extensions(self) -> list[Wanted]:
        statement = (
            select(Extension)
            .order_by(Extension.phone_system_id, Extension.extension)
            .options(
                load_only(
                    Extension.extension,
                    Extension.name,
                    Extension.use_remote_credentials,
                    Extension.remote_name,
                    Extension.internal_auth_name,
                    Extension.mbg_device_id,
                    Extension.mbg_device_name,
                    Extension.mbg_unanswered_name,
                    Extension.mbg_created_at,
                    Extension.mbg_written_at,
                ),
                joinedload(Extension.node).load_only(Node.name, Node.address),
            )
        )
        async with self.database.read() as session:
            return [_wanted(extension) for extension in await session.scalars(statement)]

    async def _store(self, comparison: Comparison, extensions: int, devices: int) -> None:
        rows = [
            {
                "extension_id": finding.extension_id,
                "kind": finding.kind.value,
                "found": finding.found,
                "wanted": finding.wanted,
                "message": finding.message,
                "repair": finding.repair,
            }
            for finding in comparison.findings
        ]
        async with self.database.write() as session:
            # Another MCS may be storing its own; a report has no row to lock at first.
            await session.get_one(Installation, SINGLETON, with_for_update=True)
            await session.execute(delete(DriftFinding))
            if rows:
                await session.execute(insert(DriftFinding), rows)
            await session.merge(
                DriftReport(
                    id=SINGLETON,
                    checked_at=self.clock.now(),
                    extensions=extensions,
                    devices=devices,
                    foreign_devices=comparison.foreign,
                )
            )


async def repair(session: AsyncSession, ids: Collection[int] | None, now: float) -> tuple[int, int]:
    """Store an operation for each finding, or all; a person's own and those under way are left out.

    Returns:
        How many operations were stored, and how many findings were left out.
    """
    busy = select(Operation.extension_id).where(Operation.state.in_(UNFINISHED))
    statement = select(DriftFinding.repair, DriftFinding.extension_id).where(
        DriftFinding.repair.is_not(None), DriftFinding.extension_id.not_in(busy)
    )
    every = select(DriftFinding.id)
    if ids is not None:
        statement = statement.where(DriftFinding.id.in_(ids))
        every = every.where(DriftFinding.id.in_(ids))
    wanted: dict[str, set[int]] = {}
    for kind, extension_id in await session.execute(statement):
        wanted.setdefault(kind or "", set()).add(extension_id)
    stored = 0
    uses_remote = await _wishes(session, sorted(set().union(*wanted.values())))
    for kind in (Kind.PROVISION, Kind.REMOVE):
        # The wish may have changed since the comparison; then its own operation has settled it.
        chosen = [
            number
            for number in sorted(wanted.get(kind, set()))
            if uses_remote.get(number) is (kind is Kind.PROVISION)
        ]
        stored += len(await queue.enqueue_each(session, chosen, now, kind))
    return stored, len((await session.scalars(every)).all()) - stored


async def _wishes(session: AsyncSession, extension_ids: Sequence[int]) -> dict[int, bool]:
    """Id -> whether remote credentials are used, of extensions that are locked, in order."""
    found: dict[int, bool] = {}
    for some in in_chunks(extension_ids):
        statement = queue.in_order(select(Extension).where(Extension.id.in_(some)))
        columns = statement.with_only_columns(Extension.id, Extension.use_remote_credentials)
        found.update((row[0], row[1]) for row in await session.execute(columns))
    return found


def _wanted(extension: Extension) -> Wanted:
    return Wanted(
        extension_id=extension.id,
        extension=extension.extension,
        use_remote=extension.use_remote_credentials,
        remote_name=extension.remote_name,
        description=f"{extension.extension} {extension.name}".strip(),
        node_name=extension.node.name,
        node_address=extension.node.address,
        icp_name=extension.internal_auth_name,
        device_id=extension.mbg_device_id,
        device_name=extension.mbg_device_name,
        unanswered_name=extension.mbg_unanswered_name,
        created_at=extension.mbg_created_at,
        written_at=extension.mbg_written_at,
    )
