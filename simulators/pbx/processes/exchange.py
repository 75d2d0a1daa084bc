"""The SIP side of one of the processes that serve a node together, pure.

The exchange of a node, with two differences. A REGISTER with credentials of an extension that this
process does not own waits until the parent has granted it; a copy of it that comes meanwhile is
dropped. And there is nothing but registrations: calls are refused.

Its `events` are what it has to tell the parent; what the parent says comes in by `hear`. A
nonce is known to the process that made it alone: the phone's next datagram comes to the same one.
From elsewhere it meets `stale=true`, as after a restart (RFC 2617 section 3.2.1).
"""

from collections.abc import Callable
from functools import partial

from simulators.core import Address, Entropy
from simulators.pbx import refusals
from simulators.pbx.bindings import ContactBinding
from simulators.pbx.exchange import Exchange
from simulators.pbx.exchange_events import ExtensionUnregistered
from simulators.pbx.extensions import Extensions
from simulators.pbx.processes.messages import (
    Claim,
    FromParent,
    Grant,
    GrantBound,
    GrantUnlicensed,
    HandedOver,
    Kept,
    Recall,
    Released,
    Row,
)
from simulators.pbx.registering import Asked, Registering
from simulators.pbx.settings import NodeSettings
from simulators.sip.plain import Plain
from simulators.sip.transaction_events import RequestReceived

Decide = Callable[[float], None]
"""Decides and answers what has waited, when it is called with the time."""


class ProcessExchange(Exchange):
    """One process's part of a node.

    Args:
        settings: without licences, which the parent counts.
    """

    def __init__(
        self,
        name: str,
        extensions: Extensions,
        entropy: Entropy,
        settings: NodeSettings | None = None,
        *,
        local: Address,
    ) -> None:
        super().__init__(name, extensions, entropy, settings, local=local)
        self.allow = "REGISTER, OPTIONS"
        self._host = local[0]
        self._known = extensions
        self._owned: set[str] = set()
        self._waiting: dict[str, list[Decide]] = {}
        self._copies: set[str] = set()  # keys of plain requests that wait: others are copies
        self._claimed: list[str] = []
        self._kept: list[str] = []
        self._released: list[str] = []
        self._handed_over: list[HandedOver] = []

    def hear(self, message: FromParent, now: float) -> None:
        """Take what the parent says."""
        self.registrar.expire(now)
        match message:
            case Grant(extensions):
                for extension in extensions:
                    self._granted(extension, now)
            case GrantBound(extension, rows):
                for row in rows:
                    binding = from_row(extension, row, now)
                    self.bindings.put(binding, self.settings.contacts_per_extension)
                self._granted(extension, now)
            case GrantUnlicensed(extensions):
                self.registrar.set_licences(0)
                for extension in extensions:
                    self._granted(extension, now)
                self.registrar.set_licences(None)
            case Recall(extensions):
                for extension in extensions:
                    if extension in self._owned:  # else our `Released` has crossed it
                        self._hand_over(extension, now)

    def events(self) -> list[object]:
        """Messages for the parent, once; of phones nobody asks one process alone.

        In the order in which several can be about the same extension.
        """
        for event in super().events():
            if type(event) is ExtensionUnregistered:
                self._release(event.extension)
        said: list[object] = []
        if self._handed_over:
            said += self._handed_over
            self._handed_over = []
        if self._kept:
            said.append(Kept(self._kept))
            self._kept = []
        if self._released:
            said.append(Released(self._released))
            self._released = []
        if self._claimed:
            said.append(Claim(self._claimed))
            self._claimed = []
        return said

    # Inside

    def _register_plain(self, plain: Plain, now: float) -> None:
        extension = self._to_claim(plain)
        if not extension:
            super()._register_plain(plain, now)
        elif plain.key not in self._copies:
            self._copies.add(plain.key)
            self._wait(extension, partial(self._waited_plain, plain))

    def _waited_plain(self, plain: Plain, now: float) -> None:
        self._copies.discard(plain.key)
        super()._register_plain(plain, now)

    def _decide(self, received: RequestReceived, asked: Registering, now: float) -> None:
        extension = self._to_claim(asked)
        if not extension:
            super()._decide(received, asked, now)
        else:
            self._wait(extension, partial(super()._decide, received, asked))

    def _call(self, received: RequestReceived, now: float) -> None:
        self._answer(received, refusals.no_calls(self._host), now)

    def _to_claim(self, asked: Asked) -> str:
        """The extension that has to be ours before this can be decided; "" where none has.

        Without credentials nothing is changed, whoever decides.
        """
        if not asked.authorization or asked.user in self._owned or asked.user not in self._known:
            return ""
        return asked.user

    def _wait(self, extension: str, decide: Decide) -> None:
        waiting = self._waiting.get(extension)
        if waiting is None:
            self._waiting[extension] = [decide]
            self._claimed.append(extension)
        else:
            waiting.append(decide)

    def _granted(self, extension: str, now: float) -> None:
        """It is ours now: decide what waits for it."""
        self._owned.add(extension)
        for decide in self._waiting.pop(extension, ()):
            decide(now)
        if self.bindings.get(extension) is None:
            self._release(extension)
        else:
            self._kept.append(extension)

    def _release(self, extension: str) -> None:
        """Own it no longer, unless it is registered again."""
        if extension in self._owned and self.bindings.get(extension) is None:
            self._owned.discard(extension)
            self._released.append(extension)

    def _hand_over(self, extension: str, now: float) -> None:
        rows = [to_row(binding, now) for binding in self.bindings.of(extension)]
        if not rows:
            self._release(extension)
            return
        self.bindings.remove_all(extension)
        self._owned.discard(extension)
        self._handed_over.append(HandedOver(extension, rows))


def to_row(binding: ContactBinding, now: float) -> Row:
    """The binding for another process."""
    _, contact, call_id, number, until, peer, transport = binding
    return contact, call_id, number, until - now, *peer, transport


def from_row(extension: str, row: Row, now: float) -> ContactBinding:
    """The binding that another process had."""
    contact, call_id, number, left_s, host, port, transport = row
    return ContactBinding(
        extension, str(contact), str(call_id), int(number), now + float(left_s),
        (str(host), int(port)), str(transport),
    )  # fmt: skip
