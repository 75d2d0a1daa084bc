"""A directory as a table: CSV (RFC 4180), as spreadsheets write and open it. Pure.

The first line names the columns, in any order and case; ``number`` has to be among them. Commas or
semicolons separate, as the spreadsheet's language wants it.
"""

import csv
import io
from collections.abc import Iterable
from typing import Protocol

COLUMNS = ("first_name", "last_name", "company", "number")


class Line(Protocol):
    """What is written of one entry."""

    @property
    def first_name(self) -> str: ...
    @property
    def last_name(self) -> str: ...
    @property
    def company(self) -> str: ...
    @property
    def number(self) -> str: ...


class TableUnreadable(ValueError):
    """It is no such table; says where and what was expected."""


def written(lines: Iterable[Line]) -> str:
    """The table of these entries, its columns named."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerows([getattr(line, name) for name in COLUMNS] for line in lines)
    return text.getvalue()


def read(text: str) -> list[dict[str, str]]:
    """The entries of a table, as the API takes them; empty lines are passed over.

    Raises:
        TableUnreadable: no column ``number``, an unknown column, or a line that doesn't fit.
    """
    text = text.removeprefix("\ufeff")
    first = text.splitlines()[0] if text.strip() else ""
    table = csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ",", strict=True)
    try:
        rows = [(table.line_num, row) for row in table if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise TableUnreadable(f"Line {table.line_num} can't be read: {error}.") from None
    if not rows:
        raise TableUnreadable("The table is empty; its first line names the columns.")
    names = [cell.strip().lower().replace(" ", "_") for cell in rows[0][1]]
    _check_columns(names)
    entries = []
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise TableUnreadable(f"Line {line} has {len(row)} columns, not {len(names)}.")
        entry = dict.fromkeys(COLUMNS, "") | dict(
            zip(names, (cell.strip() for cell in row), strict=True)
        )
        if not entry["number"]:
            raise TableUnreadable(f"Line {line} has no number.")
        entries.append(entry)
    return entries


def _check_columns(names: list[str]) -> None:
    known = ", ".join(COLUMNS)
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "number" not in names or len({*names}) != len(names):
        found = ", ".join(name[:32] for name in names)
        raise TableUnreadable(
            f"The first line has to name the columns ({known}; number is needed), not: {found}."
        )
