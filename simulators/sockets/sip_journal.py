"""How SIP messages get into the journal: parsed only there, and only while the journal is on."""

from simulators.core import UDP, Address
from simulators.journal import Journal
from simulators.sip.headers import NameAddress
from simulators.sip.message import MalformedMessage, Request, parse


def record_sip(
    journal: Journal, source: Address, destination: Address, data: bytes, transport: str = UDP
) -> None:
    """Journal one SIP message; what can't be parsed is kept with the reason."""
    try:
        message = parse(data)
        cseq_words = message.headers.get("cseq").split()
        user = NameAddress.parse(message.headers.get("to")).uri.user
    except MalformedMessage as error:
        journal.sip(
            source, destination, method="?", status=None, reason=str(error), user="", call_id="",
            warning="", raw=data, transport=transport,
        )  # fmt: skip
        return
    request = isinstance(message, Request)
    journal.sip(
        source,
        destination,
        method=message.method if isinstance(message, Request) else (cseq_words or ["", "?"])[-1],
        status=None if request else message.status,  # type: ignore[union-attr]
        reason="" if request else message.reason,  # type: ignore[union-attr]
        user=user,
        call_id=message.headers.get("call-id"),
        warning=message.headers.get("warning"),
        raw=data,
        transport=transport,
    )


def first_word(data: bytes) -> str:
    """What a message begins with, short, for entries on messages that get lost."""
    return data[:80].split(b" ", 1)[0].decode("ascii", "replace")
