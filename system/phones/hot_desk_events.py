"""What the PBX says of hot desks, taken over in its order: events, and lists of all log-ins.

An event that was lost, because the CT Gateway or MCS was away, is made good by the next list
(``_XL``, decision 0050). A list is older than what happens while it is read, so whoever moves in
the meantime is left to the events.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.audit.trail import SYSTEM
from system.clock import Clock
from system.oai.link_events import HotDeskMoved
from system.phones.hot_desk_record import leave, log_out_elsewhere, phone_of, phones_with, told
from system.storage.database import Database
from system.storage.models import Extension, Phone

log = logging.getLogger("mcs.phones")

_AS_THE_PBX_SAYS = "logged out, as the PBX says"


@dataclass(frozen=True, slots=True)
class _Heard:
    phone_system_id: int
    event: HotDeskMoved


@dataclass(slots=True)
class Reading:
    """A list of a phone system's log-ins that is being read; a context, open while it is."""

    phone_system_id: int
    _events: "HotDeskEvents"
    moved: set[str] = field(default_factory=set)
    """Hot desks that have moved since it was begun: the list may be older."""
    places: Mapping[str, str] = field(default_factory=dict)
    nodes_down: Collection[int] = ()
    _is_read: bool = False

    def take(self, places: Mapping[str, str], nodes_down: Collection[int]) -> None:
        """The list: base of each hot desk that is logged in; nodes that have no part in it."""
        self.places, self.nodes_down, self._is_read = places, nodes_down, True
        self._events.read(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if not self._is_read:
            self._events.drop(self)


class HotDeskEvents:
    """Keeps the record of log-ins in step with the PBX."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._queue: asyncio.Queue[_Heard | Reading] = asyncio.Queue()
        self._readings: list[Reading] = []
        self._own_log_outs: Counter[tuple[int, str]] = Counter()

    def heard(self, phone_system_id: int, event: HotDeskMoved) -> None:
        """The PBX says that somebody logged in or out; called by the link, does not wait."""
        self.moves(phone_system_id, event.hot_desk)
        self._queue.put_nowait(_Heard(phone_system_id, event))

    def moves(self, phone_system_id: int, hot_desk: str) -> None:
        """MCS itself moves a hot desk: a list that is being read may not have it yet."""
        for reading in self._readings:
            if reading.phone_system_id == phone_system_id:
                reading.moved.add(hot_desk)

    def expect_log_outs(self, phone_system_id: int, hot_desk: str, count: int) -> None:
        """The PBX will tell of so many that MCS has recorded itself, and cannot say where."""
        self._own_log_outs[phone_system_id, hot_desk] += count

    def reading(self, phone_system_id: int) -> Reading:
        """Begin to read a list of log-ins, as a context: ``take`` what was read within."""
        reading = Reading(phone_system_id, self)
        self._readings.append(reading)
        return reading

    def read(self, reading: Reading) -> None:
        """A list was read."""
        self._queue.put_nowait(reading)

    def drop(self, reading: Reading) -> None:
        """It is done with, or will not come."""
        self._readings.remove(reading)

    async def run(self) -> None:
        """Take over what the PBX says, in its order; ends by being cancelled."""
        while True:
            said = await self._queue.get()
            try:
                if isinstance(said, Reading):
                    await self._take_list(said)
                else:
                    await self._take(said)
            except Exception:
                log.exception("hot desk: a mistake of ours; going on")

    async def _take_list(self, reading: Reading) -> None:
        now, system_id = self._clock.now(), reading.phone_system_id
        try:
            async with self._database.write() as session:
                for phone in await _recorded(session, system_id):
                    user = phone.hot_desk
                    assert user is not None
                    is_told = user.on_pbx and user.node.number not in reading.nodes_down
                    if is_told and user.extension not in reading.places.keys() | reading.moved:
                        leave(session, phone, user, now, _AS_THE_PBX_SAYS)
                await session.flush()
                for hot_desk, base in reading.places.items():
                    user = await _user(session, system_id, hot_desk)
                    # An empty base is one of several phones; only our own record says which.
                    if user is not None and base and hot_desk not in reading.moved:
                        await self._heard_log_in(session, user, base, now)
        finally:
            self.drop(reading)
        for key in [key for key in self._own_log_outs if key[0] == system_id]:
            if key[1] not in reading.moved:
                del self._own_log_outs[key]  # lost on the way, if it has not come by now

    async def _take(self, heard: _Heard) -> None:
        event, now = heard.event, self._clock.now()
        async with self._database.write() as session:
            user = await _user(session, heard.phone_system_id, event.hot_desk)
            if user is None:
                return
            if event.logged_in:
                await self._heard_log_in(session, user, event.base, now)
            else:
                await self._heard_log_out(session, user, event.base, now)

    async def _heard_log_in(
        self, session: AsyncSession, user: Extension, base: str, now: float
    ) -> None:
        phone = await phone_of(session, user.phone_system_id, base)
        if not base:
            # At a phone without extension: our own record says at which, if it was by our screen.
            for other in await phones_with(session, user):
                if other.extension_id is not None:
                    leave(session, other, user, now, "logged in at another phone")
            return
        await log_out_elsewhere(session, user, phone.mac if phone is not None else "", now)
        if phone is not None and phone.hot_desk_extension_id != user.id:
            phone.hot_desk_extension_id = user.id
            phone.registered = False
            message = f"hot desk user {user.extension} logged in, as the PBX says"
            told(session, SYSTEM, phone, user, now, message, "log-in")

    async def _heard_log_out(
        self, session: AsyncSession, user: Extension, base: str, now: float
    ) -> None:
        own = (user.phone_system_id, user.extension)
        if not base and self._own_log_outs[own] > 0:
            self._own_log_outs[own] -= 1
            return
        for phone in await phones_with(session, user):
            here = phone.extension.extension if phone.extension is not None else ""
            if here == base:
                leave(session, phone, user, now, _AS_THE_PBX_SAYS)


async def _user(session: AsyncSession, phone_system_id: int, hot_desk: str) -> Extension | None:
    return await session.scalar(
        select(Extension).where(
            Extension.phone_system_id == phone_system_id, Extension.extension == hot_desk
        )
    )


async def _recorded(session: AsyncSession, phone_system_id: int) -> list[Phone]:
    """Phones at which somebody of the phone system is logged in, locked."""
    statement = (
        select(Phone)
        .join(Extension, Extension.id == Phone.hot_desk_extension_id)
        .where(Extension.phone_system_id == phone_system_id)
        .options(joinedload(Phone.hot_desk).joinedload(Extension.node))
        .order_by(Phone.mac)
        .with_for_update(of=Phone)
    )
    return list((await session.scalars(statement)).all())
