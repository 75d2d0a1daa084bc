"""What a phone answers to requests that belong to no call: OPTIONS, NOTIFY and the rest, pure.

OPTIONS tells what it can (RFC 3261 section 11.2). NOTIFY is taken for `check-sync` alone, by which
a server asks it to look at its files again; other events get 489 (RFC 6665 section 4.1.3).
"""

from dataclasses import dataclass

from simulators.sip.dialog import Fields, tag
from simulators.sip.headers import parameters
from simulators.sip.message import Request
from simulators.sip.vocabulary import METHODS

ALLOW = ("Allow", "INVITE, ACK, CANCEL, BYE, INFO, NOTIFY, OPTIONS, UPDATE")
CHECK_SYNC = "check-sync"


@dataclass(frozen=True, slots=True)
class CheckSync:
    """A server asks to compare the files, or (`reboot`) to restart in any case, when idle."""

    reboot: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer, and what it means for the phone."""

    status: int
    headers: Fields = ()
    event: CheckSync | None = None


def reply(request: Request) -> Reply:
    """What to answer."""
    if request.method == "OPTIONS":
        return Reply(200, (ALLOW, ("Accept", "application/sdp")))
    if request.method == "NOTIFY":
        return _notified(request)
    return Reply(405 if request.method in METHODS else 501, (ALLOW,))


def _notified(request: Request) -> Reply:
    if tag(request.headers.get("to")):
        return Reply(481)  # a subscription that we never had
    package, _, rest = request.headers.get("event").partition(";")
    if package.strip().lower() != CHECK_SYNC:
        return Reply(489, (("Allow-Events", CHECK_SYNC),))
    reboot = parameters(rest).get("reboot", "").lower() == "true"
    return Reply(200, (), CheckSync(reboot))
