"""LDAP on the wire (RFC 4511) by pyasn1: cutting a stream into messages, reading and making them.

Pure. What is malformed is an ``LdapFormatError`` and never anything else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1_modules import rfc2251

LONGEST_MESSAGE = 64 * 1024
"""Octets of a client's message."""

_SEQUENCE = 0x30


class LdapFormatError(ValueError):
    """Octets that are not LDAP, or too many of them."""


class ResultCode(IntEnum):
    """Outcomes (RFC 4511 section 4.1.9)."""

    SUCCESS = 0
    PROTOCOL_ERROR = 2
    TIME_LIMIT_EXCEEDED = 3
    SIZE_LIMIT_EXCEEDED = 4
    AUTH_METHOD_NOT_SUPPORTED = 7
    UNAVAILABLE_CRITICAL_EXTENSION = 12
    NO_SUCH_OBJECT = 32
    INVALID_CREDENTIALS = 49
    UNWILLING_TO_PERFORM = 53


@dataclass(frozen=True, slots=True)
class Message:
    """A client's message: its id, the name of its operation, and that operation."""

    id: int
    operation: str
    body: Any
    has_critical_control: bool


RESPONSES: Mapping[str, str] = {
    "bindRequest": "bindResponse",
    "searchRequest": "searchResDone",
    "modifyRequest": "modifyResponse",
    "addRequest": "addResponse",
    "delRequest": "delResponse",
    "modDNRequest": "modDNResponse",
    "compareRequest": "compareResponse",
    "extendedReq": "extendedResp",
}
"""What answers each operation; ``unbindRequest`` and ``abandonRequest`` have no answer."""


class MessageReader:
    """Cuts a stream of octets into messages, however the octets arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Messages that are complete now.

        Raises:
            LdapFormatError: no LDAP; what follows cannot be told apart.
        """
        self._buffer += data
        messages = []
        while (length := _whole_length(self._buffer)) is not None and length <= len(self._buffer):
            messages.append(parse_message(bytes(self._buffer[:length])))
            del self._buffer[:length]
        return messages


def parse_message(octets: bytes) -> Message:
    """Read one whole message.

    Raises:
        LdapFormatError: it is none.
    """
    try:
        found, rest = decoder.decode(octets, asn1Spec=rfc2251.LDAPMessage())
        number = int(found["messageID"])
        choice = found["protocolOp"]
        name, body = choice.getName(), choice.getComponent()
        controls = found["controls"]
        critical = controls.isValue and any(bool(control["criticality"]) for control in controls)
    except (PyAsn1Error, RecursionError, ValueError, IndexError, TypeError, KeyError) as error:
        raise LdapFormatError(f"no LDAP message ({type(error).__name__})") from None
    if rest or number < 0:
        raise LdapFormatError("no LDAP message")
    return Message(number, str(name), body, critical)


def result(number: int, response: str, code: ResultCode, text: str = "", dn: str = "") -> bytes:
    """An outcome; ``response`` is one of ``RESPONSES``."""
    message = rfc2251.LDAPMessage()
    message["messageID"] = number
    body = message["protocolOp"][response]
    body["resultCode"] = int(code)
    body["matchedDN"] = dn
    body["errorMessage"] = text
    octets: bytes = encoder.encode(message)
    return octets


def entry(number: int, dn: str, attributes: Mapping[str, Sequence[str]]) -> bytes:
    """One entry that was found; an attribute without values where only types were asked for."""
    message = rfc2251.LDAPMessage()
    message["messageID"] = number
    found = message["protocolOp"]["searchResEntry"]
    found["objectName"] = dn.encode()
    found["attributes"].clear()
    for position, (name, values) in enumerate(attributes.items()):
        item = found["attributes"][position]
        item["type"] = name
        item["vals"].clear()
        for value in values:
            item["vals"].append(value.encode())
    octets: bytes = encoder.encode(message)
    return octets


def _whole_length(buffer: bytearray) -> int | None:
    """Octets of the first message in the buffer; ``None`` while that cannot be told yet."""
    if not buffer:
        return None
    if buffer[0] != _SEQUENCE:
        raise LdapFormatError("no LDAP message")
    if len(buffer) < 2:
        return None
    first = buffer[1]
    if first < 0x80:
        return 2 + first
    octets = first & 0x7F
    if not 1 <= octets <= 4:
        raise LdapFormatError("a message of no definite length")  # RFC 4511 section 5.1
    if len(buffer) < 2 + octets:
        return None
    length = 2 + octets + int.from_bytes(buffer[2 : 2 + octets], "big")
    if length > LONGEST_MESSAGE:
        raise LdapFormatError(f"a message of {length} octets; at most {LONGEST_MESSAGE} are")
    return length
