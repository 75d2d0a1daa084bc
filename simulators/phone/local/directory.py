"""Directories: CSV files of contacts, and whose number one is (wire contract 3, domain ref. 3.3).

A row is `first name,last name,company,number`; a first row that says so is a heading. At most 5,000
rows of a file are kept. Anything may come, so nothing here raises.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_ROWS = 5_000
MAX_DIRECTORY = 2_097_152
"""Octets of a file that are read."""
MATCHED_DIGITS = 7
"""Of two numbers of different length, so many last digits have to be the same at least."""
COLUMNS = 4
HEADING = "number"


@dataclass(frozen=True, slots=True)
class Contact:
    """One row."""

    first_name: str
    last_name: str
    company: str
    number: str

    @property
    def name(self) -> str:
        """As a screen shows it: first and last name, else the company."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.company


@dataclass(frozen=True, slots=True)
class Directory:
    """Contacts in the file's order, and what could not be read."""

    contacts: tuple[Contact, ...] = ()
    problems: tuple[str, ...] = ()
    _by_digits: dict[str, Contact] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, contacts: Iterable[Contact], problems: Iterable[str] = ()) -> "Directory":
        """A directory whose numbers can be looked up; of one number the first contact counts."""
        kept = tuple(contacts)
        found: dict[str, Contact] = {}
        for contact in kept:
            number = digits(contact.number)
            found.setdefault(number, contact)
            if len(number) > MATCHED_DIGITS:
                found.setdefault(number[-MATCHED_DIGITS:], contact)
        return cls(kept, tuple(problems), found)

    @classmethod
    def joined(cls, directories: Iterable["Directory"]) -> "Directory":
        """Several as one, the first ones first."""
        every = tuple(directories)
        return cls.of(
            (c for one in every for c in one.contacts), (p for one in every for p in one.problems)
        )

    def of_number(self, number: str) -> Contact | None:
        """Whose number it is: the same digits, or the same last seven where both have as many."""
        wanted = digits(number)
        found = self._by_digits.get(wanted)
        if found is None and len(wanted) >= MATCHED_DIGITS:
            found = self._by_digits.get(wanted[-MATCHED_DIGITS:])
        return found

    def search(self, text: str) -> tuple[Contact, ...]:
        """Contacts whose names, company or number hold `text`, in any case."""
        wanted = text.casefold()
        return tuple(
            c for c in self.contacts if wanted in f"{c.name} {c.company} {c.number}".casefold()
        )


def digits(number: str) -> str:
    """A number without what people put between the digits."""
    return "".join(c for c in number if c in "0123456789*#")


def read_directory(data: bytes) -> Directory:
    """Read a CSV file; never raises."""
    problems: list[str] = []
    text = data[:MAX_DIRECTORY].decode("utf-8-sig", "replace")
    if len(data) > MAX_DIRECTORY:
        problems.append(f"the file has {len(data)} octets; {MAX_DIRECTORY} are read")
    contacts: list[Contact] = []
    lines = text.replace("\0", "").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if len(contacts) >= MAX_ROWS:
            problems.append(f"row {number}: {MAX_ROWS} contacts are kept, the others are not")
            break
        contact = _contact(line)
        if contact is not None:
            contacts.append(contact)
        elif number > 1 or not line.strip().lower().endswith(HEADING):
            problems.append(f"row {number}: expected {COLUMNS} fields, the last a number")
    return Directory.of(contacts, problems)


def _contact(line: str) -> Contact | None:
    """One row, which may quote fields but has no line breaks in them."""
    try:
        fields = [part.strip() for part in next(csv.reader([line]), [])]
    except csv.Error:
        return None
    if len(fields) < COLUMNS or not digits(fields[3]):
        return None
    return Contact(*fields[:COLUMNS])
