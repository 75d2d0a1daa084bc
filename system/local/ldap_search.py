"""A read-only directory below ``dc=mcs``: entries, filters, scopes (RFC 4511 4.5, 4512). Pure.

Filters are judged by three values: true, false, and undefined (``None``) where an entry has no
such attribute or the matching rule is not known; ``not`` leaves undefined undefined.
The codec reads filters nested three deep; deeper ones do not come this far.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from system.local.ldap_messages import LdapFormatError
from system.phones.directory_person import Person

BASE_DN = "dc=mcs"
ATTRIBUTES = ("objectClass", "cn", "sn", "givenName", "telephoneNumber", "o")
"""What an entry may have, as spelled in answers."""

_BY_NAME = {name.lower(): name for name in ATTRIBUTES}
_BASE_OBJECT, _ONE_LEVEL, _SUBTREE = 0, 1, 2
_ESCAPED = re.compile(r'[,+"\\<>;=#]')


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its name, and the values of its attributes."""

    dn: str
    attributes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Query:
    """A search as asked for."""

    base: str
    scope: int
    size_limit: int
    time_limit_s: int
    types_only: bool
    wanted: tuple[str, ...]
    filter: Any = field(repr=False)


ROOT = Entry(BASE_DN, {"objectClass": ("top", "domain")})
ROOT_DSE = Entry(
    "",
    {
        "objectClass": ("top",),
        "namingContexts": (BASE_DN,),
        "supportedLDAPVersion": ("3",),
    },
)


def entries_of(people: Iterable[Person]) -> list[Entry]:
    """The directory's entries, the root first."""
    return [ROOT, *(_entry(person) for person in people)]


def query_of(body: Any) -> Query:
    """Read a ``SearchRequest``.

    Raises:
        LdapFormatError: a value that cannot be used.
    """
    try:
        return Query(
            bytes(body["baseObject"]).decode(),
            int(body["scope"]),
            int(body["sizeLimit"]),
            int(body["timeLimit"]),
            bool(body["typesOnly"]),
            tuple(bytes(name).decode("ascii") for name in body["attributes"]),
            body["filter"],
        )
    except (UnicodeDecodeError, ValueError, TypeError) as error:
        raise LdapFormatError(f"no search ({type(error).__name__})") from None


def candidates(query: Query, entries: Sequence[Entry]) -> Sequence[Entry] | None:
    """The entries in the search's base and scope; ``None`` where there is no such base."""
    base = _plain_dn(query.base)
    if base == "":
        return [ROOT_DSE] if query.scope == _BASE_OBJECT else entries
    if base == _plain_dn(BASE_DN):
        if query.scope == _BASE_OBJECT:
            return entries[:1]
        return entries[1:] if query.scope == _ONE_LEVEL else entries
    found = [one for one in entries if _plain_dn(one.dn) == base]
    if not found:
        return None
    return [] if query.scope == _ONE_LEVEL else found


def matches(entry: Entry, condition: Any) -> bool | None:
    """Judge an entry by a filter."""
    kind, body = condition.getName(), condition.getComponent()
    match kind:
        case "and":
            results = [matches(entry, part) for part in body]
            return False if False in results else None if None in results else True
        case "or":
            results = [matches(entry, part) for part in body]
            return True if True in results else None if None in results else False
        case "not":
            inner = matches(entry, body)
            return None if inner is None else not inner
        case "present":
            return _values(entry, bytes(body)) is not None
        case "equalityMatch" | "approxMatch":
            values = _values(entry, bytes(body["attributeDesc"]))
            wanted = _folded(bytes(body["assertionValue"]))
            return None if values is None else any(_folded(value) == wanted for value in values)
        case "substrings":
            values = _values(entry, bytes(body["type"]))
            return None if values is None else any(_has_parts(v, body) for v in values)
        case _:
            return None  # ordering and extensible matches: no attribute here has such a rule


def shown(entry: Entry, query: Query) -> dict[str, tuple[str, ...]]:
    """The attributes that were asked for; all where none was named, or ``*``."""
    wanted = {name.lower() for name in query.wanted}
    every = not wanted or "*" in wanted
    found = {
        name: values for name, values in entry.attributes.items() if every or name.lower() in wanted
    }
    return dict.fromkeys(found, ()) if query.types_only else found


def _entry(person: Person) -> Entry:
    name = person.full_name
    attributes: dict[str, tuple[str, ...]] = {
        "objectClass": ("top", "person", "organizationalPerson", "inetOrgPerson"),
        "cn": (name,),
        "sn": (person.last_name or name,),
    }
    if person.first_name:
        attributes["givenName"] = (person.first_name,)
    attributes["telephoneNumber"] = (person.number,)
    if person.company:
        attributes["o"] = (person.company,)
    dn = f"cn={_escaped(name)}+telephoneNumber={_escaped(person.number)},{BASE_DN}"
    return Entry(dn, attributes)


def _values(entry: Entry, name: bytes) -> tuple[str, ...] | None:
    text = name.decode("ascii", "replace").partition(";")[0].lower()
    spelled = _BY_NAME.get(text)
    if spelled is None:
        found = [n for n in entry.attributes if n.lower() == text]
        spelled = found[0] if found else ""
    return entry.attributes.get(spelled)


def _has_parts(value: str, body: Any) -> bool:
    """Substrings in their order (RFC 4511 section 4.5.1.7.2)."""
    text, position = _folded(value), 0
    parts = [(part.getName(), _folded(bytes(part.getComponent()))) for part in body["substrings"]]
    for kind, part in parts:
        if kind == "initial":
            if not text.startswith(part):
                return False
            position = len(part)
        elif kind == "final":
            return len(text) - position >= len(part) and text.endswith(part)
        else:
            found = text.find(part, position)
            if found < 0:
                return False
            position = found + len(part)
    return True


def _folded(value: str | bytes) -> str:
    """Without case, and with single blanks: the rule of names and of telephone numbers."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return " ".join(text.casefold().split())


def _plain_dn(dn: str) -> str:
    """A DN to be compared: without case and without blanks around its separators."""
    return re.sub(r"\s*([,+=])\s*", r"\1", dn.strip()).casefold()


def _escaped(value: str) -> str:
    """An attribute value in a DN (RFC 4514 section 2.4)."""
    text = _ESCAPED.sub(lambda found: "\\" + found[0], value)
    if text.startswith(" "):
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") and len(text) > 1 else text
