"""The book of phones: who called, from where, when; and what its file is made of.

Contacts are written in groups: while one commit is under way, the next ones gather and share the
following commit. A thousand phones that start together cost a few commits instead of a thousand.
"""

import asyncio
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.domain.addresses import Location
from system.phones.configuration import PhoneSettings, SipLine
from system.phones.identity import PhoneIdentity
from system.storage.database import Database
from system.storage.models import Extension, Phone
from system.storage.upsert import insert_missing


@dataclass(frozen=True, slots=True)
class Contact:
    """One request of a phone; ``registered`` is ``None`` when it says nothing about that."""

    identity: PhoneIdentity
    location: Location
    address: str
    at: float
    registered: bool | None = None


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """Where a phone at one location reaches the MCS."""

    uri_base: str | None
    http_base: str
    poll_interval_s: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """A phone's settings, and the extension whose credentials they hold, if they do."""

    settings: PhoneSettings
    extension: str | None


class PhoneBook:
    """Contacts in, settings out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathered: list[tuple[Contact, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def note(self, contact: Contact) -> None:
        """Return when the contact is in the database."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gathered.append((contact, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_gathered(), name="phone-book")
        await future

    async def close(self) -> None:
        """Wait until what was gathered is written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def assignment(self, mac: str, location: Location, addresses: OwnAddresses) -> Assignment:
        """What the file of the phone is made of; an unknown phone has no extension."""
        async with self._database.read() as session:
            statement = (
                select(Phone)
                .where(Phone.mac == mac)
                .options(joinedload(Phone.extension).joinedload(Extension.node))
            )
            phone = (await session.scalars(statement)).one_or_none()
        extension = phone.extension if phone is not None else None
        line, remarks = _line_of(extension, location)
        if addresses.uri_base is None:
            remarks.append("No URIs: Client Locations -> Remote has no NAT IP Address/Hostname")
        settings = PhoneSettings(
            mac=mac,
            location=location,
            uri_base=addresses.uri_base,
            setup_uri=f"{addresses.http_base}/phones/setup?mac={mac}",
            poll_interval_s=addresses.poll_interval_s,
            line=line,
            has_extension=extension is not None,
            remarks=tuple(remarks),
        )
        handed = extension.extension if extension is not None and line is not None else None
        return Assignment(settings, handed)

    async def _write_gathered(self) -> None:
        while self._gathered:
            gathered, self._gathered = self._gathered, []
            try:
                async with self._database.write() as session:
                    await _write(session, [contact for contact, _ in gathered])
            except Exception as error:  # noqa: BLE001 (handed on to whoever waits)
                for _, future in gathered:
                    if not future.done():
                        future.set_exception(error)
            else:
                for _, future in gathered:
                    if not future.done():
                        future.set_result(None)


async def _write(session: AsyncSession, contacts: list[Contact]) -> None:
    # In one order, for several MCS may write the same phones (storage/upsert.py).
    macs = sorted({contact.identity.mac for contact in contacts})
    statement = select(Phone).where(Phone.mac.in_(macs)).order_by(Phone.mac).with_for_update()
    known = {phone.mac: phone for phone in await session.scalars(statement)}
    if missing := [mac for mac in macs if mac not in known]:
        new = [{"mac": mac, "registered": False} for mac in missing]
        await insert_missing(session, Phone, new)
        known = {phone.mac: phone for phone in await session.scalars(statement)}
    for contact in contacts:
        phone = known[contact.identity.mac]
        phone.model, phone.firmware = contact.identity.model, contact.identity.firmware
        phone.location, phone.address = contact.location, contact.address
        phone.first_contact = phone.first_contact or contact.at
        phone.last_contact = contact.at
        if contact.registered is not None:
            phone.registered = contact.registered


def _line_of(extension: Extension | None, location: Location) -> tuple[SipLine | None, list[str]]:
    """The account for line 1, or the reason why there is none."""
    if extension is None:
        return None, ["No extension is assigned to this phone"]
    if location is Location.TELEWORKER:
        return _teleworker_line(extension)
    return _local_line(extension)


def _teleworker_line(extension: Extension) -> tuple[SipLine | None, list[str]]:
    node = extension.node
    # What the MBG has confirmed, not what was typed last: a phone that works keeps working while
    # a change waits for the MBG (TOK-7).
    name, password = extension.mbg_name, extension.mbg_password
    if not extension.use_remote_credentials:
        return None, ["The extension does not use remote authorization credentials"]
    if name is None or password is None:
        return None, ["Waiting until the extension is provisioned on the MBG"]
    if node.nat_ip_address is None:
        return None, [f"Node {node.number} has no NAT IP Address"]
    return _line(extension, name, name, password, node.nat_ip_address, node.nat_sip_port), []


def _local_line(extension: Extension) -> tuple[SipLine | None, list[str]]:
    name, password = extension.internal_auth_name, extension.internal_auth_password
    address = extension.node.address
    if name is None or password is None or address is None:
        return None, ["Waiting for the PBX's address and SIP credentials"]
    return _line(extension, extension.extension, name, password, address, 5060), []


def _line(
    extension: Extension, user_name: str, auth_name: str, password: str, registrar: str, port: int
) -> SipLine:
    return SipLine(
        screen_name=extension.extension,
        display_name=extension.name,
        user_name=user_name,
        auth_name=auth_name,
        password=password,
        registrar=registrar,
        port=port,
    )
