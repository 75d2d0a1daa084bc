"""What a REGISTER asks for, pure (RFC 3261 section 10.3)."""

from typing import NamedTuple

from simulators.mbg.sip_border.uas import Received
from simulators.sip.headers import NameAddress, seconds
from simulators.sip.message import MalformedMessage
from simulators.sip.plain import Plain

ALL = "*"


class Asked(NamedTuple):
    """The wish of a REGISTER.

    Args:
        contact: a URI; `*` for all there are, "" where the REGISTER only queries.
        expires_s: 0 ends the registration; None leaves the time to us.
    """

    contact: str
    expires_s: int | None = None


def set_username(received: Received) -> str:
    """Whose registration this is: the user part of To.

    Raises:
        MalformedMessage: To is no SIP address.
    """
    if isinstance(received, Plain):
        return received.user
    return NameAddress.parse(received.request.headers.get("to")).uri.user


def asked(received: Received) -> Asked:
    """Read Contact and Expires.

    A set has one binding. Of several contacts the first that is not taken back counts: a phone that
    has moved may take back its old one and bring the new one in one request.

    Raises:
        MalformedMessage: a contact that is no SIP address, or `*` not alone or not with Expires 0.
    """
    if isinstance(received, Plain):
        for contact, own in received.contacts:
            return Asked(contact, received.expires if own is None else own)
        return Asked("")
    headers = received.request.headers
    contacts = headers.all("contact")
    if not contacts:
        return Asked("")
    expires = seconds(headers.get("expires"))
    if ALL in contacts:
        if len(contacts) > 1 or expires != 0:
            raise MalformedMessage("expected Contact: * alone and with Expires: 0")  # step 6
        return Asked(ALL, 0)
    wishes = [_wish(contact, expires) for contact in contacts]
    return next((wish for wish in wishes if wish.expires_s != 0), wishes[0])


def _wish(contact: str, expires: int | None) -> Asked:
    read = NameAddress.parse(contact)
    own = seconds(read.params.get("expires", ""))
    return Asked(str(read.uri), expires if own is None else own)
