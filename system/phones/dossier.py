"""One phone as stored, and the file that is made of it at a location.

Read once and kept at hand until something that phones are told is committed: a thousand phones that
poll cost a thousand look-ups in a dictionary. With a database that other processes write to nothing
is kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.domain.addresses import Location
from system.domain.enrolment import Binding
from system.domain.keymap import Keys, merge
from system.phones.accounts import account_of
from system.phones.configuration import (
    LocalServices,
    PhoneSettings,
    RenderedFile,
    own_softkeys,
    query_of,
    render,
)
from system.phones.profiles import Profiles, owners_of, profiles_for
from system.phones.site import Site
from system.storage.changes import Change
from system.storage.database import Database
from system.storage.models import Extension, Phone
from system.storage.rows import IN_ONE_STATEMENT

MOST_KEPT = 20_000
"""Phones kept at hand; the one longest not asked for goes first."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phone at one location reaches the MCS, and what it finds there."""

    location: Location
    uri_base: str | None
    local: LocalServices | None
    poll_interval_s: int


@dataclass(frozen=True, slots=True)
class File:
    """A rendered file, and whose credentials it holds, if any.

    `without` says why an extension that is assigned has no account in it.
    """

    rendered: RenderedFile
    extension: str | None
    keys: Keys
    without: str = ""


@dataclass(slots=True)
class Dossier:
    """What is known of one phone; ``phone`` is ``None`` for one that never called."""

    mac: str
    phone: Phone | None
    profiles: Profiles
    files: dict[object, File] = field(default_factory=dict)

    @property
    def binding(self) -> Binding:
        """Its enrolment."""
        if self.phone is None:
            return Binding()
        return Binding(self.phone.token, self.phone.bound_at, self.phone.enrolment_until)

    @property
    def extension(self) -> Extension | None:
        """The extension in use at the phone: a hot desk user's, or its own."""
        return None if self.phone is None else self.phone.hot_desk or self.phone.extension

    def uses(self, extensions: Container[int | None]) -> bool:
        """Whether its own extension or its hot desk user's is one of these."""
        phone = self.phone
        return phone is not None and (
            phone.extension_id in extensions or phone.hot_desk_extension_id in extensions
        )

    def file(self, place: Place, site: Site, *, trusted: bool) -> File:
        """The phone's file at a place; who is not trusted gets what any unknown phone gets."""
        key = (place, site, trusted)
        found = self.files.get(key)
        if found is None:
            if len(self.files) >= 4:
                self.files.clear()
            found = self.files[key] = self._render(place, site, trusted=trusted)
        return found

    def _render(self, place: Place, site: Site, *, trusted: bool) -> File:
        phone = self.phone if trusted else None
        extension = self.extension if trusted else None
        account = account_of(extension, place.location, rest_api_enabled=site.rest_api_enabled)
        token = phone.token if phone is not None else None
        setup = None
        if place.local is not None and extension is None:
            setup = f"{place.local.http_base}/phones/setup?mac={self.mac}"
        keys = merge(
            self.profiles if trusted else {},
            (phone.model if phone is not None else None) or "",
            own_softkeys(
                query_of(self.mac, token),
                base=place.uri_base,
                setup=setup,
                logged_in=phone is not None and phone.hot_desk is not None,
            ),
        )
        remarks = [account.reason] if account.reason else []
        if place.uri_base is None:
            remarks.append("No URIs: Client Locations -> Remote has no NAT IP Address/Hostname")
        settings = PhoneSettings(
            mac=self.mac,
            location=place.location,
            uri_base=place.uri_base,
            poll_interval_s=place.poll_interval_s,
            line=account.line,
            keys=keys.placed,
            token=token,
            has_directories=trusted,
            local=place.local,
            remarks=tuple(remarks),
        )
        handed = extension is not None and account.line is not None
        without = "" if extension is None or handed else account.reason
        number = extension.extension if handed and extension else None
        return File(render(settings), number, keys, without)


class Dossiers:
    """Reads dossiers and keeps them at hand.

    While one read is under way, those who ask gather and share the next one: a thousand phones that
    start together cost a few reads. Nobody shares a read that began before he asked.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, Dossier] = OrderedDict()
        self._changes = 0
        self._gathered: dict[str, asyncio.Future[Dossier]] = {}
        self._reading: asyncio.Task[None] | None = None
        database.changes.listen(self._changed)

    async def get(self, mac: str) -> Dossier:
        """The phone's dossier as committed."""
        found = self._kept.get(mac)
        if found is not None:
            self._kept.move_to_end(mac)
            return found
        if mac not in self._gathered:
            self._gathered[mac] = asyncio.get_running_loop().create_future()
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_gathered(), name="phone-dossiers")
        return await asyncio.shield(self._gathered[mac])  # one who goes away stops no other

    async def close(self) -> None:
        """Wait until what was asked for is read: whoever asked may be gone."""
        if self._reading is not None:
            await asyncio.wait([self._reading])

    async def _read_gathered(self) -> None:
        while self._gathered:
            asked = {
                mac: self._gathered.pop(mac) for mac in list(self._gathered)[:IN_ONE_STATEMENT]
            }
            changes = self._changes
            try:
                async with self._database.read() as session:
                    found = await read_dossiers(session, list(asked))
            except Exception as error:  # noqa: BLE001 (handed on to whoever waits)
                for future in asked.values():
                    future.set_exception(error)
                continue
            if changes == self._changes and not self._database.shared:  # else it may be old by now
                self._keep(found)
            for mac, future in asked.items():
                future.set_result(found[mac])

    def _keep(self, found: dict[str, Dossier]) -> None:
        self._kept.update(found)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def _changed(self, change: Change) -> None:
        self._changes += 1
        if change.everything:
            self._kept.clear()
        concerned = set(change.macs)
        if change.extensions:
            concerned |= {mac for mac, one in self._kept.items() if one.uses(change.extensions)}
        for mac in concerned:
            self._kept.pop(mac, None)


async def read_dossiers(session: AsyncSession, macs: Sequence[str]) -> dict[str, Dossier]:
    """These phones with their extensions and the profiles of their keys."""
    statement = (
        select(Phone)
        .where(Phone.mac.in_(macs))
        .options(
            joinedload(Phone.extension).joinedload(Extension.node),
            joinedload(Phone.hot_desk).joinedload(Extension.node),
        )
    )
    phones = (await session.scalars(statement)).all()
    profiles = await profiles_for(session, [owners_of(phone) for phone in phones])
    known = {
        phone.mac: Dossier(phone.mac, phone, its)
        for phone, its in zip(phones, profiles, strict=True)
    }
    return {mac: known.get(mac) or Dossier(mac, None, {}) for mac in macs}
