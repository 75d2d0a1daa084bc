"""Requests outside of any dialog that the MBG makes itself, pure (RFC 3261 section 8.1.1)."""

from collections.abc import Iterable

from simulators.core import Entropy
from simulators.sip.message import Headers, Request

MAX_FORWARDS = 70


def make(
    method: str,
    uri: str,
    *,
    sender: str,
    recipient: str,
    host: str,
    entropy: Entropy,
    max_forwards: int = MAX_FORWARDS,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Request:
    """A request to `uri`.

    Args:
        sender, recipient: URIs of From and To.
        host: our own, in the Call-ID.
        headers: further ones.
    """
    items = [
        ("Max-Forwards", str(max_forwards)),
        ("From", f"<{sender}>;tag={entropy(4).hex()}"),
        ("To", f"<{recipient}>"),
        ("Call-ID", f"{entropy(8).hex()}@{host}"),
        ("CSeq", f"1 {method}"),
        ("User-Agent", "MBG"),
        *headers,
    ]
    return Request(method, uri, Headers(items), body)
