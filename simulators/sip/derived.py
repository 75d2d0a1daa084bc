"""Requests that are made from an INVITE: the ACK of its refusal, and its CANCEL."""

from simulators.sip.headers import cseq
from simulators.sip.message import Headers, Request, Response, canonical

MAGIC = "z9hG4bK"
"""How each branch of RFC 3261 begins (section 8.1.1.7)."""

COPIED = ("from", "call-id", "route")


def ack_of(invite: Request, response: Response) -> Request:
    """The ACK of a final response other than 2xx (RFC 3261 section 17.1.1.3).

    Args:
        invite: as it was sent, our Via on top.
        response: the refusal, whose To has the peer's tag.
    """
    return _derived("ACK", invite, response.headers.get("to"))


def cancel_of(invite: Request) -> Request:
    """The CANCEL of an INVITE as it was sent (section 9.1)."""
    return _derived("CANCEL", invite, invite.headers.get("to"))


def _derived(method: str, invite: Request, to: str) -> Request:
    items = [
        ("Via", invite.headers.all("via")[0]),
        ("Max-Forwards", "70"),
        *((name, value) for name, value in invite.headers.items if canonical(name) in COPIED),
        ("To", to),
        ("CSeq", f"{cseq(invite.headers)[0]} {method}"),
    ]
    return Request(method, invite.uri, Headers(items))
