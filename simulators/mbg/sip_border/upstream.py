"""The ICP side of the border, pure: devices registered upstream with their ICP-side credentials.

A `RegistrationAgent` with the border's habits: one registration a device, the old extension given
back when a device gets another one, and a look at each ICP (OPTIONS) while devices are registered
there, so that they are registered anew after the ICP had been silent. What else ICPs send is handed
out for others to deal with.
"""

from dataclasses import dataclass

from simulators.core import TCP, UDP, Address, Datagram, Entropy
from simulators.mbg.records.devices import Device, DeviceStore
from simulators.mbg.sip_border import out_of_dialog
from simulators.mbg.sip_border.border_terms import INSIDE, BorderSettings, sip_uri
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.registration import Account, Registration, State
from simulators.sip.transaction import Timers, Transactions

STANDING = (State.REGISTERED, State.REFRESHING)


@dataclass(slots=True)
class _Icp:
    """What is known of one ICP that devices are registered at."""

    look_at: float
    asked_at: float | None = None
    silent: bool = False


class Upstream:
    """The five verbs and `lost` over the sockets to the ICPs.

    `events` yields `RegistrationChanged` by device, and what the transaction layer told that was
    not about a registration.

    Args:
        inside: address of the socket towards the ICPs.
    """

    def __init__(
        self,
        inside: Address,
        store: DeviceStore,
        entropy: Entropy,
        settings: BorderSettings,
        timers: Timers | None = None,
    ) -> None:
        self._inside = inside
        self._store = store
        self._entropy = entropy
        self._settings = settings
        self._agent = RegistrationAgent(inside, entropy, timers, INSIDE, registers_only=True)
        self._icps: dict[Address, _Icp] = {}
        self._retired = 0

    @property
    def transactions(self) -> Transactions:
        """The transaction layer towards the ICPs."""
        return self._agent.transactions

    def stands(self, device: Device) -> bool:
        """Whether the device is registered at its ICP as it is now."""
        kept = self._agent.registrations.get(device.id)
        return kept is not None and kept.state in STANDING and self._is_for(kept, device)

    def register(self, device: Device, now: float) -> None:
        """Register the device; an old account of it is given back first."""
        self.retire(device, now)
        self._agent.register(device.id, self._account(device), now)

    def retire(self, device: Device, now: float) -> bool:
        """End the device's registration if it is one with another account than it has now."""
        kept = self._agent.registrations.get(device.id)
        if kept is None or self._is_for(kept, device):
            return False
        old = kept.account
        if (old.username, old.registrar) == (device.icp_username, self._registrar(device)):
            self._agent.drop(device.id)  # to un-register it would race with the new one
            return True
        self._retired += 1
        key = f"{device.id}/old{self._retired}"
        self._agent.rename(device.id, key)
        self._agent.unregister(key, now)
        return True

    def unregister(self, device_id: str, now: float) -> None:
        """Take the registration back."""
        self._agent.unregister(device_id, now)

    def drop(self, device_id: str) -> None:
        """Forget a registration."""
        self._agent.drop(device_id)

    # The five verbs

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one datagram; any from an ICP says that it is there."""
        self._agent.receive(data, peer, now, side, transport)
        self._heard_from(peer, now)

    def lost(self, peer: Address, now: float, side: str = "", transport: str = TCP) -> None:
        """A connection has ended: what waits for an answer over it gets none."""
        self._agent.lost(peer, now, side, transport)

    def events(self, now: float) -> list[object]:
        """What happened, in order, once."""
        events: list[object] = []
        for event in self._agent.events():
            if not isinstance(event, RegistrationChanged):
                events.append(event)
                continue
            kept = self._agent.registrations.get(event.key)
            if kept is not None and kept.state is State.UNREGISTERED:
                self._agent.drop(event.key)
            if "/" in event.key:
                continue  # an old account, of no concern to its device
            events.append(event)
            if event.after is State.REGISTERED and kept is not None:
                look_at = now + self._settings.icp_keepalive_s
                self._icps.setdefault(kept.account.registrar, _Icp(look_at))
        return events

    def to_send(self) -> list[Datagram]:
        """Datagrams to send now, once."""
        return self._agent.to_send()

    def timer_at(self) -> float | None:
        """When something is due."""
        first = self._agent.timer_at()
        for icp in self._icps.values():  # a handful
            if first is None or icp.look_at < first:
                first = icp.look_at
        return first

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        self._agent.handle_timer(now)
        for address, icp in list(self._icps.items()):
            if icp.look_at <= now:
                self._look(address, icp, now)

    def waiting(self) -> bool:
        """Whether an ICP that is not known to be silent owes an answer."""
        return self._agent.waiting() or any(
            icp.asked_at is not None and not icp.silent for icp in self._icps.values()
        )

    # Inside

    def _look(self, address: Address, icp: _Icp, now: float) -> None:
        """Ask the ICP whether it is there (RFC 3261 section 11)."""
        kept = self._agent.registrations.values()
        if not any(r.account.registrar == address for r in kept):
            del self._icps[address]
            return
        if icp.asked_at is None:
            icp.asked_at = now
        else:
            icp.silent = True  # the look before got no answer
        host, _ = self._inside
        request = out_of_dialog.make(
            "OPTIONS",
            sip_uri("", address[0]),
            sender=sip_uri("mbg", host),
            recipient=sip_uri("", address[0]),
            host=host,
            entropy=self._entropy,
        )
        self.transactions.send(request, address, now, self._settings.upstream_transport)
        icp.look_at = now + self._settings.icp_keepalive_s

    def _heard_from(self, address: Address, now: float) -> None:
        icp = self._icps.get(address)
        if icp is None:
            return
        late = icp.asked_at is not None and now - icp.asked_at > self._settings.upstream_limit_s
        back = icp.silent or late
        icp.asked_at, icp.silent = None, False
        if not back:
            return  # it may have forgotten its bindings only while it was silent
        for key, kept in list(self._agent.registrations.items()):
            if kept.account.registrar == address and kept.state is State.REGISTERED:
                self._agent.retry(key, now)

    def _registrar(self, device: Device) -> Address:
        return self._store.icps[device.icp_id].ip, self._settings.icp_port

    def _is_for(self, kept: Registration, device: Device) -> bool:
        """Whether it was made with what the device has on its ICP side now."""
        account = kept.account
        return (
            account.username == device.icp_username
            and account.password == device.icp_password
            and account.registrar == self._registrar(device)
        )

    def _account(self, device: Device) -> Account:
        registrar = self._registrar(device)
        settings = self._settings
        return Account(
            registrar=registrar,
            domain=registrar[0],
            username=device.icp_username,
            auth_username=device.icp_username,
            password=device.icp_password,
            contact=self._inside,
            expires_s=settings.upstream_expires_s,
            renewal_threshold_s=settings.upstream_renewal_s,
            user_agent="MBG",
            transport=settings.upstream_transport,
        )
