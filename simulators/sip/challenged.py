"""A request once more, with the credentials that a 401 or 407 asked for (RFC 3261 section 22)."""

from dataclasses import dataclass

from simulators.core import Entropy
from simulators.sip.digest import Challenge, Credentials, MalformedDigest, answer
from simulators.sip.headers import cseq
from simulators.sip.message import Headers, Request, Response, canonical

ASKED_IN = {401: "www-authenticate", 407: "proxy-authenticate"}
ANSWERED_IN = {401: "Authorization", 407: "Proxy-Authorization"}


@dataclass(frozen=True, slots=True)
class Login:
    """Digest user name and password; the password is never shown by `repr`."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.username})"


def with_credentials(
    request: Request, response: Response, login: Login, number: int, entropy: Entropy
) -> Request | None:
    """The request with credentials for the response's challenge and a new CSeq number.

    None if nothing in the response can be answered, or if these credentials were refused already.

    Args:
        number: the CSeq number that it gets.
    """
    challenge = first_known(response)
    if challenge is None:
        return None
    field = ANSWERED_IN[response.status]
    items = []
    for name, value in request.headers.items:
        if canonical(name) == field.lower() and _realm(value) == challenge.realm:
            if not challenge.stale:
                return None
            continue
        items.append((name, value))
    credentials = answer(
        challenge,
        method=request.method,
        uri=request.uri,
        username=login.username,
        password=login.password,
        cnonce=entropy(8).hex(),
        count=1,
    )
    headers = Headers([*items, (field, str(credentials))])
    method = cseq(request.headers)[1]
    return Request(
        request.method, request.uri, headers.replaced("CSeq", f"{number} {method}"), request.body
    )


def first_known(response: Response) -> Challenge | None:
    """The topmost challenge whose algorithm we know (RFC 8760 section 2.4)."""
    asked_in = ASKED_IN.get(response.status)
    for name, value in response.headers.items:
        if canonical(name) == asked_in:
            try:
                return Challenge.parse(value)
            except MalformedDigest:
                continue
    return None


def _realm(value: str) -> str:
    try:
        return Credentials.parse(value).realm
    except MalformedDigest:
        return ""
