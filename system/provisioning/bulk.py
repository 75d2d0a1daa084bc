"""Bulk switches: many extensions, fed to the queue a chunk at a time.

The switch and its items are stored at once, so it survives a restart. The worker calls ``feed``
before each pass. Each chunk is one unit of work: wishes, operations and items together. Pause and
cancel hold back what is not in the queue yet; what is there is carried out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from system.clock import Clock
from system.domain import bulk
from system.domain.bulk import Event, Item
from system.domain.credentials import Entropy
from system.domain.operations import State as OperationState
from system.errors import Conflict
from system.provisioning import authorization
from system.storage.database import Database
from system.storage.engine_models import BulkItem, BulkSwitch
from system.storage.models import Extension, Operation
from system.storage.rows import insert_each, table_of, update_rows
from system.storage.sharing import at_work

_ITEMS, _OPERATIONS = table_of(BulkItem), table_of(Operation)


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
        await insert_each(session, _ITEMS, items)
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
            update(_ITEMS)
            .where(_ITEMS.c.bulk_id == switch.id, _ITEMS.c.state == Item.PENDING)
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

    async def feed(self, a_pass: int) -> bool:
        """Take in what has come to an end, store further operations; whether any is running.

        Args:
            a_pass: operations that a pass takes; as many are stored at most.
        """
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
            running |= await self._feed_one(bulk_id, a_pass)
        return running

    async def _feed_one(self, bulk_id: int, a_pass: int) -> bool:
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
            sharers = await at_work(session)
            if room := bulk.room(under_way, pending, a_pass, sharers):
                await self._switch_some(session, switch, room)
                if sharers > 1:
                    await self.database.tell_others(session)
            return True

    async def _switch_some(self, session: AsyncSession, switch: BulkSwitch, room: int) -> None:
        statement = (
            select(_ITEMS.c.id, _ITEMS.c.extension_id)
            .where(_ITEMS.c.bulk_id == switch.id, _ITEMS.c.state == Item.PENDING)
            .order_by(_ITEMS.c.id)
            .limit(room)
        )
        rows = (await session.execute(statement)).all()
        operations = await authorization.save_many(
            session,
            [row.extension_id for row in rows],
            self.clock.now(),
            self.entropy,
            use_remote=switch.use_remote_credentials,
        )
        under_way = [
            (row.id, operations[row.extension_id], Item.IN_PROGRESS)
            for row in rows
            if row.extension_id in operations
        ]
        await update_rows(session, _ITEMS, ("operation_id", "state"), under_way)
        over = [row for row in rows if row.extension_id not in operations]
        messages = await _messages(session, [row.extension_id for row in over])
        done = [(row.id, Item.DONE, messages[row.extension_id]) for row in over]
        await update_rows(session, _ITEMS, ("state", "message"), done)


async def _messages(session: AsyncSession, extension_ids: Sequence[int]) -> dict[int, str | None]:
    """What is shown of these extensions."""
    if not extension_ids:
        return {}
    statement = select(Extension.id, Extension.provisioning_message).where(
        Extension.id.in_(extension_ids)
    )
    return {row.id: row.provisioning_message for row in await session.execute(statement)}


async def _take_in(session: AsyncSession, bulk_id: int) -> None:
    """Note what came of the operations; one that is forgotten was replaced by a newer."""
    open_items = update(_ITEMS).where(
        _ITEMS.c.bulk_id == bulk_id, _ITEMS.c.state.in_((Item.IN_PROGRESS, Item.FAILED))
    )
    # Looked up from the item, of which few are open: all operations would be many.
    its_operation = exists().where(_OPERATIONS.c.id == _ITEMS.c.operation_id)
    for states, item_state in (
        ((OperationState.DONE,), Item.DONE),
        # It needs a person, so it does not hold the others up; its operation is tried on.
        ((OperationState.FAILED, OperationState.DEAD), Item.FAILED),
    ):
        came_to = its_operation.where(_OPERATIONS.c.state.in_(states))
        await session.execute(open_items.where(came_to).values(state=item_state))
    known = its_operation.where(_OPERATIONS.c.state != OperationState.SUPERSEDED)
    await session.execute(
        open_items.where(_ITEMS.c.operation_id.is_not(None), ~known).values(
            state=Item.CANCELLED, message="A newer change of this extension took its place."
        )
    )
