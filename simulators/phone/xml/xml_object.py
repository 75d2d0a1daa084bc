"""The XML objects that a phone is given, as far as this one obeys: Execute (domain reference 3.5).

Anything else, and anything that is no XML, is reported as what it is. Document type declarations
are refused: a phone needs no entities, and they are how XML is made to explode.
"""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

MAX_OBJECT = 65_536
"""Octets of the largest object that is read."""


@dataclass(frozen=True, slots=True)
class Execute:
    """An `AastraIPPhoneExecute`: the URIs of its items in order, `Command.

    FastReboot` and the like.
    """

    uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """An empty answer: there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something else, and what it is."""

    reason: str


def read_object(data: bytes) -> Execute | Nothing | Unusable:
    """Read one object; never raises."""
    if not data.strip():
        return Nothing()
    if len(data) > MAX_OBJECT:
        return Unusable(f"the object has {len(data)} octets, {MAX_OBJECT} at most are read")
    if b"<!" in data.replace(b"<!--", b""):
        return Unusable("a document type or CDATA is not accepted")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return Unusable(f"no XML: {error}")
    if root.tag != "AastraIPPhoneExecute":
        return Unusable(f"a {root.tag} object, expected AastraIPPhoneExecute")
    items = [child for child in root if child.tag == "ExecuteItem"]
    if not items:
        return Unusable("AastraIPPhoneExecute without an ExecuteItem")
    return Execute(tuple(" ".join(item.get("URI", "").split()) for item in items))
