"""What is left of a request that can't be read: enough to refuse it (RFC 3261 section 8.2).

Only called for messages that the parser gave up on, so it takes whatever lines make sense.
"""

import re

from simulators.sip.message import Headers, Request
from simulators.sip.vocabulary import canonical

_START = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) .+ SIP/(\d+\.\d+)\s*", re.IGNORECASE)
_VERSION = re.compile(r"SIP\s*/\s*\d+\.\d+\s*/", re.IGNORECASE)
NEEDED = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq"}
"""What a response copies (section 8.2.6.2)."""


def salvage(data: bytes) -> tuple[Request, int] | None:
    """The request with the headers that a response needs, and the status to refuse it with.

    None if it is no request, an ACK, or lacks one of these headers.
    """
    lines = data.lstrip(b"\r\n").decode("utf-8", "replace").splitlines()
    start = _START.fullmatch(lines[0]) if lines else None
    if start is None or start[1] == "ACK":
        return None
    found: dict[str, list[str]] = {}
    latest: list[str] = []
    for line in lines[1:]:
        if not line:
            break
        if line[0] in " \t":
            if latest:
                latest[-1] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        latest = found.setdefault(canonical(name.strip()), []) if colon else []
        latest.append(value.strip())
    if any(not found.get(name, [""])[0] for name in NEEDED):
        return None
    status = 400 if start[2] == "2.0" else 505
    if status == 505:  # its Via says the same version, and we can answer in ours only
        found["via"] = [_VERSION.sub("SIP/2.0/", via, count=1) for via in found["via"]]
    items = [
        (written, value)
        for name, written in NEEDED.items()
        for value in (found[name] if name == "via" else found[name][:1])
    ]
    return Request(start[1], "sip:unreadable", Headers(items)), status
