"""Requests of an ICP to a set outside of any dialog, carried there, and the answer back; pure.

An ICP knows a device by its ICP-side name at our inside address; the set knows itself by its
set-side name. So Request-URI, To, From and what belongs to the hop are written anew, and what the
request says (Event, Subscription-State, Content-Type, body ...) stays as it is.
"""

from simulators.core import Entropy
from simulators.mbg.records.devices import Device, DeviceStore
from simulators.mbg.sip_border import out_of_dialog
from simulators.mbg.sip_border.border_terms import sip_uri
from simulators.mbg.sip_border.set_registrations import Binding, SetRegistrations
from simulators.mbg.sip_border.uas import Uas
from simulators.sip import inspection
from simulators.sip.headers import NameAddress, Uri, seconds
from simulators.sip.message import MalformedMessage, Request, Response, canonical
from simulators.sip.transaction import Transactions
from simulators.sip.transaction_events import RequestReceived

METHODS = ("NOTIFY", "MESSAGE")

OWN = frozenset((
    "authorization", "call-id", "contact", "content-length", "cseq", "from", "max-forwards",
    "proxy-authorization", "proxy-require", "record-route", "require", "route", "server",
    "supported", "to", "user-agent", "via",
))  # fmt: skip
"""Headers that each side has for itself (RFC 3261 section 20)."""


class Relay:
    """Carries requests from the ICPs to the sets.

    Args:
        icps: answers the ICPs.
        sets: the transaction layer towards the sets.
    """

    def __init__(
        self,
        icps: Uas,
        sets: Transactions,
        registrations: SetRegistrations,
        store: DeviceStore,
        entropy: Entropy,
    ) -> None:
        self._icps = icps
        self._sets = sets
        self._registrations = registrations
        self._store = store
        self._entropy = entropy
        self._carried: dict[str, tuple[RequestReceived, str]] = {}  # with the set-side name

    def carry(self, received: RequestReceived, now: float) -> None:
        """Carry the request to the set of the device that it names, or say why not."""
        try:
            request = received.request
            name = Uri.parse(request.uri).user
            sender = NameAddress.parse(request.headers.get("from")).uri.user
            in_dialog = "tag" in NameAddress.parse(request.headers.get("to")).params
        except MalformedMessage as error:
            self._icps.answer(received, 400, now, reason=" ".join(str(error)[:80].split()))
            return
        if in_dialog:
            self._icps.answer(received, 481, now)
            return
        device = self._device(received, name, now)
        if device is None:
            return
        binding = self._registrations.bindings.get(device.id)
        if binding is None:
            text = f"SIP device {device.set_username} is not registered"
            self._icps.refuse(received, 480, text, now)
            return
        hops = inspection.too_many_hops(request)
        if hops is not None:
            self._icps.answer(received, hops.status, now, reason=hops.reason)
            return
        left = seconds(request.headers.get("max-forwards"))
        forwards = out_of_dialog.MAX_FORWARDS if left is None else max(0, left - 1)
        carried = self._rewritten(request, device, binding, sender, forwards)
        flow = binding.flow
        transaction = self._sets.send(carried, flow.peer, now, flow.transport)
        self._carried[transaction] = received, device.set_username

    def device_of(self, received: RequestReceived, now: float) -> Device | None:
        """The device that a request of an ICP is for; None if it was refused."""
        try:
            name = Uri.parse(received.request.uri).user
        except MalformedMessage as error:
            self._icps.answer(received, 400, now, reason=" ".join(str(error)[:80].split()))
            return None
        return self._device(received, name, now)

    def answered(self, transaction: str, response: Response, now: float) -> bool:
        """Pass the set's answer back; returns whether the transaction was one of ours."""
        if transaction not in self._carried:
            return False
        if response.status >= 200:
            received, _ = self._carried.pop(transaction)
            self._icps.answer(
                received,
                response.status,
                now,
                headers=_said(response.headers.items),
                reason=response.reason,
                body=response.body,
            )
        return True

    def ended(self, transaction: str, now: float) -> bool:
        """The set did not answer; returns whether the transaction was one of ours."""
        if transaction not in self._carried:
            return False
        received, name = self._carried.pop(transaction)
        self._icps.refuse(received, 480, f"SIP device {name} did not answer", now)
        return True

    def _device(self, received: RequestReceived, name: str, now: float) -> Device | None:
        device = self._store.by_icp_username(received.peer[0], name)
        if device is None:
            text = f"ICP {received.peer[0]} has no SIP device {name} here"
            self._icps.refuse(received, 404, text, now)
        return device

    def _rewritten(
        self, request: Request, device: Device, binding: Binding, sender: str, forwards: int
    ) -> Request:
        host, port = self._sets.local_for(binding.flow.transport)
        contact = sip_uri(sender, host, port, binding.flow.transport)
        return out_of_dialog.make(
            request.method,
            binding.contact,
            sender=sip_uri(sender, host),
            recipient=sip_uri(device.set_username, host),
            host=host,
            entropy=self._entropy,
            max_forwards=forwards,
            headers=[("Contact", f"<{contact}>"), *_said(request.headers.items)],
            body=request.body,
        )


def _said(items: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers that are about what is said, not about who says it to whom."""
    return [(name, value) for name, value in items if canonical(name) not in OWN]
