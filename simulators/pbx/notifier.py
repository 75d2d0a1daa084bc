"""NOTIFY to phones outside of any dialog, pure: check-sync and whatever else an event says.

Phones take such a NOTIFY without a subscription, as all makers of provisioned phones agreed on;
RFC 6665 knows none. It goes the way that the phone's REGISTER came.
"""

from simulators.core import Entropy
from simulators.pbx.bindings import ContactBinding
from simulators.pbx.exchange_events import NotifyAnswered
from simulators.sip.dialog import contact, content
from simulators.sip.message import Headers, Request
from simulators.sip.transaction import Transactions
from simulators.sip.transaction_events import ResponseReceived, TimedOut

CHECK_SYNC = "check-sync"
"""Asks a phone to look for new configuration, and to restart if there is any."""


class Notifier:
    """Sends, and tells what the phones answered.

    Args:
        host: how the node names itself.
        events: where to tell of answers.
    """

    def __init__(
        self, transactions: Transactions, entropy: Entropy, host: str, events: list[object]
    ) -> None:
        self._transactions = transactions
        self._entropy = entropy
        self._host = host
        self._events = events
        self._sent: dict[str, tuple[str, str]] = {}  # extension and event, by transaction

    def __len__(self) -> int:
        """How many answers are awaited."""
        return len(self._sent)

    def send(
        self, binding: ContactBinding, event: str, body: bytes, content_type: str, now: float
    ) -> None:
        """One NOTIFY to one contact."""
        number, by = binding.extension, binding.transport
        items = [
            ("Max-Forwards", "70"),
            ("From", f"<sip:{number}@{self._host}>;tag={self._entropy(4).hex()}"),
            ("To", f"<{binding.contact}>"),
            ("Call-ID", f"{self._entropy(8).hex()}@{self._host}"),
            ("CSeq", "1 NOTIFY"),
            ("Contact", contact(number, self._transactions.local_for(by), by)),
            ("Event", event),
            ("Subscription-State", "terminated"),  # nobody subscribed
            *content(body, content_type),
        ]
        request = Request("NOTIFY", binding.contact, Headers(items), body)
        transaction = self._transactions.send(request, binding.peer, now, by)
        self._sent[transaction] = number, event

    def take(self, event: ResponseReceived | TimedOut) -> bool:
        """Take the end of a transaction; False if it was none of ours."""
        if event.transaction not in self._sent:
            return False
        status = event.response.status if isinstance(event, ResponseReceived) else None
        if status is None or status >= 200:
            number, package = self._sent.pop(event.transaction)
            self._events.append(NotifyAnswered(number, package, status))
        return True
