"""How the border answers requests by itself, on either side, pure (RFC 3261 section 8.2)."""

from collections.abc import Iterable
from dataclasses import replace

from simulators.core import Entropy
from simulators.sip import inspection
from simulators.sip.message import response_to
from simulators.sip.plain import Plain
from simulators.sip.transaction import Transactions
from simulators.sip.transaction_events import RequestReceived
from simulators.sip.vocabulary import METHODS

Received = RequestReceived | Plain
"""A request that came whole, or a REGISTER that was read at a glance."""


class Uas:
    """Answers the requests of one transaction layer.

    Args:
        host: how we name ourselves in `Warning`.
        allow: the methods that this side serves, for `Allow`.
    """

    def __init__(
        self, transactions: Transactions, entropy: Entropy, host: str, allow: tuple[str, ...]
    ) -> None:
        self._transactions = transactions
        self._entropy = entropy
        self._host = host
        self._allow = allow

    def answer(
        self,
        received: Received,
        status: int,
        now: float,
        *,
        headers: Iterable[tuple[str, str]] = (),
        reason: str = "",
        body: bytes = b"",
    ) -> None:
        """Answer with `status`, the reason phrase being the RFC's unless one is given."""
        fields, tag = [*headers, ("Server", "MBG")], self._entropy(4).hex()
        if isinstance(received, Plain):
            data = received.answer(status, fields, tag, reason)
            self._transactions.finish(received.key, data, received.peer, now)
            return
        response = response_to(received.request, status, headers=fields, to_tag=tag, reason=reason)
        if body:
            response = replace(response, body=body)
        self._transactions.respond(received.transaction, response, now)

    def keep(self, received: Received, now: float) -> None:
        """Know a request again that is answered later."""
        if isinstance(received, Plain):
            self._transactions.take(received.key, received.peer, now)

    def refuse(self, received: Received, status: int, text: str, now: float) -> None:
        """Answer with `status` and a `Warning` that tells a person why (section 20.43)."""
        quotable = " ".join(text.split()).replace("\\", "/").replace('"', "'")
        self.answer(received, status, now, headers=[("Warning", f'399 {self._host} "{quotable}"')])

    def refuses(self, received: RequestReceived, now: float) -> bool:
        """Refuse what no server may take (section 8.2.2); returns whether it was refused."""
        found = inspection.refusal(received.request)
        if found is None:
            return False
        self.answer(received, found.status, now, headers=found.headers, reason=found.reason)
        return True

    def capabilities(self, received: RequestReceived, now: float) -> None:
        """Answer OPTIONS (section 11.2)."""
        self.answer(received, 200, now, headers=[("Allow", ", ".join(self._allow))])

    def not_served(self, received: RequestReceived, now: float) -> None:
        """Answer a method that this side does not serve (sections 8.2.1 and 21.5.2)."""
        status = 405 if received.request.method in METHODS else 501
        self.answer(received, status, now, headers=[("Allow", ", ".join(self._allow))])
