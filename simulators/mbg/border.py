"""The SIP border, pure: registrar to the sets, UAC to the ICPs (ADR-5, PHN-7, PRV-3).

A set's REGISTER is challenged with the set-side credentials, needs a teleworker licence, and is
then carried upstream with the ICP-side credentials; the set hears 200 only after the ICP said so.
Later ones are answered here (short times to the set, long ones upstream) as long as the upstream
registration stands.

One core, two sockets: `OUTSIDE` to the sets, `INSIDE` to the ICPs.
"""

import heapq
from dataclasses import dataclass, replace

from simulators.core import UDP, Address, Datagram, Entropy
from simulators.mbg.border_terms import (
    OUTSIDE,
    BorderSettings,
    DeviceRefused,
    DeviceRegistered,
    DeviceUnregistered,
)
from simulators.mbg.devices import Device, DeviceStatus, DeviceStore
from simulators.mbg.licences import LicencePool
from simulators.mbg.upstream import Upstream
from simulators.sip import registration
from simulators.sip.agent import RegistrationChanged
from simulators.sip.authenticator import Authenticator, Verdict
from simulators.sip.headers import NameAddress, seconds
from simulators.sip.message import MalformedMessage, Request, Response, response_to
from simulators.sip.transaction import RequestReceived, Timers, Transactions

UNKNOWN = "SIP device is unknown or disabled"


@dataclass(slots=True)
class _Binding:
    contact: str
    peer: Address
    until: float


@dataclass(frozen=True, slots=True)
class _Pending:
    """A set that waits for the ICP's answer."""

    username: str
    transaction: str
    request: Request
    peer: Address
    expires_s: int
    deadline: float


class Border:
    """The five verbs over both sockets; events are `DeviceRegistered` and its like.

    Args:
        outside: address of the socket towards the sets; inside: towards the ICPs.
        store: the devices; licences: the pool; both shared with REST and site.
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
    ) -> None:
        self.settings = settings or BorderSettings()
        self.store = store
        self.licences = licences
        self.bindings: dict[str, _Binding] = {}
        self._outside = outside
        self._entropy = entropy
        self._sets = Transactions(outside, entropy, timers, OUTSIDE)
        self._upstream = Upstream(inside, store, entropy, self.settings, timers)
        self._authenticator = Authenticator(self.settings.realm, entropy, self._password)
        self._pending: dict[str, _Pending] = {}
        self._due: list[tuple[float, str]] = []
        self._events: list[object] = []

    # What the MBG's other parts tell the border

    def device_changed(self, device: Device, now: float) -> None:
        """New credentials: the next registration of the set uses them, upstream too.

        A set that waits for the ICP's word on the old ones waits for that on the new ones instead.
        """
        if not device.enabled:
            self._end(device.id, "removed", now)
            return
        changed = self._upstream.retire(device, now)
        pending = self._pending.get(device.id)
        if changed and pending is not None:
            self._wait(device, replace(pending, deadline=now + self.settings.upstream_limit_s))
            self._upstream.register(device, now)

    def device_removed(self, device: Device, now: float) -> None:
        """A device is gone: its registration ends here and upstream (EXT-3)."""
        self._end(device.id, "removed", now)

    # The five verbs

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one datagram from the socket `side`."""
        if side == OUTSIDE:
            self._sets.receive(data, peer, now, side, transport)
        else:
            self._upstream.receive(data, peer, now, side, transport)
        self._work(now)

    def events(self) -> list[object]:
        """What happened to devices, in order, once."""
        events, self._events = self._events, []
        return events

    def to_send(self) -> list[Datagram]:
        """Datagrams of both sockets to send now, once."""
        return self._sets.to_send() + self._upstream.to_send()

    def timer_at(self) -> float | None:
        """When something is due on either side."""
        times = [self._sets.timer_at(), self._upstream.timer_at()]
        times.append(self._due[0][0] if self._due else None)
        return min((t for t in times if t is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Expire bindings, give up on silent ICPs, retransmit."""
        self._sets.handle_timer(now)
        self._upstream.handle_timer(now)
        while self._due and self._due[0][0] <= now:
            _, device_id = heapq.heappop(self._due)
            self._expire(device_id, now)
        self._work(now)

    def waiting(self) -> bool:
        """Whether an ICP owes an answer."""
        return self._upstream.waiting()

    # Set side

    def _work(self, now: float) -> None:
        for event in self._sets.events():
            if isinstance(event, RequestReceived):
                self._request(event, now)
        for change in self._upstream.events(now):
            self._upstream_changed(change, now)

    def _request(self, event: RequestReceived, now: float) -> None:
        request = event.request
        if request.method == "REGISTER":
            try:
                self._register(event, now)
            except MalformedMessage as error:
                self._answer(event.transaction, request, 400, now, reason=str(error)[:80])
        elif request.method == "OPTIONS":
            self._answer(event.transaction, request, 200, now)
        else:
            self._answer(event.transaction, request, 501, now)

    def _register(self, event: RequestReceived, now: float) -> None:
        request, key = event.request, event.transaction
        aor = NameAddress.parse(request.headers.get("to")).uri.user
        device = self.store.by_set_username(aor)
        if device is None or not device.enabled:
            self._refuse(key, request, aor, 403, UNKNOWN, now)
            return
        check = self._authenticator.check(request, now)
        if not check.passed or check.username != device.set_username:
            self._challenge(event, device, check.verdict, now)
            return
        contacts = request.headers.all("contact")
        if not contacts:
            self._tell_binding(event, device, now)
            return
        expires = self._asked(request, contacts[0])
        if "*" in contacts and (len(contacts) > 1 or seconds(request.headers.get("expires")) != 0):
            raise MalformedMessage("expected Contact: * alone and with Expires: 0")  # 10.3 step 6
        if expires == 0:
            self._unregister(event, device, now)
        elif expires < self.settings.set_expires_min_s:
            shortest = str(self.settings.set_expires_min_s)
            self._answer(key, request, 423, now, headers=[("Min-Expires", shortest)])
        else:
            self._admit(event, device, min(expires, self.settings.set_expires_max_s), now)

    def _challenge(
        self, event: RequestReceived, device: Device, verdict: Verdict, now: float
    ) -> None:
        stale = verdict in (Verdict.STALE_NONCE, Verdict.UNKNOWN_NONCE, Verdict.REPLAYED)
        challenge = self._authenticator.challenge(now, stale=stale)
        self._answer(
            event.transaction, event.request, 401, now,
            headers=[("WWW-Authenticate", str(challenge))],
        )  # fmt: skip
        if verdict in (Verdict.NO_CREDENTIALS, Verdict.PASSED) or stale:
            return
        if device.id not in self.bindings:  # else it may be a stranger's guess
            self._note(device.id, DeviceStatus.REFUSED_SET_SIDE)
        self._events.append(DeviceRefused(device.set_username, 401, verdict.value))

    def _admit(self, event: RequestReceived, device: Device, expires: int, now: float) -> None:
        """Right credentials: a licence, then the ICP's word, then 200."""
        if not self.licences.take(device.id):
            self._note(device.id, DeviceStatus.NO_LICENCE)
            text = "No teleworker licence is free on this MBG"
            self._refuse(event.transaction, event.request, device.set_username, 403, text, now)
            return
        pending = _Pending(
            device.set_username,
            event.transaction,
            event.request,
            event.peer,
            expires,
            now + self.settings.upstream_limit_s,
        )
        if self._upstream.stands(device):
            self._accept(device.id, pending, now)
            return
        earlier = self._pending.get(device.id)
        self._wait(device, pending)
        if earlier is None:
            self._upstream.register(device, now)
        else:
            self._supersede(earlier, now)

    def _wait(self, device: Device, pending: _Pending) -> None:
        self._pending[device.id] = pending
        heapq.heappush(self._due, (pending.deadline, device.id))

    def _supersede(self, pending: _Pending, now: float) -> None:
        """A later request of the set has made this one void (RFC 3261 section 10.3 step 7)."""
        self._answer(
            pending.transaction, pending.request, 500, now, reason="Replaced by a later request"
        )

    def _accept(self, device_id: str, pending: _Pending, now: float) -> None:
        address = str(NameAddress.parse(pending.request.headers.all("contact")[0]).uri)
        self.bindings[device_id] = _Binding(address, pending.peer, now + pending.expires_s)
        heapq.heappush(self._due, (now + pending.expires_s, device_id))
        self._note(device_id, DeviceStatus.REGISTERED)
        lasts = str(pending.expires_s)
        headers = [("Contact", f"<{address}>;expires={lasts}"), ("Expires", lasts)]
        self._answer(pending.transaction, pending.request, 200, now, headers=headers)
        self._events.append(DeviceRegistered(device_id, address, pending.expires_s))

    def _tell_binding(self, event: RequestReceived, device: Device, now: float) -> None:
        """A query: no Contact, nothing changes, whatever Expires says (RFC 3261 section 10.3)."""
        binding = self.bindings.get(device.id)
        headers = []
        if binding is not None:
            left = max(0, int(binding.until - now))
            headers = [("Contact", f"<{binding.contact}>;expires={left}")]
        self._answer(event.transaction, event.request, 200, now, headers=headers)

    def _unregister(self, event: RequestReceived, device: Device, now: float) -> None:
        self._end(device.id, "un-registered", now)
        self._answer(event.transaction, event.request, 200, now)

    # ICP side

    def _upstream_changed(self, event: RegistrationChanged, now: float) -> None:
        pending = self._pending.get(event.key)
        if event.after is registration.State.REGISTERED:
            if pending is not None:
                del self._pending[event.key]
                self._accept(event.key, pending, now)
        elif event.after is registration.State.REFUSED:
            self._upstream.drop(event.key)
            self._note(event.key, DeviceStatus.REFUSED_BY_ICP)
            if pending is not None:
                self._pass_on(event.key, pending, event.response, now)
        elif event.after is registration.State.TIMED_OUT:
            self._upstream.drop(event.key)
            if pending is not None:
                self._give_up(event.key, pending, now)

    def _pass_on(
        self, device_id: str, pending: _Pending, response: Response | None, now: float
    ) -> None:
        """The ICP's refusal becomes the set's, with its own Warning.

        An upstream 401 means that the ICP-side password is wrong: the set must not take it for a
        challenge of its own, so it hears 403.
        """
        del self._pending[device_id]
        if device_id not in self.bindings:
            self.licences.release(device_id)
            self._note(device_id, DeviceStatus.REFUSED_BY_ICP)
        status = response.status if response is not None else 500
        warning = response.headers.get("warning") if response is not None else ""
        text = warning.partition('"')[2].rstrip('"') or f"The ICP answered {status}"
        final = 403 if status in (401, 407) else status
        self._refuse(pending.transaction, pending.request, pending.username, final, text, now)

    def _give_up(self, device_id: str, pending: _Pending, now: float) -> None:
        del self._pending[device_id]
        self._upstream.drop(device_id)
        if device_id not in self.bindings:
            self.licences.release(device_id)
        self._note(device_id, DeviceStatus.ICP_SILENT)
        icp = self.store.icps[self.store.devices[device_id].icp_id]
        text = f"ICP {icp.address} did not answer"
        self._refuse(pending.transaction, pending.request, pending.username, 504, text, now)

    def _expire(self, device_id: str, now: float) -> None:
        pending = self._pending.get(device_id)
        if pending is not None and pending.deadline <= now:
            self._give_up(device_id, pending, now)
        binding = self.bindings.get(device_id)
        if binding is None or binding.until > now:
            return
        if device_id in self._pending:
            self._unbind(device_id, "expired")  # the set is there and waits to be registered again
        else:
            self._end(device_id, "expired", now)

    def _end(self, device_id: str, reason: str, now: float) -> None:
        """A registration ends: binding, licence, upstream."""
        pending = self._pending.pop(device_id, None)
        if pending is not None and reason == "removed":
            where = pending.transaction, pending.request, pending.username
            self._refuse(*where, 403, UNKNOWN, now)
        elif pending is not None:
            self._supersede(pending, now)
        self.licences.release(device_id)
        self._upstream.unregister(device_id, now)
        self._unbind(device_id, reason)

    def _unbind(self, device_id: str, reason: str) -> None:
        if self.bindings.pop(device_id, None) is not None:
            self._note(device_id, DeviceStatus.UNREGISTERED)
            self._events.append(DeviceUnregistered(device_id, reason))

    # Small things

    def _password(self, username: str) -> str | None:
        device = self.store.by_set_username(username)
        return None if device is None else device.set_password

    def _asked(self, request: Request, contact: str) -> int:
        """Seconds asked for: the contact's own, else the Expires header's, else our longest."""
        if contact == "*":
            return 0
        asked = seconds(NameAddress.parse(contact).params.get("expires", ""))
        if asked is None:
            asked = seconds(request.headers.get("expires"))
        return self.settings.set_expires_max_s if asked is None else asked

    def _refuse(
        self, key: str, request: Request, username: str, status: int, text: str, now: float
    ) -> None:
        warning = f'399 {self._outside[0]} "{text}"'
        self._answer(key, request, status, now, headers=[("Warning", warning)])
        self._events.append(DeviceRefused(username, status, text))

    def _answer(
        self,
        key: str,
        request: Request,
        status: int,
        now: float,
        *,
        headers: list[tuple[str, str]] | None = None,
        reason: str = "",
    ) -> None:
        tag = self._entropy(4).hex()
        response = response_to(
            request,
            status,
            headers=[*(headers or []), ("Server", "MBG")],
            to_tag=tag,
            reason=reason,
        )
        self._sets.respond(key, response, now)

    def _note(self, device_id: str, status: DeviceStatus) -> None:
        self.store.note(device_id, status, licensed=self.licences.holds(device_id))
