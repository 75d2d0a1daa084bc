"""Calls through the border, pure: between a set outside and an ICP inside (PHN-7).

The border is a back-to-back user agent: each side has a call of its own, with its own credentials
and addresses. The set hears the border for the ICP, the ICP hears it for the set. Session
descriptions get the border's own address and ports, so that voice, too, comes through it.
"""

from dataclasses import dataclass, replace

from simulators.core import Address, Entropy
from simulators.mbg.records.devices import Device, DeviceStore
from simulators.mbg.sip_border.border_terms import (
    INSIDE,
    OUTSIDE,
    BorderSettings,
    CallAnswered,
    CallBegins,
    CallEnds,
    sip_uri,
)
from simulators.mbg.sip_border.media import MediaPorts
from simulators.mbg.sip_border.sdp import MalformedDescription, rewritten, streams
from simulators.mbg.sip_border.set_registrations import SetRegistrations
from simulators.sip.bridge import Bridge, Conversation, End
from simulators.sip.call_events import CallEnded, CallOffered
from simulators.sip.calls import Calls
from simulators.sip.challenged import Login
from simulators.sip.dialog import Fields
from simulators.sip.headers import NameAddress, Uri
from simulators.sip.invitation import SDP, Invitation
from simulators.sip.message import MalformedMessage, Request
from simulators.sip.transaction import Transactions
from simulators.sip.transaction_events import RequestReceived

FROM_SET, TO_SET = "from the set", "to the set"
OTHER = {OUTSIDE: INSIDE, INSIDE: OUTSIDE}


@dataclass(slots=True)
class Talk:
    """A call under way, as an administrator sees it."""

    device_id: str
    direction: str
    party: str
    since: float
    state: str = "calling"


class BorderCalls:
    """All calls through one border.

    Args:
        sets, icps: the transaction layers of the two sides.
        hosts: the border's address on each side.
        ports: opens media ports.
        events: where to tell what happened.
    """

    def __init__(
        self,
        sets: Transactions,
        icps: Transactions,
        registrations: SetRegistrations,
        store: DeviceStore,
        entropy: Entropy,
        settings: BorderSettings,
        hosts: dict[str, str],
        ports: MediaPorts,
        events: list[object],
    ) -> None:
        self._calls = {OUTSIDE: Calls(sets, entropy), INSIDE: Calls(icps, entropy)}
        self._bridge = Bridge(self._calls, self)
        self._registrations = registrations
        self._store = store
        self._settings = settings
        self._hosts = hosts
        self._ports = ports
        self._events = events
        self.talks: dict[End, Talk] = {}
        """Calls under way, by the caller's end."""

    # Calls that begin

    def from_set(self, received: RequestReceived, device: Device, now: float) -> None:
        """An INVITE of a set that has shown its credentials."""
        offered = self._offered(OUTSIDE, received, now)
        if offered is None:
            return
        if device.id not in self._registrations.bindings:
            self._refuse(OUTSIDE, offered, 403, "SIP device is not registered", now)
            return
        dialled = _user(received.request.uri)
        icp = self._store.icps[device.icp_id]
        invitation = Invitation(
            to_uri=sip_uri(dialled, icp.ip),
            from_uri=sip_uri(device.icp_username, icp.ip),
            next_hop=(icp.ip, self._settings.icp_port),
            transport=self._settings.upstream_transport,
            display=_caller(received.request).name,
            contact_user=device.icp_username,
            login=Login(device.icp_username, device.icp_password),
        )
        talk = Talk(device.id, FROM_SET, dialled, now)
        self._join(End(OUTSIDE, offered.key), talk, invitation, received.request, now)

    def to_set(self, received: RequestReceived, device: Device, now: float) -> None:
        """An INVITE of an ICP for a device of its own; whether it is registered shows here."""
        offered = self._offered(INSIDE, received, now)
        if offered is None:
            return
        binding = self._registrations.bindings.get(device.id)
        if binding is None:
            text = f"SIP device {device.set_username} is not registered"
            self._refuse(INSIDE, offered, 480, text, now)
            return
        caller = _caller(received.request).uri.user
        invitation = Invitation(
            to_uri=binding.contact,
            from_uri=sip_uri(caller, self._hosts[OUTSIDE]),
            next_hop=binding.flow.peer,
            transport=binding.flow.transport,
            display=_caller(received.request).name,
            contact_user=caller,
        )
        talk = Talk(device.id, TO_SET, caller, now)
        self._join(End(INSIDE, offered.key), talk, invitation, received.request, now)

    # Calls under way

    def take(self, side: str, event: object, now: float) -> bool:
        """Take an event of the side's transaction layer; False if it is about no call."""
        taken = self._calls[side].take(event, now)
        self._work(now)
        return taken

    def end_of_device(self, device_id: str, now: float) -> None:
        """Hang up whatever the device has under way: it is gone, or disabled."""
        for conversation in self._bridge.conversations():
            if self.talks[conversation.caller].device_id == device_id:
                self._bridge.hang_up(conversation, now)
        self._work(now)

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called."""
        times = (calls.timer_at() for calls in self._calls.values())
        return min((t for t in times if t is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Do what is due at either end."""
        for calls in self._calls.values():
            calls.handle_timer(now)
        self._work(now)

    def __len__(self) -> int:
        """How much is remembered on both sides; 0 when all calls are over and timers ran out."""
        return len(self._bridge) + sum(len(calls) for calls in self._calls.values())

    # What the bridge asks and tells (`Carrier`)

    def carried(self, conversation: Conversation, frm: End, body: bytes) -> bytes | None:
        """The description with the border's own address and ports for the other side."""
        return self._described(conversation.caller, frm.side, body)

    def ringing(self, conversation: Conversation, status: int, now: float) -> None:
        """The called end makes progress."""
        if status == 180:
            self.talks[conversation.caller].state = "ringing"

    def talking(self, conversation: Conversation, now: float) -> None:
        """The called end answered."""
        talk = self.talks[conversation.caller]
        talk.state = "talking"
        self._events.append(CallAnswered(talk.device_id, talk.direction, talk.party))

    def over(self, conversation: Conversation, why: CallEnded, now: float) -> None:
        """The call ends: its media ports are closed."""
        talk = self.talks.pop(conversation.caller)
        self._ports.close(_name(conversation.caller))
        status = why.response.status if why.response is not None else None
        self._events.append(
            CallEnds(talk.device_id, talk.direction, talk.party, why.reason.value, status)
        )

    # Inside

    def _work(self, now: float) -> None:
        """Hand the calls' events on until none is left: one end's may bring about the other's."""
        busy = True
        while busy:
            busy = False
            for side, calls in self._calls.items():
                for event in calls.events():
                    busy = True
                    self._bridge.take(side, event, now)

    def _offered(self, side: str, received: RequestReceived, now: float) -> CallOffered | None:
        """Let the INVITE become a call; None if it was refused for its form."""
        self._calls[side].take(received, now)
        offered = None
        for event in self._calls[side].events():
            if isinstance(event, CallOffered):
                offered = event
            else:
                self._bridge.take(side, event, now)
        return offered

    def _refuse(self, side: str, offered: CallOffered, status: int, text: str, now: float) -> None:
        warning: Fields = (("Warning", f'399 {self._hosts[side]} "{text}"'),)
        self._calls[side].refuse(offered.key, status, now, headers=warning)
        self._work(now)

    def _join(
        self, caller: End, talk: Talk, invitation: Invitation, request: Request, now: float
    ) -> None:
        """Call the other side with what of the offer may be told there."""
        kind = request.headers.get("content-type")
        body: bytes | None = request.body
        if request.body and kind.partition(";")[0].strip().lower() == SDP:
            body = self._described(caller, caller.side, request.body)
        if body is None:
            self._calls[caller.side].refuse(caller.key, 488, now)
            self._work(now)
            return
        self.talks[caller] = talk
        self._events.append(CallBegins(talk.device_id, talk.direction, talk.party))
        whole = replace(invitation, body=body, content_type=kind)
        self._bridge.join(caller, OTHER[caller.side], whole, now)
        self._work(now)

    def _described(self, caller: End, side: str, body: bytes) -> bytes | None:
        """What the other side of the call is told; None if there are no ports or no sense in it."""
        other = OTHER[side]
        try:
            found = streams(body)
            pairs = self._ports.open(_name(caller), len(found))
            if pairs is None:
                return None
            where: list[Address | None] = [stream.address for stream in found]
            self._ports.aim(_name(caller), side, where)
            numbers = [pair.inside if other == INSIDE else pair.outside for pair in pairs]
            return rewritten(body, self._hosts[other], numbers)
        except MalformedDescription:
            return None


def _name(caller: End) -> str:
    """The name of a call among the media ports."""
    return f"{caller.side}/{caller.key}"


def _user(uri: str) -> str:
    """The user part; "" where there is none."""
    try:
        return Uri.parse(uri).user
    except MalformedMessage:
        return ""


def _caller(request: Request) -> NameAddress:
    """Who calls; nobody in particular where From can't be read."""
    try:
        return NameAddress.parse(request.headers.get("from"))
    except MalformedMessage:
        return NameAddress(Uri("anonymous", "anonymous.invalid"), {})
