"""What the gateway's lists hold, as values (``docs/wire.md`` section 2). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from system.oai.codec import OaiFormatError, rows


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One PBX node of ``_XN``."""

    number: int
    name: str
    address: str
    release: str


@dataclass(frozen=True, slots=True)
class StationRecord:
    """One station of ``_QX``; ``device_type`` 38 is a SIP phone, 48 a SIP hot desk."""

    extension: str
    name: str
    device_type: int
    node: int


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """The SIP credentials of one extension, of ``_XC``."""

    extension: str
    auth_name: str
    auth_password: str = field(repr=False)


NODE_WIDTH = 4
STATION_WIDTH = 4
CREDENTIAL_WIDTH = 3
HOT_DESK_WIDTH = 2
STATE_WIDTH = 2


def part_of_list(fields: Sequence[str], width: int) -> Sequence[str]:
    """The items of one frame of a list, ``<more>,<count>,<items...>``.

    Raises:
        OaiFormatError: there are not as many items as the frame says: some were lost on the way,
            and what is missing must not pass for removed.
    """
    if len(fields) < 2 or fields[0] not in ("0", "1"):
        raise OaiFormatError("a list without its count")
    count, items = _number(fields[1]), fields[2:]
    if len(items) != count * width:
        raise OaiFormatError(f"a list of {count} items with {len(items)} fields of {width} each")
    return items


def nodes_down(fields: Sequence[str]) -> frozenset[int] | None:
    """Nodes that do not answer, of a confirmed ``_NO``: ``<count>`` and each ``<node>,<up 0/1>``.

    ``None`` where the gateway does not tell.

    Raises:
        OaiFormatError: there are not as many as it says.
    """
    if not fields:
        return None
    if len(fields) - 1 != _number(fields[0]) * STATE_WIDTH:
        raise OaiFormatError(f"{fields[0]} states of nodes in {len(fields) - 1} fields")
    return frozenset(_number(node) for node, up in rows(list(fields[1:]), STATE_WIDTH) if up == "0")


def node_records(fields: Iterable[str]) -> list[NodeRecord]:
    """Rows of ``_XN``."""
    return [
        NodeRecord(_number(number), name, address, release)
        for number, name, address, release in rows(list(fields), NODE_WIDTH)
    ]


def station_records(fields: Iterable[str]) -> list[StationRecord]:
    """Rows of ``_QX``."""
    return [
        StationRecord(extension, name, _number(device_type), _number(node))
        for extension, name, device_type, node in rows(list(fields), STATION_WIDTH)
    ]


def credential_records(fields: Iterable[str]) -> list[CredentialRecord]:
    """Rows of ``_XC``."""
    return [CredentialRecord(*row) for row in rows(list(fields), CREDENTIAL_WIDTH)]


def hot_desk_places(fields: Iterable[str]) -> dict[str, str]:
    """Rows of ``_XL``: base of each hot desk that is logged in."""
    return {row[0]: row[1] for row in rows(list(fields), HOT_DESK_WIDTH)}


def _number(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise OaiFormatError(f"{value[:32]!r} is not a number")
    return int(value)
