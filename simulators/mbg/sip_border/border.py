"""The SIP border, pure: between the sets outside and the ICPs inside (ADR-5, PHN-7, PRV-3).

One core with two sides, `OUTSIDE` to the sets and `INSIDE` to the ICPs, each with its transaction
layer. This composes them: what sets ask is for `set_side`, registrations upstream for `upstream`,
calls of both for `calls`, what else an ICP sends to a set for `relay`; whoever has sent a request
hears of its end from here.
"""

from simulators.core import TCP, TLS, UDP, Address, Datagram, Entropy
from simulators.mbg.records.devices import Device, DeviceStore
from simulators.mbg.sip_border.border_terms import INSIDE, OUTSIDE, BorderSettings
from simulators.mbg.sip_border.calls import BorderCalls
from simulators.mbg.sip_border.keep_alive import KeepAlive
from simulators.mbg.sip_border.licences import LicencePool
from simulators.mbg.sip_border.media import MediaPorts, NoPorts
from simulators.mbg.sip_border.relay import METHODS, Relay
from simulators.mbg.sip_border.set_registrations import Binding, Ending, SetRegistrations
from simulators.mbg.sip_border.set_side import SetSide
from simulators.mbg.sip_border.uas import Uas
from simulators.mbg.sip_border.upstream import Upstream
from simulators.sip.agent import RegistrationChanged
from simulators.sip.dialog import tag
from simulators.sip.plain import Layouts
from simulators.sip.transaction import Timers, Transactions
from simulators.sip.transaction_events import RequestReceived, ResponseReceived, TimedOut

IN_CALL = ("INVITE", "ACK", "CANCEL", "BYE", "INFO", "UPDATE")
ALLOW_SETS = ("REGISTER", "OPTIONS", *IN_CALL)
ALLOW_ICPS = ("OPTIONS", *METHODS, *IN_CALL)


class Border:
    """The five verbs and `lost` over both sides; events are `DeviceRegistered` and its like.

    Args:
        outside: address of the sockets towards the sets, UDP and TCP; inside: towards the ICPs.
        store: the devices; licences: the pool; both shared with REST and site.
        outside_tls: address of the TLS socket towards the sets, where that isn't `outside`.
        ports: opens media ports; without one, calls with a session description are refused.
    """

    def __init__(
        self,
        outside: Address,
        inside: Address,
        store: DeviceStore,
        licences: LicencePool,
        entropy: Entropy,
        settings: BorderSettings | None = None,
        timers: Timers | None = None,
        outside_tls: Address | None = None,
        ports: MediaPorts | None = None,
    ) -> None:
        self.settings = settings or BorderSettings()
        self.store = store
        self.licences = licences
        self._outside = outside
        self._events: list[object] = []
        self._layouts = Layouts()
        self._sets = Transactions(
            outside, entropy, timers, OUTSIDE, {TLS: outside_tls} if outside_tls else None
        )
        self._upstream = Upstream(inside, store, entropy, self.settings, timers)
        self._icps = Uas(self._upstream.transactions, entropy, inside[0], ALLOW_ICPS)
        self._keep_alive = KeepAlive(self._sets, entropy, self.settings)
        uas = Uas(self._sets, entropy, outside[0], ALLOW_SETS)
        self._registrations = SetRegistrations(
            uas, self._upstream, self._keep_alive, store, licences, self.settings, self._events
        )
        self._set_side = SetSide(
            uas, self._registrations, store, entropy, self.settings, self._events
        )
        self._relay = Relay(self._icps, self._sets, self._registrations, store, entropy)
        self.calls = BorderCalls(
            self._sets,
            self._upstream.transactions,
            self._registrations,
            store,
            entropy,
            self.settings,
            {OUTSIDE: outside[0], INSIDE: inside[0]},
            NoPorts() if ports is None else ports,
            self._events,
        )

    @property
    def bindings(self) -> dict[str, Binding]:
        """Where each registered device's set is, by device id."""
        return self._registrations.bindings

    # What the MBG's other parts tell the border

    def device_changed(self, device: Device, now: float) -> None:
        """New credentials count from the set's next registration on; disabled ends it now."""
        if device.enabled:
            self._registrations.credentials_changed(device, now)
        else:
            self._registrations.end(device.id, Ending.DISABLED, now)
            self.calls.end_of_device(device.id, now)

    def device_removed(self, device: Device, now: float) -> None:
        """A device is gone: its registration ends here and upstream (EXT-3)."""
        self._registrations.end(device.id, Ending.REMOVED, now)
        self.calls.end_of_device(device.id, now)

    # The five verbs, and the connection's end

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one message from the side `side`."""
        if side == OUTSIDE:
            if transport != UDP or not self._plain(data, peer, now):
                self._sets.receive(data, peer, now, side, transport)
        else:
            self._upstream.receive(data, peer, now, side, transport)
        self._work(now)

    def lost(self, peer: Address, now: float, side: str = "", transport: str = TCP) -> None:
        """A connection is gone, or could not be opened."""
        if side == OUTSIDE:
            self._sets.lost(peer, now, side, transport)
            for device_id in self._registrations.lost(transport, peer, now):
                self.calls.end_of_device(device_id, now)
        else:
            self._upstream.lost(peer, now, side, transport)
        self._work(now)

    def events(self) -> list[object]:
        """What happened to devices, in order, once."""
        events = self._events.copy()
        self._events.clear()  # the parts hold the same list
        return events

    def to_send(self) -> list[Datagram]:
        """Datagrams of both sides to send now, once."""
        return self._sets.to_send() + self._upstream.to_send()

    def timer_at(self) -> float | None:
        """When something is due on either side."""
        first = None
        for part in (self._sets, self._upstream, self._registrations, self._keep_alive, self.calls):
            at = part.timer_at()
            if at is not None and (first is None or at < first):
                first = at
        return first

    def handle_timer(self, now: float) -> None:
        """Retransmit, expire, keep alive, give up on who is silent."""
        self._sets.handle_timer(now)
        self._upstream.handle_timer(now)
        self._work(now)
        self.calls.handle_timer(now)
        self._registrations.handle_timer(now)
        for device_id in self._keep_alive.handle_timer(now):
            self._registrations.end(device_id, Ending.IDLE, now)
        self._work(now)

    def waiting(self) -> bool:
        """Whether an ICP owes an answer. Of sets nobody knows whether they are still there."""
        return self._upstream.waiting()

    # Inside

    def _plain(self, data: bytes, peer: Address, now: float) -> bool:
        """Take a REGISTER in plain form by a short way; False if it is none, and nothing is done.

        What is decided is decided where it is on the long way; the tests compare both.
        """
        plain = self._layouts.glance(data, peer)
        if plain is None:
            return False
        if not self._sets.again(plain.key):
            self._registrations.flows.heard(UDP, peer, now)
            self._set_side.register(plain, now)
        return True

    def _work(self, now: float) -> None:
        for event in self._sets.events():
            self._of_set(event, now)
        for event in self._upstream.events(now):
            self._of_icp(event, now)

    def _of_set(self, event: object, now: float) -> None:
        if isinstance(event, RequestReceived):
            self._registrations.flows.heard(event.transport, event.peer, now)
            if event.request.method == "REGISTER":
                self._set_side.request(event, now)
            elif _begins_call(event):
                device = self._set_side.caller(event, now)
                if device is not None:
                    self.calls.from_set(event, device, now)
            elif not self.calls.take(OUTSIDE, event, now):
                self._set_side.request(event, now)
        elif isinstance(event, ResponseReceived):
            key, response = event.transaction, event.response
            ours = self._keep_alive.answered(key, now) or self._relay.answered(key, response, now)
            if not ours:
                self.calls.take(OUTSIDE, event, now)
        elif isinstance(event, TimedOut):
            key = event.transaction
            ours = self._keep_alive.ended(key) or self._relay.ended(key, now)
            if not ours:
                self.calls.take(OUTSIDE, event, now)
        else:
            self.calls.take(OUTSIDE, event, now)

    def _of_icp(self, event: object, now: float) -> None:
        if isinstance(event, RegistrationChanged):
            self._registrations.upstream_changed(event, now)
        elif not isinstance(event, RequestReceived):
            self.calls.take(INSIDE, event, now)
        elif _begins_call(event):
            device = self._relay.device_of(event, now)
            if device is not None:
                self.calls.to_set(event, device, now)
        elif not self.calls.take(INSIDE, event, now):
            self._icp_request(event, now)

    def _icp_request(self, received: RequestReceived, now: float) -> None:
        method = received.request.method
        if self._icps.refuses(received, now):
            return
        if method == "OPTIONS":
            self._icps.capabilities(received, now)
        elif method in METHODS:
            self._relay.carry(received, now)
        else:
            self._icps.not_served(received, now)


def _begins_call(received: RequestReceived) -> bool:
    """Whether it is an INVITE outside of any dialog."""
    request = received.request
    return request.method == "INVITE" and not tag(request.headers.get("to"))
