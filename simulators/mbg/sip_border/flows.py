"""Where sets are, as the border sees them through their NAT, pure.

A flow is a transport with a far end, in the spirit of RFC 5626 section 2: the connection, or the
UDP source, that REGISTER came from. Requests to a set go there and nowhere else, whatever its
Contact says. A phone with two lines has two devices on one flow.
"""

from dataclasses import dataclass, field

from simulators.core import Address


@dataclass(slots=True, eq=False)
class Flow:
    """One flow; `heard_at` is when the last valid SIP message came over it."""

    transport: str
    peer: Address
    heard_at: float
    devices: set[str] = field(default_factory=set)


class Flows:
    """The flows that devices are on; one that no device is on is forgotten."""

    def __init__(self) -> None:
        self._flows: dict[tuple[str, Address], Flow] = {}

    def enter(self, device_id: str, transport: str, peer: Address, now: float) -> Flow:
        """The device is on this flow now."""
        flow = self._flows.get((transport, peer))
        if flow is None:
            flow = self._flows[transport, peer] = Flow(transport, peer, now)
        flow.devices.add(device_id)
        return flow

    def leave(self, device_id: str, flow: Flow) -> None:
        """The device is no longer on it."""
        flow.devices.discard(device_id)
        if not flow.devices and self._flows.get((flow.transport, flow.peer)) is flow:
            del self._flows[flow.transport, flow.peer]

    def heard(self, transport: str, peer: Address, now: float) -> None:
        """A valid message came."""
        flow = self._flows.get((transport, peer))
        if flow is not None:
            flow.heard_at = now

    def get(self, transport: str, peer: Address) -> Flow | None:
        """The flow, if a device is on it."""
        return self._flows.get((transport, peer))

    def __len__(self) -> int:
        return len(self._flows)
