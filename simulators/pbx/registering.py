"""What a REGISTER asks for, as the registrar takes it from either of its readers; pure."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from simulators.core import Address
from simulators.sip.digest import Credentials
from simulators.sip.headers import NameAddress, cseq, seconds
from simulators.sip.transaction_events import RequestReceived

Contact = tuple[str, int | None]
"""The URI of a contact, and the expiry that it asks for itself."""


class Asked(Protocol):
    """A REGISTER, whoever has read it."""

    @property
    def user(self) -> str:
        """The user part of To."""

    @property
    def call_id(self) -> str:
        """As it came."""

    @property
    def cseq(self) -> int:
        """The number of its CSeq."""

    @property
    def contacts(self) -> Sequence[Contact | str]:
        """Read already, or values as they came."""

    @property
    def expires(self) -> int | None:
        """Seconds, of the header."""

    @property
    def authorization(self) -> Credentials | str | None:
        """Read already, or its value as it came; "" or None where there is none."""

    @property
    def peer(self) -> Address:
        """Who sent it."""

    @property
    def transport(self) -> str:
        """How it came."""


class Registering(NamedTuple):
    """One that came whole."""

    user: str
    call_id: str
    cseq: int
    contacts: Sequence[str]
    expires: int | None
    authorization: str
    peer: Address
    transport: str

    @classmethod
    def of(cls, received: RequestReceived) -> "Registering":
        """Read its headers.

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


def read_contact(value: str) -> Contact:
    """Read one value of Contact.

    Raises:
        MalformedMessage: it is no SIP address.
    """
    contact = NameAddress.parse(value)
    return str(contact.uri), seconds(contact.params.get("expires", ""))
