"""A dialog: what both ends of a call know of each other (RFC 3261 section 12).

The remote target is the Request-URI of its requests; where they are sent is the call's business.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from simulators.core import STREAMS, Address
from simulators.sip.headers import NameAddress, cseq
from simulators.sip.message import Headers, MalformedMessage, Request, Response

Fields = tuple[tuple[str, str], ...]
"""Headers by name, in order."""


@dataclass(slots=True)
class Dialog:
    """One end of a dialog.

    Args:
        local, remote: values of From and To with their tags, as we send them.
        target: the peer's Contact.
        routes: values of Route, topmost first.
        contact: our own Contact value.
    """

    call_id: str
    local: str
    remote: str
    target: str
    routes: tuple[str, ...]
    contact: str
    local_cseq: int
    remote_cseq: int = 0

    @property
    def remote_tag(self) -> str:
        return tag(self.remote)

    def request(
        self,
        method: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Request:
        """The next request within the dialog (section 12.2.1.1)."""
        self.local_cseq += 1
        return self._request(method, self.local_cseq, headers, body)

    def ack(
        self, number: int, headers: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> Request:
        """The ACK of the 2xx to our INVITE with this CSeq (section 13.2.2.4)."""
        return self._request("ACK", number, headers, body)

    def refresh(self, message: Request | Response) -> None:
        """Take the peer's new Contact (section 12.2.2)."""
        self.target = _target(message.headers, self.target)

    def _request(
        self, method: str, number: int, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Request:
        items = [
            *(("Route", route) for route in self.routes),
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
        ]
        if method in ("INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"):
            items.append(("Contact", self.contact))
        return Request(method, self.target, Headers([*items, *headers]), body)


def of_caller(invite: Request, response: Response) -> Dialog:
    """The dialog that a response to our INVITE makes (section 12.1.2)."""
    routes = tuple(reversed(response.headers.all("record-route")))
    return Dialog(
        invite.headers.get("call-id"),
        invite.headers.get("from"),
        response.headers.get("to"),
        _target(response.headers, invite.uri),
        routes,
        invite.headers.get("contact"),
        cseq(invite.headers)[0],
    )


def of_callee(invite: Request, local_tag: str, contact: str) -> Dialog:
    """The dialog that our response to an INVITE makes (section 12.1.1)."""
    headers = invite.headers
    return Dialog(
        headers.get("call-id"),
        f"{headers.get('to')};tag={local_tag}",
        headers.get("from"),
        _target(headers, invite.uri),
        tuple(headers.all("record-route")),
        contact,
        0,
        cseq(headers)[0],
    )


def tag(value: str) -> str:
    """The tag of a From or To; "" if it has none or can't be read."""
    try:
        return NameAddress.parse(value).params.get("tag", "")
    except MalformedMessage:
        return ""


def contact(user: str, local: Address, transport: str) -> str:
    """A Contact value for our own address on this transport."""
    place = f"{user}@{local[0]}:{local[1]}" if user else f"{local[0]}:{local[1]}"
    by = f";transport={transport.lower()}" if transport in STREAMS else ""
    return f"<sip:{place}{by}>"


def content(body: bytes, content_type: str) -> Fields:
    """The header that a body wants."""
    return (("Content-Type", content_type),) if body else ()


def _target(headers: Headers, otherwise: str) -> str:
    contacts = headers.all("contact")
    try:
        return str(NameAddress.parse(contacts[0]).uri) if contacts else otherwise
    except MalformedMessage:
        return otherwise
