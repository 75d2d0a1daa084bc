"""Whom to call, and the INVITE that says so (RFC 3261 section 13.2.1)."""

from dataclasses import dataclass

from simulators.core import UDP, Address
from simulators.sip.challenged import Login
from simulators.sip.dialog import Fields, contact, content
from simulators.sip.message import Headers, Request

SDP = "application/sdp"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A call to be made.

    Args:
        to_uri: Request-URI and To.
        from_uri: our address of record; `display` is the name beside it.
        next_hop: where the call's requests are sent, over `transport`.
        contact_user: user part of our Contact.
        body: the offer; without one the peer makes it in its 2xx.
        login: answers 401 and 407.
        headers: further ones.
    """

    to_uri: str
    from_uri: str
    next_hop: Address
    transport: str = UDP
    display: str = ""
    contact_user: str = ""
    body: bytes = b""
    content_type: str = SDP
    login: Login | None = None
    headers: Fields = ()

    def request(self, local: Address, call_id: str, tag: str) -> Request:
        """The INVITE, from our address on its transport."""
        quoted = self.display.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{quoted}" ' if quoted else ""
        items = [
            ("Max-Forwards", "70"),
            ("From", f"{name}<{self.from_uri}>;tag={tag}"),
            ("To", f"<{self.to_uri}>"),
            ("Call-ID", call_id),
            ("CSeq", "1 INVITE"),
            ("Contact", contact(self.contact_user, local, self.transport)),
            *self.headers,
            *content(self.body, self.content_type),
        ]
        return Request("INVITE", self.to_uri, Headers(items), self.body)
