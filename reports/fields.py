"""Typed access to decoded JSON and TOML: every surprise becomes a ``ReportError`` naming the place.

``Row`` wraps one object and the place it came from. Its readers return exactly the type they
promise, with texts cleaned and numbers finite and bounded; they never guess.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import NoReturn, TypeVar

from reports.errors import ReportError
from reports.text import clean

_LARGEST = 1e15  # beyond this a count, a rate or a duration is a mistake
_WRITER = "correct what writes this file (format: reports/README.md) and run again"

_E = TypeVar("_E", bound=StrEnum)


def decode(
    text: str, where: str, *, expected: str = "one JSON object", remedy: str = _WRITER
) -> object:
    """Return the JSON value in text.

    Raises:
        ReportError: Not JSON, or JSON with NaN, or nested beyond reason.
    """
    try:
        value: object = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ReportError(
            where,
            expected=expected,
            got=f"{clean(text)[:80]!r} ({clean(str(error))})",
            remedy=remedy,
        ) from error
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class Row:
    """One object of a file, read field by field."""

    def __init__(self, value: object, where: str) -> None:
        """Raises ReportError if value is no object with text keys."""
        self.where = where
        if not isinstance(value, Mapping):
            self._refuse(where, "an object with named fields", value)
        self._fields: dict[str, object] = {str(key): item for key, item in value.items()}

    def text(self, name: str, *, blank: bool = True) -> str:
        """Return a text; with ``blank=False`` an empty one is refused."""
        value = self._get(name)
        if not isinstance(value, str):
            self._refuse(name, "a text", value)
        if not blank and not value.strip():
            self._refuse(name, "a text that is not empty", value)
        return clean(value)

    def optional_text(self, name: str) -> str:
        """Return a text, or an empty one where the field is null or missing."""
        return "" if self._fields.get(name) is None else self.text(name)

    def label(self, name: str) -> str:
        """Return a text, a whole number as text, or an empty text for null or nothing."""
        value = self._fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(self.integer(name))
        return self.optional_text(name)

    def number(self, name: str) -> float:
        """Return a number between 0 and 1e15."""
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._refuse(name, "a number", value)
        if not 0 <= value <= _LARGEST:  # false for NaN and infinity too
            self._refuse(name, "a number from 0 to 1e15", value)
        return float(value)

    def optional_number(self, name: str) -> float | None:
        """Return a number, or None where the field is null or missing."""
        return None if self._fields.get(name) is None else self.number(name)

    def integer(self, name: str) -> int:
        """Return a whole number between 0 and 1e15."""
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            self._refuse(name, "a whole number", value)
        if not 0 <= value <= _LARGEST:
            self._refuse(name, "a whole number from 0 to 1e15", value)
        return value

    def optional_integer(self, name: str) -> int | None:
        """Return a whole number, or None where the field is null or missing."""
        return None if self._fields.get(name) is None else self.integer(name)

    def is_null(self, name: str) -> bool:
        """Return whether a field is null or missing."""
        return self._fields.get(name) is None

    def numbers(self, name: str, *, optional: bool = False) -> tuple[float, ...]:
        """Return a list of numbers; empty where ``optional`` and null or missing."""
        if optional and self.is_null(name):
            return ()
        value = self._get(name)
        if not isinstance(value, list):
            self._refuse(name, "a list of numbers", value)
        items = [Row({"number": item}, f'{self.where}, field "{name}"') for item in value]
        return tuple(item.number("number") for item in items)

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self._get(name)
        if not isinstance(value, bool):
            self._refuse(name, "true or false", value)
        return value

    def moment(self, name: str) -> datetime:
        """Return an ISO 8601 time with an offset, as UTC."""
        value = self.text(name)
        try:
            when = datetime.fromisoformat(value)
            if when.tzinfo is None:
                raise ValueError("no offset")
            return when.astimezone(UTC)
        except (ValueError, OverflowError):
            self._refuse(name, 'an ISO 8601 time in UTC such as "2024-11-03T09:12:44.120Z"', value)

    def choice(self, name: str, of: type[_E]) -> _E:
        """Return the member of an enumeration that the text names."""
        value = self._get(name)
        for member in of:
            if value == member.value:
                return member
        self._refuse(name, "one of " + ", ".join(f'"{member.value}"' for member in of), value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse(name, "a list of texts", value)
        return tuple(clean(item) for item in value)

    def integers(self, name: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        value = self._get(name)
        if not isinstance(value, list):
            self._refuse(name, "a list of whole numbers", value)
        if any(isinstance(item, bool) or not isinstance(item, int) for item in value):
            self._refuse(name, "a list of whole numbers", value)
        return tuple(value)

    def optional_row(self, name: str) -> "Row | None":
        """Return a nested object, or None where the field is null or missing."""
        return None if self._fields.get(name) is None else self.row(name)

    def row(self, name: str) -> "Row":
        """Return a nested object."""
        return Row(self._get(name), f'{self.where}, field "{name}"')

    def rows(self, name: str, *, optional: bool = False) -> list["Row"]:
        """Return a list of objects; empty where ``optional`` and null or missing."""
        if optional and self._fields.get(name) is None:
            return []
        value = self._get(name)
        if not isinstance(value, list):
            self._refuse(name, "a list of objects", value)
        return [Row(item, f'{self.where}, field "{name}[{at}]"') for at, item in enumerate(value)]

    def shown(self) -> tuple[tuple[str, str], ...]:
        """Return every field as (name, value as text), for facts that are only shown."""
        return tuple(
            (clean(name), clean(value if isinstance(value, str) else json.dumps(value)))
            for name, value in self._fields.items()
        )

    def refuse(self, name: str, expected: str, got: object, remedy: str = _WRITER) -> NoReturn:
        """Raise the ReportError that says what is wrong with a field."""
        self._refuse(name, expected, got, remedy)

    def _get(self, name: str) -> object:
        if name not in self._fields:
            raise ReportError(
                f'{self.where}, field "{name}"',
                expected="the field to be there",
                got="fields " + clean(", ".join(self._fields) or "none"),
                remedy=_WRITER,
            )
        return self._fields[name]

    def _refuse(self, name: str, expected: str, got: object, remedy: str = _WRITER) -> NoReturn:
        place = self.where if name == self.where else f'{self.where}, field "{name}"'
        shown = clean(json.dumps(got, default=str, ensure_ascii=False))
        raise ReportError(place, expected=expected, got=shown, remedy=remedy)
