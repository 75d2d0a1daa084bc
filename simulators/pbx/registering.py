"""What a REGISTER asks for, as the registrar takes it from either of its readers; pure."""

from collections.abc import Sequence
from typing import NamedTuple

from simulators.core import UDP, Address
from simulators.sip.digest import Credentials
from simulators.sip.headers import NameAddress, cseq, seconds
from simulators.sip.plain import Plain
from simulators.sip.transaction_events import RequestReceived

Contact = tuple[str, int | None]
"""The URI of a contact, and the expiry that it asks for itself."""


class Registering(NamedTuple):
    """A REGISTER.

    Args:
        extension: the user part of To.
        contacts: read already, or values as they came.
        expires: of the header, seconds; None where there is none.
        authorization: read already, or its value as it came; "" or None where there is none.
    """

    extension: str
    call_id: str
    cseq: int
    contacts: Sequence[Contact | str]
    expires: int | None
    authorization: Credentials | str | None
    peer: Address
    transport: str

    @classmethod
    def of(cls, received: RequestReceived) -> "Registering":
        """One that came whole.

        Raises:
            MalformedMessage: its To can't be read.
        """
        headers = received.request.headers
        return cls(
            NameAddress.parse(headers.get("to")).uri.user,
            headers.get("call-id"),
            cseq(headers)[0],
            headers.all("contact"),
            seconds(headers.get("expires")),
            headers.get("authorization"),
            received.peer,
            received.transport,
        )

    @classmethod
    def of_plain(cls, plain: Plain, peer: Address) -> "Registering":
        """One in plain form."""
        _, _, _, _, user, call_id, number, contact, expires, credentials = plain
        contacts = () if contact is None else (contact,)
        return cls(user, call_id, number, contacts, expires, credentials, peer, UDP)


def read_contact(value: str) -> Contact:
    """Read one value of Contact.

    Raises:
        MalformedMessage: it is no SIP address.
    """
    contact = NameAddress.parse(value)
    return str(contact.uri), seconds(contact.params.get("expires", ""))
