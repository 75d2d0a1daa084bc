"""What a UAS looks at before it works on a request (RFC 3261 section 8.2), as pure functions.

The transaction layer has seen to Via, Call-ID, From, To and CSeq before. Which methods and users
there are is the UAS's own business, and so is digest.
"""

from collections.abc import Collection
from dataclasses import dataclass

from simulators.sip.headers import NameAddress, Uri, parameters, seconds
from simulators.sip.message import MalformedMessage, Request, Response, canonical, response_to

SINGLE = frozenset(
    (
        "call-id",
        "content-disposition",
        "content-length",
        "content-type",
        "cseq",
        "expires",
        "from",
        "max-forwards",
        "to",
    )
)
"""Headers that a request has at most once (section 7.3.1)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused before anybody works on it."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()

    def response(self, request: Request, to_tag: str) -> Response:
        """The answer that says so."""
        return response_to(
            request, self.status, headers=self.headers, to_tag=to_tag, reason=self.reason
        )


def refusal(
    request: Request,
    *,
    extensions: Collection[str] = (),
    content_types: Collection[str] = ("application/sdp",),
) -> Refusal | None:
    """Why a UAS can't take this request, or None.

    Args:
        extensions: option tags that the UAS knows, for Require.
        content_types: what it takes as the body of an INVITE, in lower case.
    """
    return (
        _repeated(request)
        or _request_uri(request)
        or _max_forwards(request)
        or _required(request, extensions)
        or (_offer(request, content_types) if request.method == "INVITE" else None)
    )


def too_many_hops(request: Request) -> Refusal | None:
    """Why an element that would pass the request on may not (section 16.3 step 3), or None."""
    if request.headers.get("max-forwards").strip() == "0":
        return Refusal(483, "Too Many Hops")
    return None


def _repeated(request: Request) -> Refusal | None:
    seen = set()
    for name, _ in request.headers.items:
        full = canonical(name)
        if full in SINGLE:
            if full in seen:
                return Refusal(400, f"{name} comes twice")
            seen.add(full)
    return None


def _request_uri(request: Request) -> Refusal | None:
    scheme, colon, _ = request.uri.partition(":")
    if not colon:
        return Refusal(400, "The Request-URI is no URI")
    if scheme.lower() not in ("sip", "sips"):
        return Refusal(416, "Unsupported URI Scheme")
    try:
        Uri.parse(request.uri)
    except MalformedMessage:
        return Refusal(400, "The Request-URI can't be read")
    return None


def _max_forwards(request: Request) -> Refusal | None:
    text = request.headers.get("max-forwards").strip()
    hops = seconds(text)  # any number of leading zeros
    if text and (hops is None or hops > 255):
        return Refusal(400, "Max-Forwards is no number up to 255")
    return None


def _required(request: Request, extensions: Collection[str]) -> Refusal | None:
    if request.method in ("ACK", "CANCEL"):  # section 8.2.2.3
        return None
    unknown = [tag for tag in request.headers.all("require") if tag.lower() not in extensions]
    if not unknown:
        return None
    return Refusal(420, "Bad Extension", (("Unsupported", ", ".join(unknown)),))


def _offer(request: Request, content_types: Collection[str]) -> Refusal | None:
    """Contact (section 12.1.1) and body (section 8.2.3) of an INVITE."""
    headers = request.headers
    contacts = headers.all("contact")
    try:
        if len(contacts) != 1:
            return Refusal(400, "An INVITE has one Contact")
        NameAddress.parse(contacts[0])
    except MalformedMessage:
        return Refusal(400, "The Contact can't be read")
    disposition = parameters(headers.get("content-disposition").partition(";")[2])
    if not request.body or disposition.get("handling", "").lower() == "optional":
        return None
    kind = headers.get("content-type").partition(";")[0].strip().lower()
    if not kind:
        return Refusal(400, "The body has no Content-Type")
    if kind not in content_types:
        return Refusal(415, "Unsupported Media Type", (("Accept", ", ".join(content_types)),))
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return Refusal(415, "Unsupported Media Type", (("Accept-Encoding", "identity"),))
    return None
