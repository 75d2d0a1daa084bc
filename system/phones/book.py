"""The book of phones: who called, from where, when, and what happened to each.

Contacts are written in groups: while one commit is under way, the next ones gather and share the
following commit. A thousand phones that start together cost a few commits instead of a thousand. A
contact that says nothing but that the phone is still there (`Seen`) is not waited for.
"""

import asyncio
import logging
from dataclasses import dataclass, field

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from system.audit.trail import Actor, add
from system.domain.addresses import Location
from system.phones.identity import PhoneIdentity
from system.storage.database import Database
from system.storage.models import Phone, PhoneEvent
from system.storage.rows import table_of
from system.storage.upsert import insert_missing

log = logging.getLogger("mcs.phones")

LONGEST_HISTORY = 200
"""Events kept of each phone."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One request of a phone; ``registered`` is ``None`` when it says nothing about that."""

    identity: PhoneIdentity
    location: Location
    address: str
    at: float
    registered: bool | None = None
    started: bool = False
    """The phone says that it has just started."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request of a phone that was as the book has it already."""

    mac: str
    at: float


@dataclass(frozen=True, slots=True)
class Happened:
    """One line for a phone's history."""

    mac: str
    at: float
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class HandOut:
    """An extension's credentials went to a phone: for its history, and for the audit log."""

    mac: str
    at: float
    message: str
    extension: str
    location: Location
    address: str


@dataclass(frozen=True, slots=True)
class Held:
    """What a phone holds from now on, as far as the MCS can know."""

    mac: str
    revision: str
    static: str
    names: frozenset[str]
    only_offered: bool = False
    """Told without a restart: it is held once the phone asks with the new revision."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The phone has shown its token."""

    mac: str
    at: float


Entry = Contact | Seen | Happened | HandOut | Held | Bound


def contact_or_seen(contact: Contact, phone: Phone | None) -> Contact | Seen:
    """What a request tells the book of a phone that is stored like this."""
    says_more = contact.registered is not None or contact.started
    if says_more or phone is None or _news(phone, contact) is not None:
        return contact
    return Seen(contact.identity.mac, contact.at)


class PhoneBook:
    """Entries in; they are in the database when ``note`` returns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathered: list[tuple[Entry, asyncio.Future[None] | None]] = []
        self._writing: asyncio.Task[None] | None = None

    async def note(self, *entries: Entry) -> None:
        """Return when the entries are in the database; at once where a phone was only seen."""
        if all(isinstance(entry, Seen) for entry in entries):
            for entry in entries:
                self._add(entry, None)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for entry in entries[:-1]:
            self._add(entry, None)
        self._add(entries[-1], future)
        await future

    async def close(self) -> None:
        """Wait until what was gathered is written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    def _add(self, entry: Entry, future: asyncio.Future[None] | None) -> None:
        self._gathered.append((entry, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_gathered(), name="phone-book")

    async def _write_gathered(self) -> None:
        while self._gathered:
            gathered, self._gathered = self._gathered, []
            futures = [future for _, future in gathered if future is not None]
            try:
                async with self._database.write() as session:
                    await _Writer(session).write([entry for entry, _ in gathered])
            except Exception as error:  # noqa: BLE001 (handed on to whoever waits)
                if not futures:
                    log.error("contacts of phones could not be written: %s", error)
                for future in futures:
                    if not future.done():
                        future.set_exception(error)
            else:
                for future in futures:
                    if not future.done():
                        future.set_result(None)


_PHONES = table_of(Phone)
_SEEN = (
    update(_PHONES).where(_PHONES.c.mac == bindparam("seen")).values(last_contact=bindparam("at"))
)
"""The table's own update: nothing that phones are told is changed by it."""


@dataclass(slots=True)
class _Writer:
    """One group of entries in one unit of work."""

    session: AsyncSession
    phones: dict[str, Phone] = field(default_factory=dict)
    with_history: set[str] = field(default_factory=set)

    async def write(self, entries: list[Entry]) -> None:
        # In one order, for several MCS may write the same phones (storage/upsert.py).
        if seen := {entry.mac: entry.at for entry in entries if isinstance(entry, Seen)}:
            rows = [{"seen": mac, "at": at} for mac, at in sorted(seen.items())]
            await self.session.execute(_SEEN, rows)
        more = [entry for entry in entries if not isinstance(entry, Seen)]
        if not more:
            return
        await self._load({_mac_of(entry) for entry in more})
        await self._add_missing({e.identity.mac for e in more if isinstance(e, Contact)})
        for entry in more:
            self._take(entry)
        await self.session.flush()
        await self._shorten_histories()

    async def _load(self, macs: set[str]) -> None:
        if macs:
            statement = select(Phone).where(Phone.mac.in_(macs)).order_by(Phone.mac)
            found = await self.session.scalars(statement.with_for_update())
            self.phones = {phone.mac: phone for phone in found}

    async def _add_missing(self, macs: set[str]) -> None:
        """Phones that call for the first time."""
        if missing := sorted(macs - self.phones.keys()):
            new = [{"mac": mac, "registered": False} for mac in missing]
            await insert_missing(self.session, Phone, new)
            await self._load(macs | self.phones.keys())

    def _take(self, entry: Entry) -> None:
        match entry:
            case Contact():
                self._contact(entry)
            case Happened():
                if entry.mac in self.phones:
                    self._event(entry)
            case HandOut():
                self._handed_out(entry)
            case Held():
                self._held(entry)
            case Bound():
                self._bound(entry)

    def _contact(self, contact: Contact) -> None:
        identity = contact.identity
        phone = self.phones[identity.mac]
        if (what := _news(phone, contact)) is not None:
            self._event(Happened(identity.mac, contact.at, "contact", what))
        phone.model, phone.firmware = identity.model, identity.firmware
        phone.location, phone.address = contact.location, contact.address
        phone.first_contact = phone.first_contact or contact.at
        phone.last_contact = contact.at
        if contact.registered is not None:
            if contact.registered != phone.registered:
                what = "registered" if contact.registered else "not registered any more"
                self._event(Happened(identity.mac, contact.at, "registration", what))
            phone.registered = contact.registered

    def _event(self, event: Happened) -> None:
        self.session.add(
            PhoneEvent(mac=event.mac, at=event.at, kind=event.kind, message=event.message)
        )
        self.with_history.add(event.mac)

    def _handed_out(self, entry: HandOut) -> None:
        if entry.mac in self.phones:
            self._event(Happened(entry.mac, entry.at, "hand-out", entry.message))
        add(
            self.session,
            entry.at,
            Actor(f"phone {entry.mac}", entry.address),
            "credentials handed out",
            f"/extensions/{entry.extension}",
            None,
            {"to": entry.mac, "location": entry.location},
        )

    def _held(self, held: Held) -> None:
        phone = self.phones.get(held.mac)
        if phone is None:
            return
        if held.only_offered:
            phone.offered_revision = held.revision
            # It may hold the old ones or the new ones: both are taken back when they are unwanted.
            names = held.names | set((phone.held_names or "").split("\n"))
        else:
            phone.held_revision, phone.held_static = held.revision, held.static
            phone.offered_revision = None
            names = held.names
        phone.held_names = "\n".join(sorted(names - {""}))

    def _bound(self, bound: Bound) -> None:
        phone = self.phones.get(bound.mac)
        if phone is None or (phone.bound_at is not None and phone.enrolment_until is None):
            return
        phone.bound_at, phone.enrolment_until = phone.bound_at or bound.at, None
        self._event(
            Happened(bound.mac, bound.at, "enrolment", "the phone is bound: it has shown its token")
        )

    async def _shorten_histories(self) -> None:
        if not self.with_history:
            return
        newest_first = func.row_number().over(
            partition_by=PhoneEvent.mac, order_by=PhoneEvent.id.desc()
        )
        places = (
            select(PhoneEvent.id, newest_first.label("place"))
            .where(PhoneEvent.mac.in_(self.with_history))
            .subquery()
        )
        too_old = select(places.c.id).where(places.c.place > LONGEST_HISTORY)
        await self.session.execute(
            delete(PhoneEvent)
            .where(PhoneEvent.id.in_(too_old))
            .execution_options(synchronize_session=False)
        )


def _mac_of(entry: Contact | Happened | HandOut | Held | Bound) -> str:
    return entry.identity.mac if isinstance(entry, Contact) else entry.mac


def _news(phone: Phone, contact: Contact) -> str | None:
    """What a contact tells that the history does not have yet, or ``None``."""
    identity = contact.identity
    where = f"{contact.location} at {contact.address}"
    if phone.first_contact is None:
        return f"first contact: Mitel {identity.model} with firmware {identity.firmware}, {where}"
    if (phone.location, phone.address) != (str(contact.location), contact.address):
        return f"came from another place: {where}"
    if (phone.model, phone.firmware) != (identity.model, identity.firmware):
        return f"runs firmware {identity.firmware} now (Mitel {identity.model})"
    return "started" if contact.started else None
