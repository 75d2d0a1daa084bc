"""Two ends of calls joined to one conversation: a back-to-back user agent (RFC 7092), pure.

What one end says, the other hears: ringing, answer, refusal, re-INVITE, requests within the call,
hanging up. Each end is a call of its own, with its own dialog, credentials and transport. What
travels between them goes through `Carrier`, who may change it: the MBG puts its own addresses into
session descriptions; the PBX lets them pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypedDict

from simulators.sip.call_events import (
    CallAcknowledged,
    CallAnswered,
    CallEnded,
    CallProgress,
    CallReoffered,
    DialogRequest,
    DialogResponse,
    Reason,
    ReofferRefused,
)
from simulators.sip.calls import Calls
from simulators.sip.dialog import Fields
from simulators.sip.invitation import SDP, Invitation
from simulators.sip.message import Headers, Request, Response, canonical

CARRIED = frozenset((
    "alert-info", "content-disposition", "content-encoding", "event", "info-package",
    "p-asserted-identity", "reason", "retry-after", "subject", "subscription-state", "warning",
))  # fmt: skip
"""Headers that say something to the person or phone at the far end; all others are one hop's."""

STATUS_OF = {Reason.TIMEOUT: 408, Reason.LOST: 503}
"""How the caller hears that the called end never answered."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a conversation: a call of one side."""

    side: str
    key: str


@dataclass(slots=True)
class Conversation:
    """Two ends, of which the caller's was there first."""

    caller: End
    called: End
    answered: bool = False


class Said(TypedDict):
    """What of a message goes on, as the verbs of `Calls` take it."""

    headers: Fields
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request within a call that was carried to the other end, and who wants its answer."""

    end: End
    transaction: str
    request: Request


class Carrier(Protocol):
    """Whoever owns a bridge: changes what is carried and is told how conversations go."""

    def carried(self, conversation: Conversation, frm: End, body: bytes) -> bytes | None:
        """The session description of the end `frm`, as the other shall have it; None: it can't."""

    def ringing(self, conversation: Conversation, status: int, now: float) -> None:
        """The called end makes progress."""

    def talking(self, conversation: Conversation, now: float) -> None:
        """The called end answered."""

    def over(self, conversation: Conversation, why: CallEnded, now: float) -> None:
        """The conversation ends; `why` is of the end that brought it about."""


class Bridge:
    """All conversations of one role.

    Args:
        sides: the calls of each side by its name; one side may be all there is.
    """

    def __init__(self, sides: Mapping[str, Calls], carrier: Carrier) -> None:
        self._sides = sides
        self._carrier = carrier
        self._of: dict[End, Conversation] = {}
        self._asked: dict[tuple[End, str], _Asked] = {}  # by end and transaction of the copy

    def __len__(self) -> int:
        return len(self.conversations())

    def conversations(self) -> list[Conversation]:
        """All that are under way, in the order they began."""
        return [c for end, c in self._of.items() if end == c.caller]

    def join(self, caller: End, to: str, invitation: Invitation, now: float) -> Conversation:
        """Call somebody on the side `to` for the call that was offered at the end `caller`.

        The invitation's body is the caller's offer, changed already.
        """
        called = End(to, self._sides[to].invite(invitation, now))
        conversation = Conversation(caller, called)
        self._of[caller] = self._of[called] = conversation
        return conversation

    def hang_up(self, conversation: Conversation, now: float) -> None:
        """End a conversation at both ends; the carrier hears that it is over."""
        for end in (conversation.caller, conversation.called):
            self._sides[end.side].hang_up(end.key, now)

    def take(self, side: str, event: object, now: float) -> bool:
        """Take an event of the side's calls; False if it belongs to no conversation."""
        end = End(side, getattr(event, "key", ""))
        conversation = self._of.get(end)
        if conversation is None:
            return False
        other = conversation.called if end == conversation.caller else conversation.caller
        calls = self._sides[other.side]
        match event:
            case CallProgress(_, response):
                self._progress(conversation, end, other, response, now)
            case CallAnswered(_, response):
                self._answered(conversation, end, other, response, now)
            case CallAcknowledged(_, request):
                said = self._said(conversation, end, request) or NOTHING
                calls.acknowledge(other.key, **said)
            case CallReoffered(_, request):
                self._reoffered(conversation, end, other, request, now)
            case ReofferRefused(_, response):
                self._refuse(other, response, now)
            case DialogRequest():
                self._request(conversation, end, other, event, now)
            case DialogResponse(_, copy, response):
                self._response(conversation, end, copy, response, now)
            case CallEnded():
                self._ended(conversation, end, other, event, now)
        return True

    # Inside

    def _progress(
        self, conversation: Conversation, end: End, other: End, response: Response, now: float
    ) -> None:
        said = self._said(conversation, end, response) or NOTHING
        self._carrier.ringing(conversation, response.status, now)
        self._sides[other.side].progress(other.key, response.status, now, **said)

    def _answered(
        self, conversation: Conversation, end: End, other: End, response: Response, now: float
    ) -> None:
        said = self._said(conversation, end, response)
        if said is None:
            self.hang_up(conversation, now)  # nobody would hear a word
            return
        taken = self._sides[other.side].answer(other.key, now, **said)
        # Not taken: the caller gave up while this came, and its own end says so next.
        if taken and not conversation.answered:
            conversation.answered = True
            self._carrier.talking(conversation, now)

    def _reoffered(
        self, conversation: Conversation, end: End, other: End, request: Request, now: float
    ) -> None:
        said = self._said(conversation, end, request)
        calls = self._sides[end.side]
        if said is None:
            calls.refuse(end.key, 488, now)
            return
        if not self._sides[other.side].reinvite(other.key, now, **said):
            calls.refuse(end.key, 491, now)  # they cross (section 14.2)

    def _request(
        self, conversation: Conversation, end: End, other: End, asked: DialogRequest, now: float
    ) -> None:
        calls, request = self._sides[end.side], asked.request
        said = self._said(conversation, end, request)
        if said is None:
            calls.respond(asked.transaction, request, 488, now)
            return
        copy = self._sides[other.side].request(other.key, request.method, now, **said)
        if copy:
            self._asked[other, copy] = _Asked(end, asked.transaction, request)
        else:
            calls.respond(asked.transaction, request, 481, now)

    def _response(
        self, conversation: Conversation, end: End, copy: str, response: Response | None, now: float
    ) -> None:
        asked = self._asked.pop((end, copy), None)
        if asked is None:
            return
        calls = self._sides[asked.end.side]
        if response is None:
            calls.respond(asked.transaction, asked.request, 408, now)
            return
        said = self._said(conversation, end, response) or NOTHING
        calls.respond(asked.transaction, asked.request, _status(response), now, **said)

    def _ended(
        self, conversation: Conversation, end: End, other: End, event: CallEnded, now: float
    ) -> None:
        del self._of[end]
        for place in [p for p, asked in self._asked.items() if end in (p[0], asked.end)]:
            self._asked.pop(place)
        if other not in self._of:
            return
        self._carrier.over(conversation, event, now)
        calls = self._sides[other.side]
        if end == conversation.caller or conversation.answered:
            calls.hang_up(other.key, now)
        elif event.response is not None:
            self._refuse(other, event.response, now)
        else:
            calls.refuse(other.key, STATUS_OF.get(event.reason, 480), now)

    def _refuse(self, end: End, response: Response, now: float) -> None:
        """This end hears the other's refusal in its own words."""
        status = _status(response)
        reason = response.reason if status == response.status else ""
        headers = _carried(response.headers)
        self._sides[end.side].refuse(end.key, status, now, reason=reason, headers=headers)

    def _said(
        self, conversation: Conversation, end: End, message: Request | Response
    ) -> Said | None:
        """What of a message goes on; None if its session description can't be carried."""
        body: bytes | None = message.body
        kind = message.headers.get("content-type")
        if message.body and kind.partition(";")[0].strip().lower() == SDP:
            body = self._carrier.carried(conversation, end, message.body)
        return (
            None
            if body is None
            else Said(headers=_carried(message.headers), body=body, content_type=kind)
        )


NOTHING = Said(headers=(), body=b"", content_type="")


def _status(response: Response) -> int:
    """A challenge was for us: the other end would take it for one of its own password."""
    return 403 if response.status in (401, 407) else response.status


def _carried(headers: Headers) -> Fields:
    return tuple((name, value) for name, value in headers.items if canonical(name) in CARRIED)
