"""What a REGISTER asks for, as the registrar takes it from either of its readers; pure."""

from collections.abc import Sequence
from typing import NamedTuple

from simulators.core import Address
from simulators.sip.headers import cseq
from simulators.sip.plain import Plain
from simulators.sip.transaction_events import RequestReceived


class Registering(NamedTuple):
    """A REGISTER; texts are header values as they came, "" where there is none."""

    to: str
    call_id: str
    cseq: int
    contacts: Sequence[str]
    expires: str
    authorization: str
    peer: Address
    transport: str

    @classmethod
    def of(cls, received: RequestReceived) -> "Registering":
        """One that came whole."""
        headers = received.request.headers
        return cls(
            headers.get("to"),
            headers.get("call-id"),
            cseq(headers)[0],
            headers.all("contact"),
            headers.get("expires"),
            headers.get("authorization"),
            received.peer,
            received.transport,
        )

    @classmethod
    def of_plain(cls, plain: Plain, peer: Address, transport: str) -> "Registering | None":
        """One in plain form; None if it brings several contacts, or takes all back."""
        headers = plain.headers
        contact = headers.get("Contact", "")
        if "," in contact or contact == "*":
            return None
        return cls(
            headers["To"],
            headers["Call-ID"],
            plain.cseq,
            (contact,) if contact else (),
            headers.get("Expires", ""),
            headers.get("Authorization", ""),
            peer,
            transport,
        )
