"""Calls between extensions: the node as a back-to-back user agent, pure.

Who calls is known from its credentials; name and number that the called phone shows are the
extension's, whatever From said. Session descriptions pass as they are: media goes from phone to
phone, or by way of the MBG. Busy is what the called phone says; the node lets it ring for as long
as `ring_limit_s`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.core import Entropy
from simulators.pbx import refusals
from simulators.pbx.bindings import Bindings
from simulators.pbx.exchange_events import CallAnswered, CallBegins, CallEnds, CallRefused
from simulators.pbx.extensions import Extension, Extensions
from simulators.pbx.feature_codes import FeatureCodes, silence
from simulators.pbx.hot_desk import HotDesk
from simulators.pbx.refusals import Refusal
from simulators.pbx.settings import NodeSettings
from simulators.sip.bridge import Bridge, Conversation, End
from simulators.sip.call_events import CallEnded, CallOffered
from simulators.sip.calls import Calls
from simulators.sip.headers import Uri
from simulators.sip.invitation import SDP, Invitation
from simulators.sip.message import MalformedMessage
from simulators.sip.transaction import Transactions
from simulators.sip.transaction_events import RequestReceived

SIDE = ""
"""A node has one side: both ends of a call are there."""


@dataclass(slots=True)
class Talk:
    """A call under way; `phones` are the extensions whose phones it is at."""

    caller: str
    called: str
    phones: tuple[str, str]
    since: float
    state: str = "calling"


class ExchangeCalls:
    """All calls of a node.

    Args:
        phone_of: the extension at whose phone an extension is to be reached.
        host: how the node names itself.
        events: where to tell what happened.
    """

    def __init__(
        self,
        transactions: Transactions,
        extensions: Extensions,
        bindings: Bindings,
        hot_desk: HotDesk,
        phone_of: Callable[[str], str],
        entropy: Entropy,
        settings: NodeSettings,
        host: str,
        events: list[object],
    ) -> None:
        self._calls = Calls(transactions, entropy, ring_limit_s=settings.ring_limit_s)
        self._bridge = Bridge({SIDE: self._calls}, self)
        self._extensions = extensions
        self._bindings = bindings
        self._hot_desk = hot_desk
        self._phone_of = phone_of
        self._codes = FeatureCodes(settings.hot_desk_code, hot_desk, extensions)
        self._host = host
        self._events = events
        self.talks: dict[str, Talk] = {}
        """Calls under way, by the key of the caller's end."""

    def __len__(self) -> int:
        """How much is remembered; 0 when all calls are over and timers ran out."""
        return len(self._bridge) + len(self._calls)

    def from_phone(self, received: RequestReceived, phone: Extension, now: float) -> None:
        """An INVITE of an extension's phone that has shown its credentials."""
        offered = self._offered(received, now)
        if offered is None:
            return  # refused for its form
        dialled = _user(received.request.uri)
        caller = self._extensions.get(self._hot_desk.user_at(phone.number) or "", phone)
        if self._codes.means(dialled):
            self._feature_code(offered, dialled, phone, now)
        elif (refusal := self._objection(dialled, phone)) is not None:
            self._refuse(offered, refusal, caller.number, dialled, now)
        else:
            self._connect(offered, caller, phone, dialled, now)
        self._work(now)

    def take(self, event: object, now: float) -> bool:
        """Take an event of the transaction layer; False if it is about no call."""
        taken = self._calls.take(event, now)
        self._work(now)
        return taken

    def end_of_phone(self, extension: str, now: float) -> None:
        """Hang up whatever the extension's phone has under way: the extension is gone."""
        for conversation in self._bridge.conversations():
            if extension in self.talks[conversation.caller.key].phones:
                self._bridge.hang_up(conversation, now)
        self._work(now)

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called."""
        return self._calls.timer_at()

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        self._calls.handle_timer(now)
        self._work(now)

    # What the bridge asks and tells (`Carrier`)

    def carried(self, conversation: Conversation, frm: End, body: bytes) -> bytes | None:
        """As it is."""
        return body

    def ringing(self, conversation: Conversation, status: int, now: float) -> None:
        """The called phone makes progress."""
        if status == 180:
            self.talks[conversation.caller.key].state = "ringing"

    def talking(self, conversation: Conversation, now: float) -> None:
        """The called phone answered."""
        talk = self.talks[conversation.caller.key]
        talk.state = "talking"
        self._events.append(CallAnswered(talk.caller, talk.called))

    def over(self, conversation: Conversation, why: CallEnded, now: float) -> None:
        """The call ends."""
        talk = self.talks.pop(conversation.caller.key)
        status = why.response.status if why.response is not None else None
        self._events.append(CallEnds(talk.caller, talk.called, why.reason.value, status))

    # Inside

    def _work(self, now: float) -> None:
        """Hand the calls' events on until none is left: one end's may bring about the other's."""
        while events := self._calls.events():
            for event in events:
                self._bridge.take(SIDE, event, now)

    def _offered(self, received: RequestReceived, now: float) -> CallOffered | None:
        self._calls.take(received, now)
        offered = None
        for event in self._calls.events():
            if isinstance(event, CallOffered):
                offered = event
            else:
                self._bridge.take(SIDE, event, now)
        return offered

    def _feature_code(
        self, offered: CallOffered, dialled: str, phone: Extension, now: float
    ) -> None:
        why = self._codes.carry_out(dialled, phone)
        if why is not None:
            self._refuse(offered, refusals.feature_code(self._host, why), phone.number, "", now)
            return
        body = silence(offered.request.body, self._host)
        self._calls.answer(offered.key, now, body=body)
        self._calls.hang_up(offered.key, now)

    def _objection(self, dialled: str, phone: Extension) -> Refusal | None:
        """Why the node won't put a call through."""
        if dialled not in self._extensions:
            return refusals.unknown_extension(self._host, dialled)
        at = self._phone_of(dialled)
        if phone.number in (dialled, at):
            return refusals.own_number(self._host, dialled)
        if self._bindings.get(at) is None:
            return refusals.not_registered(self._host, dialled)
        return None

    def _refuse(
        self, offered: CallOffered, refusal: Refusal, caller: str, called: str, now: float
    ) -> None:
        self._events.append(CallRefused(caller, called, refusal.why, refusal.status))
        self._calls.refuse(offered.key, refusal.status, now, headers=refusal.headers)

    def _connect(
        self, offered: CallOffered, caller: Extension, phone: Extension, dialled: str, now: float
    ) -> None:
        at = self._phone_of(dialled)
        binding = self._bindings.get(at)
        assert binding is not None  # `_objection` has looked
        invitation = Invitation(
            to_uri=binding.contact,
            from_uri=f"sip:{caller.number}@{self._host}",
            next_hop=binding.peer,
            transport=binding.transport,
            display=caller.name,
            contact_user=caller.number,
            body=offered.request.body,
            content_type=offered.request.headers.get("content-type", SDP),
        )
        self.talks[offered.key] = Talk(caller.number, dialled, (phone.number, at), now)
        self._events.append(CallBegins(caller.number, dialled))
        self._bridge.join(End(SIDE, offered.key), SIDE, invitation, now)


def _user(uri: str) -> str:
    """What was dialled: the user part, an escaped `*` or `#` as itself; "" where there is none."""
    try:
        return Uri.parse(uri).user
    except MalformedMessage:
        return ""
