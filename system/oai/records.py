"""What the gateway's lists hold, as values (``docs/wire.md`` section 2). Pure."""

from collections.abc import Iterable
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


def node_records(fields: Iterable[str]) -> list[NodeRecord]:
    """Rows of ``_XN``."""
    return [
        NodeRecord(_number(number), name, address, release)
        for number, name, address, release in rows(list(fields), 4)
    ]


def station_records(fields: Iterable[str]) -> list[StationRecord]:
    """Rows of ``_QX``."""
    return [
        StationRecord(extension, name, _number(device_type), _number(node))
        for extension, name, device_type, node in rows(list(fields), 4)
    ]


def credential_records(fields: Iterable[str]) -> list[CredentialRecord]:
    """Rows of ``_XC``."""
    return [CredentialRecord(*row) for row in rows(list(fields), 3)]


def _number(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise OaiFormatError(f"{value[:32]!r} is not a number")
    return int(value)
