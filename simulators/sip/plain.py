"""A lean reader of plain requests over UDP: the form in which nearly all of them come.

Plain is a request whose octets are printable ASCII in lines that end in CRLF, without a body, each
header once, with its usual name and a blank after the colon. `read_plain` gives the same values
as `message.parse` and the look-ups of `headers` do, or None: whatever is unusual is for those. That
both agree is a property that the tests of their user check.
"""

import re
from functools import lru_cache
from operator import methodcaller
from typing import NamedTuple

from simulators.core import Address
from simulators.sip.headers import Uri
from simulators.sip.message import MalformedMessage
from simulators.sip.vocabulary import REASONS, USUAL

PRINTABLE = bytes(range(0x20, 0x7F))
LINE_ENDS = [b"\r\n" * count for count in range(64)]
"""What is left of a plain request of so many lines without its printable octets."""

NAMES = frozenset(USUAL) - {"Require"}
"""Headers that don't change how a request is to be read; Require wants a closer look."""

REMEMBERED, LONGEST = 1000, 200
"""How many start lines, and how long ones, are remembered as read."""

_NAME_AND_VALUE = methodcaller("split", ": ", 1)
_START = re.compile(r"([A-Z]+) (sips?:[!-~]+) SIP/2\.0")
_VIA = re.compile(
    r"SIP/2\.0/UDP ([A-Za-z0-9.-]+)(?::([1-9][0-9]{0,3}|[1-5][0-9]{4}))?"
    r"(;rport)?;branch=(z9hG4bK[A-Za-z0-9.+_-]+)(;rport)?"
)
_CSEQ = re.compile(r"(0|[1-9][0-9]{0,8}) ([A-Z]+)")


class Plain(NamedTuple):
    """A request as its user needs it, and what an answer repeats of it.

    Args:
        key: of its server transaction, as the transaction layer makes it.
        via: with where it came from (RFC 3581).
    """

    method: str
    key: str
    via: str
    cseq: int
    headers: dict[str, str]

    def answer(self, status: int, fields: tuple[tuple[str, str], ...], tag: str) -> bytes:
        """The octets of a final answer without a body (section 8.2.6)."""
        headers = self.headers
        more = "".join([f"{name}: {value}\r\n" for name, value in fields])
        return (
            f"SIP/2.0 {status} {REASONS[status]}\r\nVia: {self.via}\r\nFrom: {headers['From']}\r\n"
            f"To: {headers['To']};tag={tag}\r\nCall-ID: {headers['Call-ID']}\r\n"
            f"CSeq: {headers['CSeq']}\r\n{more}Content-Length: 0\r\n\r\n"
        ).encode()


def read_plain(data: bytes, peer: Address) -> Plain | None:
    """A request that came from `peer`; None if it is not plain, or none that a UAS may take."""
    ends = data.translate(None, PRINTABLE)
    count = len(ends) >> 1
    if count >= len(LINE_ENDS) or ends != LINE_ENDS[count]:
        return None
    start, *lines = data.decode("ascii").split("\r\n")
    if len(lines) != count or lines[-2:] != ["", ""]:
        return None
    del lines[-2:]
    try:
        headers: dict[str, str] = dict(map(_NAME_AND_VALUE, lines))
        via = _VIA.fullmatch(headers["Via"])
        cseq = _CSEQ.fullmatch(headers["CSeq"])
        frm, to, call_id = headers["From"], headers["To"], headers["Call-ID"]
        ends_well = frm[-1] != " " != call_id[-1] and to[-1] == ">"
        whole = ends_well and " " not in (frm[0], to[0], call_id[0])
    except (ValueError, KeyError, IndexError):
        return None
    method = _method(start) if len(start) <= LONGEST else ""
    if (
        via is None
        or cseq is None
        or not whole
        or cseq[2] != method
        or len(headers) != len(lines)
        or not NAMES.issuperset(headers)
        or headers.get("Content-Length", "0") != "0"
        or not _is_hop_count(headers.get("Max-Forwards", "70"))
    ):
        return None
    host, port, before, branch, after = via.groups()
    place = f"{host}:{port}" if port else host
    if before:
        if after:
            return None
        marked = f"SIP/2.0/UDP {place};rport={peer[1]};branch={branch};received={peer[0]}"
    else:
        rport = f";rport={peer[1]}" if after else ""
        marked = f"SIP/2.0/UDP {place};branch={branch}{rport};received={peer[0]}"
    return Plain(method, f"{branch}/{host}:{port}/{method}", marked, int(cseq[1]), headers)


def _is_hop_count(text: str) -> bool:
    return text == "70" or (text.isdigit() and len(text) < 3)


@lru_cache(REMEMBERED)
def _method(start: str) -> str:
    """The method of a start line whose Request-URI is a SIP address; "" of any other line."""
    found = _START.fullmatch(start)
    try:
        return found[1] if found is not None and Uri.parse(found[2]) else ""
    except MalformedMessage:
        return ""
