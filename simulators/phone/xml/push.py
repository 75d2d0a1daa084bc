"""An HTTP push to a phone: who may, how long, what (domain reference 3.5), pure."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

POST_LIST = "xml application post list"
OLD_LIMIT, NEW_LIMIT = 2150, 10_000
"""Octets of a body by the old guide and by the newer one."""
_URL_ENCODED = (b"xml=%3C", b"xml=%3c", b"xml=%3F", b"xml=%EF")
_PREFIX = b"xml="


@dataclass(frozen=True, slots=True)
class Answer:
    """What the phone answers, and the object's octets where it takes them."""

    status: int
    reason: str = ""
    body: bytes = b""


def allowed_senders(configuration: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses of `xml application post list`, as they are written there."""
    text = configuration.get(POST_LIST, "").strip("\"'")
    return tuple(part for part in text.replace(",", " ").split() if part)


def may_send(sender: str, senders: tuple[str, ...]) -> bool:
    """Whether an address is one of the list; an entry may end in `*`."""
    for entry in senders:
        if entry == sender or (entry.endswith("*") and sender.startswith(entry[:-1])):
            return True
        try:
            if ipaddress.ip_address(sender) in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:
            continue
    return False


def admitted(method: str, path: str, sender: str, senders: tuple[str, ...]) -> Answer:
    """What is said before the body is looked at: 200 where it may come."""
    if not may_send(sender, senders):
        return Answer(403, f"{sender} is not in the XML application post list")
    if path.partition("?")[0] != "/":
        return Answer(404, "expected /")
    if method != "POST":
        return Answer(405, "expected POST")
    return Answer(200)


def taken(body: bytes, limit: int) -> Answer:
    """The object in a body: after `xml=`, as it is, or url-encoded as forms are."""
    if len(body) > limit:
        return Answer(413, f"the body has {len(body)} octets, {limit} at most are taken")
    text = body.strip()
    if text.startswith(_URL_ENCODED):
        text = unquote_to_bytes(text.replace(b"+", b" "))
    if text.startswith(_PREFIX):
        text = text[len(_PREFIX) :]
    elif not text.startswith(b"<"):
        return Answer(400, "expected xml=<object>")
    return Answer(200, "", text)
