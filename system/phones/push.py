"""HTTP push to local phones: a change reaches them at once, a restart that was asked for too.

A commit that changes what phones are told wakes the task; it looks at the local phones concerned
and posts to port 80 of those whose file is not the newest. A phone that does not take it is tried a
few times; then its own poll brings the change. Teleworkers cannot be reached and only poll.
"""

import asyncio
import logging
from dataclasses import dataclass, field

import aiohttp
from sqlalchemy import or_, select

from system.clock import Clock, wait_for_work
from system.domain.addresses import Location
from system.local.own_address import own_address_towards
from system.phones.book import HandOut, Happened, Held, PhoneBook
from system.phones.delivery import Way, items_for, way_to
from system.phones.dossier import Dossier, Dossiers
from system.phones.gate import Gate
from system.phones.known import Pending, known_of
from system.phones.screens import NEEDS_REBOOT, RESET, configuration, execute
from system.phones.site import SiteAddresses
from system.storage.changes import Change
from system.storage.database import Database
from system.storage.models import Phone

log = logging.getLogger("mcs.phones")

MOST_TRIES = 3
AT_ONCE = 20
TIMEOUT_S = 5.0
"""Real seconds for one push."""


@dataclass(frozen=True, slots=True)
class PushRules:
    """Where pushes go and come from."""

    port: int
    listen_address: str
    retry_s: float


@dataclass(slots=True)
class _Tries:
    """How often one object was pushed to one phone in vain."""

    what: str
    count: int = 0


@dataclass(slots=True)
class _Due:
    macs: set[str] = field(default_factory=set)
    extensions: set[int] = field(default_factory=set)
    everybody: bool = False


MOST_NAMED = 5000
"""Phones and extensions of one look; a statement takes a bounded number of parameters."""


class Push:
    """Pushes; ``run`` is its task."""

    def __init__(
        self,
        database: Database,
        dossiers: Dossiers,
        book: PhoneBook,
        site: SiteAddresses,
        gate: Gate,
        clock: Clock,
        rules: PushRules,
    ) -> None:
        self._database = database
        self._dossiers = dossiers
        self._book = book
        self._site = site
        self._gate = gate
        self._clock = clock
        self._rules = rules
        self._pending = Pending(database)
        self._due = _Due()
        self._wake = asyncio.Event()
        self._tries: dict[str, _Tries] = {}
        database.changes.listen(self._changed)

    async def run(self) -> None:
        """Push for ever; ends by being cancelled."""
        again: set[str] = set()
        while True:
            await wait_for_work(self._clock, self._wake, self._rules.retry_s if again else None)
            due, self._due = self._due, _Due()
            try:
                again = await self._pass(due, again)
            except Exception:
                log.exception("push: a mistake of ours; going on")
                again = set()

    def _changed(self, change: Change) -> None:
        self._due.macs |= change.macs
        self._due.extensions |= change.extensions
        self._due.everybody |= change.everything
        self._wake.set()

    async def _pass(self, due: _Due, again: set[str]) -> set[str]:
        """Look at whom it may concern; those to be tried again."""
        statement = select(Phone.mac).where(
            Phone.location == Location.LOCAL,
            Phone.address.is_not(None),
            Phone.held_revision.is_not(None),
        )
        # Too many to be named one by one: then all are looked at, and those that have the newest
        # file are left alone.
        if not due.everybody and len(due.extensions) + len(due.macs) <= MOST_NAMED:
            wanted = due.macs | again
            if not wanted and not due.extensions:
                return set()
            statement = statement.where(
                or_(
                    Phone.mac.in_(wanted),
                    Phone.extension_id.in_(due.extensions),
                    Phone.hot_desk_extension_id.in_(due.extensions),
                )
            )
        async with self._database.read() as session:
            macs = (await session.scalars(statement)).all()
        if not macs:
            return set()
        slots = asyncio.Semaphore(AT_ONCE)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        failed: set[str] = set()

        async def one(mac: str) -> None:
            async with slots:
                if not await self._one(mac, timeout):
                    failed.add(mac)

        async with asyncio.TaskGroup() as group:
            for mac in macs:
                group.create_task(one(mac))
        return failed

    async def _one(self, mac: str, timeout: aiohttp.ClientTimeout) -> bool:
        """Bring one phone up to date; whether it need not be tried again."""
        dossier = await self._dossiers.get(mac)
        phone = dossier.phone
        if phone is None or phone.address is None:
            return True
        own = own_address_towards(self._rules.listen_address, phone.address)
        site = await self._site.get()
        place = self._gate.place(phone.address, own, site)
        if place.location is not Location.LOCAL or not self._gate.is_in_office(phone.address):
            return True
        if phone.pending_action is not None:
            if self._has_given_up(mac, phone.pending_action):
                return True
            text = NEEDS_REBOOT if phone.pending_action == "restart" else execute(RESET)
            if await self._post(phone.address, own, text, timeout):
                await self._pending.told(mac)
                await self._note(mac, f"told to {phone.pending_action} by push")
                self._tries.pop(mac, None)
                return True
            return self._count(mac, phone.pending_action)
        return await self._update(dossier, phone.address, own, timeout)

    async def _update(
        self, dossier: Dossier, address: str, own: str, timeout: aiohttp.ClientTimeout
    ) -> bool:
        mac, known = dossier.mac, known_of(dossier.phone)
        place = self._gate.place(address, own, await self._site.get())
        file = dossier.file(place, await self._site.get(), trusted=True)
        wanted = file.rendered
        way = way_to(wanted, known.revision or "", known)
        is_told = known.offered == wanted.revision or self._has_given_up(mac, wanted.revision)
        if way is Way.NOTHING or is_told:
            return True
        if way is Way.RESTART:
            if await self._post(address, own, NEEDS_REBOOT, timeout):
                await self._note(mac, "told to restart by push: new configuration")
                self._tries[mac] = _Tries(wanted.revision, MOST_TRIES)
                return True
            return self._count(mac, wanted.revision)
        if not await self._post(
            address, own, configuration(items_for(wanted, known.names)), timeout
        ):
            return self._count(mac, wanted.revision)
        message = "new configuration by push, without a restart"
        if file.extension is not None:
            message += f"; it holds credentials of extension {file.extension}"
        at = self._clock.now()
        await self._book.note(
            Held(mac, wanted.revision, wanted.static, wanted.live_names, only_offered=True),
            HandOut(mac, at, message, file.extension, place.location, address)
            if file.extension is not None
            else Happened(mac, at, "change", message),
        )
        return True

    def _has_given_up(self, mac: str, what: str) -> bool:
        tries = self._tries.get(mac)
        return tries is not None and tries.what == what and tries.count >= MOST_TRIES

    def _count(self, mac: str, what: str) -> bool:
        """Count a push in vain; whether it is left to the poll from now on."""
        tries = self._tries.get(mac)
        if tries is None or tries.what != what:
            tries = self._tries[mac] = _Tries(what)
        tries.count += 1
        if tries.count < MOST_TRIES:
            return False
        log.info("phone %s: not reached by push, its poll will bring the change", mac)
        return True

    async def _post(
        self, address: str, own: str, text: str, timeout: aiohttp.ClientTimeout
    ) -> bool:
        host = f"[{address}]" if ":" in address else address
        connector = aiohttp.TCPConnector(local_addr=(own, 0), force_close=True)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
                http.post(
                    f"http://{host}:{self._rules.port}/",
                    data=f"xml={text}".encode(),
                    headers={"Content-Type": "application/x-www-form-urlencoded"},
                    allow_redirects=False,
                ) as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def _note(self, mac: str, message: str) -> None:
        await self._book.note(Happened(mac, self._clock.now(), "restart", message))
