"""OPTIONS to every registered set, and which of them have fallen silent, pure.

The messages keep the set's NAT binding open, the answers show that it is there. A set that sends
nothing valid for `set_idle_s` is idle. Sets that registered in one burst are asked at times spread
over the interval, so that they don't answer in one burst too.
"""

from dataclasses import dataclass

from simulators.core import Entropy
from simulators.mbg.sip_border import out_of_dialog
from simulators.mbg.sip_border.border_terms import BorderSettings, sip_uri
from simulators.mbg.sip_border.deadlines import Deadlines
from simulators.mbg.sip_border.flows import Flow
from simulators.sip.transaction import Transactions


@dataclass(slots=True)
class _Watched:
    contact: str
    flow: Flow
    asked: str = ""  # the transaction of an OPTIONS that is not answered yet


class KeepAlive:
    """Watches registered devices.

    Args:
        transactions: of the set side.
    """

    def __init__(
        self, transactions: Transactions, entropy: Entropy, settings: BorderSettings
    ) -> None:
        self._transactions = transactions
        self._entropy = entropy
        self._settings = settings
        self._watched: dict[str, _Watched] = {}
        self._asked: dict[str, str] = {}  # transaction -> device id
        self._due = Deadlines()

    def watch(self, device_id: str, contact: str, flow: Flow, now: float) -> None:
        """The device is registered there; a refresh doesn't change when it is asked next."""
        watched = self._watched.get(device_id)
        if watched is None:
            self._watched[device_id] = _Watched(contact, flow)
            share = int.from_bytes(self._entropy(2), "big") / 65_536
            self._due.set(device_id, now + share * self._settings.set_keepalive_s)
            return
        watched.contact = contact
        if watched.flow is not flow:
            watched.flow = flow
            self._asked.pop(watched.asked, None)
            watched.asked = ""

    def forget(self, device_id: str) -> None:
        """The device is no longer registered."""
        watched = self._watched.pop(device_id, None)
        if watched is not None:
            self._asked.pop(watched.asked, None)
            self._due.clear(device_id)

    def answered(self, transaction: str, now: float) -> bool:
        """Take the answer, whatever it says; returns whether the transaction was one of ours."""
        watched = self._watched.get(self._asked.get(transaction, ""))
        if watched is not None:
            watched.flow.heard_at = now
        return self.ended(transaction)

    def ended(self, transaction: str) -> bool:
        """The transaction is over; returns whether it was one of ours."""
        watched = self._watched.get(self._asked.pop(transaction, ""))
        if watched is None:
            return False
        watched.asked = ""
        return True

    def timer_at(self) -> float | None:
        """When the next one is asked or idle."""
        return self._due.first()

    def handle_timer(self, now: float) -> list[str]:
        """Ask who is due; returns the devices that are idle (the caller forgets them)."""
        idle = []
        for device_id in self._due.due(now):
            watched = self._watched[device_id]
            ends = watched.flow.heard_at + self._settings.set_idle_s
            if ends <= now:
                idle.append(device_id)
                continue
            if not watched.asked:  # while one is sent again and again, another adds nothing
                self._ask(device_id, watched, now)
            self._due.set(device_id, min(now + self._settings.set_keepalive_s, ends))
        return idle

    def _ask(self, device_id: str, watched: _Watched, now: float) -> None:
        flow = watched.flow
        host, port = self._transactions.local_for(flow.transport)
        request = out_of_dialog.make(
            "OPTIONS",
            watched.contact,
            sender=sip_uri("mbg", host, port, flow.transport),
            recipient=watched.contact,
            host=host,
            entropy=self._entropy,
        )
        watched.asked = self._transactions.send(request, flow.peer, now, flow.transport)
        self._asked[watched.asked] = device_id
