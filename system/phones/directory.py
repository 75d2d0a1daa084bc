"""What stands in the phones' directories: the PBX's extensions, and what was entered or imported.

One reader for the CSV lists on 8202 and for the LDAP server on 8205.
"""

import csv
import io
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from system.phones.directory_person import Person
from system.storage.database import Database
from system.storage.models import DirectoryEntry, Extension

SYSTEM = ""
"""Owner of the system's directory."""

MOST_ROWS = 5000
"""Rows of one list, as the phones' makers advise."""


class Directory:
    """Reads lists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def system(self) -> list[Person]:
        """The extensions on the PBX, then the entries of the system's directory."""
        async with self._database.read() as session:
            extensions = await session.execute(
                select(Extension.name, Extension.extension)
                .where(Extension.on_pbx.is_(True))
                .order_by(func.length(Extension.extension), Extension.extension)
                .limit(MOST_ROWS)
            )
            people = [_of_extension(name, number) for name, number in extensions]
        return (people + await self.entries(SYSTEM))[:MOST_ROWS]

    async def entries(self, owner: str) -> list[Person]:
        """What was entered for an owner: the system, or an extension's user."""
        async with self._database.read() as session:
            return await entries_of(session, owner)


async def entries_of(session: AsyncSession, owner: str) -> list[Person]:
    """The same in the caller's unit of work."""
    found = await session.scalars(
        select(DirectoryEntry)
        .where(DirectoryEntry.owner == owner)
        .order_by(DirectoryEntry.last_name, DirectoryEntry.first_name, DirectoryEntry.id)
        .limit(MOST_ROWS)
    )
    return [Person(e.first_name, e.last_name, e.company, e.number) for e in found]


def as_csv(people: Iterable[Person]) -> str:
    """``first name,last name,company,number`` a line (RFC 4180), no header."""
    text = io.StringIO()
    writer = csv.writer(text)
    for person in people:
        writer.writerow((person.first_name, person.last_name, person.company, person.number))
    return text.getvalue()


def _of_extension(name: str, number: str) -> Person:
    first, _, last = name.strip().rpartition(" ")
    return Person(first, last, "", number)
