"""Registrations of sets, pure: a licence, the ICP's word, then 200; and how each one ends.

A device has one binding: where its set was when it last registered. While the upstream registration
stands, refreshes are answered here (gapped registration: short times to the set, long ones
upstream); otherwise the set waits until the ICP has answered. A device with a binding, or with a
set that waits, holds a licence.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from simulators.core import Address
from simulators.mbg.records.devices import Device, DeviceStatus, DeviceStore
from simulators.mbg.sip_border.border_terms import (
    BorderSettings,
    DeviceRefused,
    DeviceRegistered,
    DeviceUnregistered,
)
from simulators.mbg.sip_border.deadlines import Deadlines
from simulators.mbg.sip_border.flows import Flow, Flows
from simulators.mbg.sip_border.keep_alive import KeepAlive
from simulators.mbg.sip_border.licences import LicencePool
from simulators.mbg.sip_border.uas import Received, Uas
from simulators.mbg.sip_border.upstream import Upstream
from simulators.sip.agent import RegistrationChanged
from simulators.sip.message import Response
from simulators.sip.registration import State

UNKNOWN = "SIP device is unknown or disabled"


class Ending(StrEnum):
    """Why a registration ended, as events and the device's status detail tell it."""

    EXPIRED = "expired"
    UNREGISTERED = "un-registered"
    REMOVED = "removed"
    DISABLED = "disabled"
    IDLE = "no SIP traffic from the set"
    CONNECTION_LOST = "connection with the set lost"


@dataclass(slots=True)
class Binding:
    """Where a registered set is."""

    contact: str
    flow: Flow
    until: float


@dataclass(slots=True)
class _Pending:
    """A set that waits for the ICP's answer."""

    username: str
    received: Received
    contact: str
    flow: Flow
    expires_s: int
    deadline: float


class SetRegistrations:
    """The bindings of all devices.

    Args:
        uas: answers on the set side.
        keep_alive: watches who is registered.
        events: where to tell what happened.
    """

    def __init__(
        self,
        uas: Uas,
        upstream: Upstream,
        keep_alive: KeepAlive,
        store: DeviceStore,
        licences: LicencePool,
        settings: BorderSettings,
        events: list[object],
    ) -> None:
        self.bindings: dict[str, Binding] = {}
        self.flows = Flows()
        self._uas = uas
        self._upstream = upstream
        self._keep_alive = keep_alive
        self._store = store
        self._licences = licences
        self._settings = settings
        self._events = events
        self._pending: dict[str, _Pending] = {}
        self._due = Deadlines()

    # A set asks to be registered

    def admit(
        self, received: Received, device: Device, contact: str, expires_s: int, now: float
    ) -> None:
        """Register the device's set for `expires_s`; its credentials were right."""
        if not self._licences.take(device.id):
            shortage = self._licences.shortage
            self.note(device.id, DeviceStatus.NO_LICENCE, shortage)
            self._refuse(received, device.set_username, 403, shortage, now)
            return
        pending = _Pending(
            device.set_username,
            received,
            contact,
            self.flows.enter(device.id, received.transport, received.peer, now),
            expires_s,
            now + self._settings.upstream_limit_s,
        )
        if self._upstream.stands(device):
            self._accept(device.id, pending, now)
            return
        earlier = self._pending.get(device.id)
        self._wait(device.id, pending, now)
        if earlier is None:
            self._upstream.register(device, now)
        else:
            self._supersede(device.id, earlier, now)

    def _wait(self, device_id: str, pending: _Pending, now: float) -> None:
        self._uas.keep(pending.received, now)
        self._pending[device_id] = pending
        self._schedule(device_id)

    def _supersede(self, device_id: str, pending: _Pending, now: float) -> None:
        """A later request of the set has made this one void (RFC 3261 section 10.3 step 7)."""
        self._uas.answer(pending.received, 500, now, reason="Replaced by a later request")
        self._leave(device_id, pending.flow)

    def _accept(self, device_id: str, pending: _Pending, now: float) -> None:
        before = self.bindings.get(device_id)
        self.bindings[device_id] = Binding(pending.contact, pending.flow, now + pending.expires_s)
        if before is not None:
            self._leave(device_id, before.flow)  # what went there goes to the new flow alone
        self._schedule(device_id)
        self._keep_alive.watch(device_id, pending.contact, pending.flow, now)
        if self._store.devices[device_id].status is not DeviceStatus.REGISTERED:
            self.note(device_id, DeviceStatus.REGISTERED)
        lasts = str(pending.expires_s)
        headers = [("Contact", f"<{pending.contact}>;expires={lasts}"), ("Expires", lasts)]
        self._uas.answer(pending.received, 200, now, headers=headers)
        self._events.append(DeviceRegistered(device_id, pending.contact, pending.expires_s))

    # The ICP's word

    def upstream_changed(self, event: RegistrationChanged, now: float) -> None:
        """What became of the registration upstream of the device `event.key`."""
        if event.after is State.REGISTERED:
            pending = self._pending.pop(event.key, None)
            if pending is not None:
                self._accept(event.key, pending, now)
        elif event.after is State.REFUSED:
            self._upstream.drop(event.key)
            self._refused_by_icp(event.key, event.response, now)
        elif event.after is State.TIMED_OUT:
            self._upstream.drop(event.key)
            self._icp_silent(event.key, now)

    def _refused_by_icp(self, device_id: str, response: Response | None, now: float) -> None:
        """The ICP's refusal becomes the set's, with its own Warning.

        An upstream 401 means that the ICP-side password is wrong: the set must not take it for a
        challenge of its own, so it hears 403.
        """
        status = response.status if response is not None else 500
        warning = response.headers.get("warning") if response is not None else ""
        text = warning.partition('"')[2].rpartition('"')[0] or f"The ICP answered {status}"
        pending = self._pending.pop(device_id, None)
        if pending is not None:
            self._withdraw(device_id, pending)
            final = 403 if status in (401, 407) else status
            self._refuse(pending.received, pending.username, final, text, now)
        self.note(device_id, DeviceStatus.REFUSED_BY_ICP, f"{status} {text}")

    def _icp_silent(self, device_id: str, now: float) -> None:
        """Who waits for the ICP waits no longer."""
        pending = self._pending.pop(device_id, None)
        if pending is None:
            return
        self._upstream.drop(device_id)
        self._withdraw(device_id, pending)
        icp = self._store.icps[self._store.devices[device_id].icp_id]
        text = f"ICP {icp.address} did not answer"
        self.note(device_id, DeviceStatus.ICP_SILENT, text)
        self._refuse(pending.received, pending.username, 504, text, now)

    def _withdraw(self, device_id: str, pending: _Pending) -> None:
        """A set waited in vain; a binding that the device has stays as it is."""
        self._leave(device_id, pending.flow)
        if device_id not in self.bindings:
            self._licences.release(device_id)

    # Endings

    def end(self, device_id: str, ending: Ending, now: float) -> None:
        """End the device's registration: binding, licence, upstream."""
        pending = self._pending.pop(device_id, None)
        if pending is not None and ending in (Ending.REMOVED, Ending.DISABLED):
            self._refuse(pending.received, pending.username, 403, UNKNOWN, now)
            self._leave(device_id, pending.flow)
        elif pending is not None:
            self._supersede(device_id, pending, now)
        self._licences.release(device_id)
        self._upstream.unregister(device_id, now)
        self._unbind(device_id, ending)

    def credentials_changed(self, device: Device, now: float) -> None:
        """The device's next registration uses its new credentials, upstream too.

        A set that waits for the ICP's word on the old ones waits for that on the new ones instead.
        """
        changed = self._upstream.retire(device, now)
        pending = self._pending.get(device.id)
        if changed and pending is not None:
            limit = now + self._settings.upstream_limit_s
            self._wait(device.id, replace(pending, deadline=limit), now)
            self._upstream.register(device, now)

    def lost(self, transport: str, peer: Address, now: float) -> list[str]:
        """A connection is gone, and every registration that came over it ends at once.

        Returns:
            the devices that were on it.

        The set is behind a NAT and nobody but itself can open another one, so there is nothing to
        wait for (RFC 5626 section 2). A set that has registered over another one meanwhile, or
        waits there, is not concerned.
        """
        flow = self.flows.get(transport, peer)
        devices = sorted(flow.devices) if flow is not None else []
        for device_id in devices:
            binding, pending = self.bindings.get(device_id), self._pending.get(device_id)
            if pending is not None and pending.flow is not flow:
                self._unbind(device_id, Ending.CONNECTION_LOST)
            elif binding is None or binding.flow is flow:
                self.end(device_id, Ending.CONNECTION_LOST, now)
            elif pending is not None:
                del self._pending[device_id]
                self._withdraw(device_id, pending)
        return devices

    def timer_at(self) -> float | None:
        """When a binding ends, or the patience with an ICP."""
        return self._due.first()

    def handle_timer(self, now: float) -> None:
        """End what has expired, give up on silent ICPs."""
        for device_id in self._due.due(now):
            pending = self._pending.get(device_id)
            if pending is not None and pending.deadline <= now:
                self._icp_silent(device_id, now)
            binding = self.bindings.get(device_id)
            if binding is not None and binding.until <= now:
                if device_id in self._pending:  # the set is there, and waits
                    self._unbind(device_id, Ending.EXPIRED)
                else:
                    self.end(device_id, Ending.EXPIRED, now)
            self._schedule(device_id)

    # Small things

    def knows(self, device_id: str, contact: str) -> bool:
        """Whether the device is, or waits to be, registered with this contact (`*`: with any)."""
        kept = (self.bindings.get(device_id), self._pending.get(device_id))
        return any(each is not None and contact in ("*", each.contact) for each in kept)

    def note(self, device_id: str, status: DeviceStatus, detail: str = "") -> None:
        """Write down what an administrator shall see of the device."""
        licensed = self._licences.holds(device_id)
        self._store.note(device_id, status, licensed=licensed, detail=detail)

    def _unbind(self, device_id: str, ending: Ending) -> None:
        binding = self.bindings.pop(device_id, None)
        if binding is not None:
            self._leave(device_id, binding.flow)
            self._keep_alive.forget(device_id)
            self.note(device_id, DeviceStatus.UNREGISTERED, ending.value)
            self._events.append(DeviceUnregistered(device_id, ending.value))

    def _leave(self, device_id: str, flow: Flow) -> None:
        """The device is no longer on that flow, if it really isn't."""
        binding, pending = self.bindings.get(device_id), self._pending.get(device_id)
        if (binding is None or binding.flow is not flow) and (
            pending is None or pending.flow is not flow
        ):
            self.flows.leave(device_id, flow)

    def _refuse(
        self, received: Received, username: str, status: int, text: str, now: float
    ) -> None:
        self._uas.refuse(received, status, text, now)
        self._events.append(DeviceRefused(username, status, text))

    def _schedule(self, device_id: str) -> None:
        """See to it that the device is looked at when its next time comes."""
        binding, pending = self.bindings.get(device_id), self._pending.get(device_id)
        times = [] if binding is None else [binding.until]
        if pending is not None:
            times.append(pending.deadline)
        if times:
            self._due.set(device_id, min(times))
        else:
            self._due.clear(device_id)
