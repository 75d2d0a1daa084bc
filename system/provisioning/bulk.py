"""Bulk switches: many extensions, fed to the queue a chunk at a time.

The switch and its items are stored at once, so it survives a restart. The worker calls ``feed``
before each pass. Each chunk is one unit of work: wishes, operations and items together. Pause and
cancel hold back what is not in the queue yet; what is there is carried out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from system.clock import Clock
from system.domain import bulk
from system.domain.bulk import Event, Item
from system.domain.credentials import Entropy
from system.domain.operations import State as OperationState
from system.errors import Conflict
from system.provisioning import authorization, queue
from system.storage.database import Database
from system.storage.engine_models import BulkItem, BulkSwitch
from system.storage.models import Extension, Operation


async def create(
    session: AsyncSession, extension_ids: Sequence[int], *, use_remote: bool, now: float
) -> BulkSwitch:
    """Store a switch of these extensions; the next pass of the worker begins with it."""
    switch = BulkSwitch(use_remote_credentials=use_remote, state=bulk.State.RUNNING, created_at=now)
    session.add(switch)
    await session.flush()
    if extension_ids:
        items = [
            {"bulk_id": switch.id, "extension_id": number, "state": Item.PENDING}
            for number in extension_ids
        ]
        await session.execute(insert(BulkItem), items)
    return switch


async def move(session: AsyncSession, switch: BulkSwitch, event: Event, now: float) -> None:
    """Pause, resume or cancel.

    Raises:
        Conflict: the switch is over.
    """
    following = bulk.TRANSITIONS[bulk.State(switch.state)].get(event)
    if following is None:
        raise Conflict("bulk_over", f"Bulk switch {switch.id} is {switch.state}.")
    switch.state = following
    if event is Event.CANCEL:
        await session.execute(
            update(BulkItem)
            .where(BulkItem.bulk_id == switch.id, BulkItem.state == Item.PENDING)
            .values(state=Item.CANCELLED)
        )
        switch.finished_at = switch.finished_at or now


async def counts(session: AsyncSession, bulk_id: int) -> dict[str, int]:
    """How many extensions are in each state."""
    statement = (
        select(BulkItem.state, func.count(BulkItem.id))
        .where(BulkItem.bulk_id == bulk_id)
        .group_by(BulkItem.state)
    )
    found = {row[0]: row[1] for row in await session.execute(statement)}
    return {state.value: found.get(state.value, 0) for state in Item}


@dataclass(frozen=True, slots=True)
class BulkFeeder:
    """Moves bulk switches on."""

    database: Database
    clock: Clock
    entropy: Entropy

    async def feed(self) -> bool:
        """Take in what has come to an end, store further operations; whether any is running."""
        async with self.database.read() as session:
            live = select(BulkSwitch.id).where(
                (BulkSwitch.state.in_(bulk.LIVE))
                | BulkSwitch.id.in_(
                    select(BulkItem.bulk_id).where(BulkItem.state == Item.IN_PROGRESS)
                )
            )
            ids = list(await session.scalars(live.order_by(BulkSwitch.id)))
        running = False
        for bulk_id in ids:
            running |= await self._feed_one(bulk_id)
        return running

    async def _feed_one(self, bulk_id: int) -> bool:
        async with self.database.write() as session:
            # Two processes must not switch the same extensions; SQLite has one writer anyway.
            switch = await session.get_one(BulkSwitch, bulk_id, with_for_update=True)
            await _take_in(session, bulk_id)
            found = await counts(session, bulk_id)
            pending, under_way = found[Item.PENDING], found[Item.IN_PROGRESS]
            if switch.state != bulk.State.RUNNING:
                return bool(under_way)
            if not pending and not under_way:
                switch.state = bulk.TRANSITIONS[bulk.State.RUNNING][Event.FINISHED]
                switch.finished_at = self.clock.now()
                return False
            if room := bulk.room(under_way, pending):
                await self._switch_some(session, switch, room)
            return True

    async def _switch_some(self, session: AsyncSession, switch: BulkSwitch, room: int) -> None:
        statement = (
            select(BulkItem, Extension)
            .join(Extension, Extension.id == BulkItem.extension_id)
            .where(BulkItem.bulk_id == switch.id, BulkItem.state == Item.PENDING)
            .order_by(BulkItem.id)
            .limit(room)
        )
        rows = (await session.execute(statement)).all()
        about = [extension.id for _, extension in rows]
        locked = queue.in_order(select(Extension).where(Extension.id.in_(about)))
        await session.execute(locked.execution_options(populate_existing=True))
        operations = await authorization.save_many(
            session,
            [extension for _, extension in rows],
            self.clock.now(),
            self.entropy,
            use_remote=switch.use_remote_credentials,
        )
        for item, extension in rows:
            item.operation_id = operations.get(extension.id)
            item.state = Item.DONE if item.operation_id is None else Item.IN_PROGRESS
            item.message = extension.provisioning_message


async def _take_in(session: AsyncSession, bulk_id: int) -> None:
    """Note what came of the operations; one that is forgotten was replaced by a newer."""
    open_items = (Item.IN_PROGRESS, Item.FAILED)
    for states, item_state in (
        ((OperationState.DONE,), Item.DONE),
        # It needs a person, so it does not hold the others up; its operation is tried on.
        ((OperationState.FAILED, OperationState.DEAD), Item.FAILED),
    ):
        over = select(Operation.id).where(Operation.state.in_(states))
        await session.execute(
            update(BulkItem)
            .where(
                BulkItem.bulk_id == bulk_id,
                BulkItem.state.in_(open_items),
                BulkItem.operation_id.in_(over),
            )
            .values(state=item_state)
        )
    known = select(Operation.id).where(Operation.state != OperationState.SUPERSEDED)
    await session.execute(
        update(BulkItem)
        .where(
            BulkItem.bulk_id == bulk_id,
            BulkItem.state.in_(open_items),
            BulkItem.operation_id.not_in(known),
        )
        .values(state=Item.CANCELLED, message="A newer change of this extension took its place.")
    )
