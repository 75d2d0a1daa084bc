"""What a phone answers to requests that belong to no call: OPTIONS, NOTIFY and the rest, pure.

OPTIONS tells what it can (RFC 3261 section 11.2). NOTIFY is taken for `check-sync`, by which a
server asks it to look at its files again, and where it is allowed for `aastra-xml`, a push that
comes through any NAT (domain reference 3.5); other events get 489 (RFC 6665 section 4.1.3).
"""

from dataclasses import dataclass

from simulators.phone.xml.push import NEW_LIMIT, taken
from simulators.sip.dialog import Fields, tag
from simulators.sip.headers import parameters
from simulators.sip.message import Request
from simulators.sip.vocabulary import METHODS

ALLOW = ("Allow", "INVITE, ACK, CANCEL, BYE, INFO, NOTIFY, OPTIONS, UPDATE")
CHECK_SYNC, XML = "check-sync", "aastra-xml"


@dataclass(frozen=True, slots=True)
class CheckSync:
    """A server asks to compare the files, or (`reboot`) to restart in any case, when idle."""

    reboot: bool = False


@dataclass(frozen=True, slots=True)
class XmlNotify:
    """A server pushes an XML object, or with no body asks to call the action URI for that."""

    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer, and what it means for the phone."""

    status: int
    headers: Fields = ()
    event: CheckSync | XmlNotify | None = None


def reply(request: Request, *, xml: bool = False) -> Reply:
    """What to answer; `xml` is `sip xml notify event`."""
    if request.method == "OPTIONS":
        return Reply(200, (ALLOW, ("Accept", "application/sdp")))
    if request.method == "NOTIFY":
        return _notified(request, xml=xml)
    return Reply(405 if request.method in METHODS else 501, (ALLOW,))


def _notified(request: Request, *, xml: bool) -> Reply:
    if tag(request.headers.get("to")):
        return Reply(481)  # a subscription that we never had
    package, _, rest = request.headers.get("event").partition(";")
    event = package.strip().lower()
    if event == XML and xml:
        return _pushed(request.body)
    if event != CHECK_SYNC:
        known = f"{CHECK_SYNC}, {XML}" if xml else CHECK_SYNC
        return Reply(489, (("Allow-Events", known),))
    reboot = parameters(rest).get("reboot", "").lower() == "true"
    return Reply(200, (), CheckSync(reboot))


def _pushed(body: bytes) -> Reply:
    if not body.strip():
        return Reply(200, (), XmlNotify())
    found = taken(body, NEW_LIMIT)
    if found.status != 200:
        return Reply(found.status)
    return Reply(200, (), XmlNotify(found.body))
