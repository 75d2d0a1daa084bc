"""One line of a phone and its call, as a person sees it and as the user agent keeps it, pure."""

from dataclasses import dataclass, field

from simulators.core import Address
from simulators.errors import LocalProtocolError
from simulators.phone.calls.description import Description, offer
from simulators.phone.calls.line_table import TRANSITIONS, Activity, Step
from simulators.phone.calls.srtp import MasterKey
from simulators.phone.calls.unsolicited import ALLOW
from simulators.phone.files.lines import Line
from simulators.sip.call_events import CallEnded, Reason
from simulators.sip.challenged import Login
from simulators.sip.headers import NameAddress, Uri
from simulators.sip.invitation import Invitation
from simulators.sip.message import MalformedMessage, Request

TEXTS = {
    403: "Not allowed",
    404: "No such number",
    408: "No answer",
    480: "Not available",
    486: "Busy",
    488: "No common codec",
    603: "Declined",
}
"""What the screen says of a refused call; the vendor's own words are not public."""
ENDED = "Call ended"


@dataclass(frozen=True, slots=True)
class FarEnd:
    """Whom a call is with: the number, and the name where the call told one."""

    number: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.number}".strip()


@dataclass(frozen=True, slots=True)
class LineChanged:
    """A line went from one activity to another; `ended` is how its call ended, if that was it."""

    line: int
    before: Activity
    after: Activity
    far_end: FarEnd
    ended: CallEnded | None = None


@dataclass(slots=True)
class LineCall:
    """One line.

    Attributes:
        far_end: whom the call is with, or was last.
        incoming: whether the far end called.
        digits: what was dialled so far.
        message: how the last call ended, until the next begins.
        peer: its latest session description, None before the first.
        key: of the call in `Calls`, "" without one.
        port: where we hear it.
        version: of our latest session description.
        srtp_key: with which we encrypt what we say, where `sip srtp mode` is not 0.
        proxy: where calls go now, where that is not the line's own proxy.
    """

    line: Line
    activity: Activity = Activity.IDLE
    far_end: FarEnd = field(default_factory=FarEnd)
    incoming: bool = False
    digits: str = ""
    message: str = ""
    peer: Description | None = None
    key: str = ""
    port: Address = ("", 0)
    version: int = 0
    proxy: Address | None = None
    srtp_key: MasterKey | None = None

    @property
    def number(self) -> int:
        """Which line it is."""
        return self.line.number

    @property
    def held_by_peer(self) -> bool:
        """Whether the far end lets us wait."""
        talking = self.activity is Activity.CONNECTED
        return talking and self.peer is not None and not self.peer.receives

    def takes(self, step: Step) -> bool:
        """Whether this can happen now."""
        return step in TRANSITIONS[self.activity]

    def move(self, step: Step, ended: CallEnded | None = None) -> LineChanged:
        """Go on.

        Raises:
            LocalProtocolError: it can't from here.
        """
        before = self.activity
        try:
            self.activity = TRANSITIONS[before][step]
        except KeyError:
            raise LocalProtocolError(
                f"a line that is {before.value} can't take '{step.value}'"
            ) from None
        return LineChanged(self.number, before, self.activity, self.far_end, ended)

    def begin(self, key: str, far_end: FarEnd, port: Address, *, incoming: bool) -> None:
        """Another call."""
        self.key, self.far_end, self.port, self.incoming = key, far_end, port, incoming
        self.peer, self.version, self.message = None, 0, ""

    def offer(self, direction: str = "sendrecv") -> bytes:
        """Our session description where it comes first, a version on."""
        version = self.next_version()
        return offer(self.port, version, direction, srtp=self.line.srtp, key=self.srtp_key)

    def next_version(self) -> int:
        """Of the session description that we are about to send."""
        self.version += 1
        return self.version


def caller(request: Request) -> FarEnd:
    """Who calls; nobody in particular where From can't be read."""
    try:
        found = NameAddress.parse(request.headers.get("from"))
    except MalformedMessage:
        return FarEnd("unknown")
    return FarEnd(found.uri.user or "unknown", found.name)


def invitation(call: LineCall) -> Invitation:
    """The INVITE to the number that was dialled, by the line's account."""
    line, account = call.line, call.line.account
    number = call.digits.replace("#", "%23")  # not allowed as it is (RFC 3261 section 25.1)
    return Invitation(
        to_uri=str(Uri(number, account.domain)),
        from_uri=str(Uri(account.username, account.domain)),
        next_hop=call.proxy or line.proxy,
        transport=account.transport,
        display=line.display_name or line.screen_name,
        contact_user=account.username,
        body=call.offer(),
        login=Login(account.auth_username, account.password),
        headers=(ALLOW, ("User-Agent", account.user_agent)),
    )


def how(ended: CallEnded) -> str:
    """What the screen says of a call's end."""
    if ended.response is not None:
        status = ended.response.status
        return TEXTS.get(status, f"{status} {ended.response.reason}")
    if ended.reason is Reason.TIMEOUT:
        return "No answer"
    return "Connection lost" if ended.reason is Reason.LOST else ENDED
