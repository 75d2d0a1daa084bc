"""The SIP side of one of the processes that serve a node together, pure.

The exchange of a node, with two differences. A REGISTER with credentials is decided at once where
this process owns the extension and has a free licence for it, or it needs none; else it waits until
the parent has granted what is missing, and a copy of it that comes meanwhile is dropped. And there
is nothing but registrations: calls are refused.

Its `events` are what it has to tell the parent; what the parent says comes in by `hear`. A
nonce is known to the process that made it alone: the phone's next datagram comes to the same one.
From elsewhere it meets `stale=true`, as after a restart (RFC 2617 section 3.2.1).
"""

from collections.abc import Callable, Iterable
from functools import partial

from simulators.core import Address, Entropy
from simulators.pbx import refusals
from simulators.pbx.bindings import ContactBinding
from simulators.pbx.exchange import Exchange
from simulators.pbx.exchange_events import ExtensionRegistered, ExtensionUnregistered
from simulators.pbx.extensions import Extensions
from simulators.pbx.processes.dealing import default_owner
from simulators.pbx.processes.messages import (
    Claim,
    FromParent,
    FromProcess,
    Grant,
    GrantBound,
    HandedOver,
    LicencesAsked,
    LicencesGranted,
    LicencesSpared,
    LicencesWanted,
    News,
    Recall,
    Registered,
    Row,
    Unregistered,
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
        settings: with licences, where the parent counts them; then with those that this process has
            at its begin.
        number: of this process, from 1; count: how many there are.
    """

    def __init__(
        self,
        name: str,
        extensions: Extensions,
        entropy: Entropy,
        settings: NodeSettings | None = None,
        *,
        local: Address,
        number: int,
        count: int,
    ) -> None:
        super().__init__(name, extensions, entropy, settings, local=local)
        self.allow = "REGISTER, OPTIONS"
        self._host = local[0]
        self._known = extensions
        self._licences = self.settings.licences
        self._owned = {each for each in extensions if default_owner(each, count) == number}
        self._waiting: dict[str, list[Decide]] = {}  # for their extensions to be ours
        self._unlicensed: dict[str, list[Decide]] = {}  # for licences; the extensions are ours
        self._wished = 0  # so many of those, the first ones, are in what the parent was asked for
        self._recalled: set[str] = set()  # of those too: handed over once they are decided
        self._copies: set[str] = set()  # keys of plain requests that wait: others are copies
        self._said: list[FromProcess] = []

    def hear(self, message: FromParent, now: float) -> None:
        """Take what the parent says."""
        self.registrar.expire(now)
        match message:
            case Grant(extensions):
                for extension in extensions:
                    self._granted(extension, now)
            case GrantBound(extension, rows):
                self._add_licences(1)
                for row in rows:
                    binding = from_row(extension, row, now)
                    self.bindings.put(binding, self.settings.contacts_per_extension)
                self._granted(extension, now)
            case Recall(extensions):
                for extension in extensions:
                    if extension in self._unlicensed:
                        self._recalled.add(extension)
                    else:
                        self._hand_over(extension, now)
            case LicencesGranted(count):
                self._add_licences(count)
                self._licensed(now)
            case LicencesAsked():
                spared = self._spare_licences()
                self._add_licences(-spared)
                self._said.append(LicencesSpared(spared))

    def events(self) -> list[object]:
        """Messages for the parent, once; of phones nobody asks one process alone.

        News comes first: what else is said may be about the same extension.
        """
        said: list[object] = [*news(super().events()), *self._said]
        self._said.clear()
        return said

    # Inside

    def _register_plain(self, plain: Plain, now: float) -> None:
        if self._can_decide(plain):
            super()._register_plain(plain, now)
        elif plain.key not in self._copies:
            self._copies.add(plain.key)
            self._wait(plain.user, partial(self._waited_plain, plain))

    def _waited_plain(self, plain: Plain, now: float) -> None:
        self._copies.discard(plain.key)
        super()._register_plain(plain, now)

    def _decide(self, received: RequestReceived, asked: Registering, now: float) -> None:
        if self._can_decide(asked):
            super()._decide(received, asked, now)
        else:
            self._wait(asked.user, partial(super()._decide, received, asked))

    def _call(self, received: RequestReceived, now: float) -> None:
        self._answer(received, refusals.no_calls(self._host), now)

    def _can_decide(self, asked: Asked) -> bool:
        """Whether nothing is missing; without credentials nothing is changed, whoever decides."""
        extension = asked.user
        if not asked.authorization:
            return True
        if extension in self._owned:
            return self._licences is None or not self._lacks_licence(extension)
        return extension not in self._known

    def _lacks_licence(self, extension: str) -> bool:
        """Whether it might need a licence that is not there, or waits for one already."""
        return extension in self._unlicensed or (
            self._licences is not None
            and not self._spare_licences()
            and self.bindings.get(extension) is None
        )

    def _spare_licences(self) -> int:
        return max(0, (self._licences or 0) - len(self.bindings))

    def _add_licences(self, count: int) -> None:
        if self._licences is not None:
            self._licences += count
            self.registrar.set_licences(self._licences)

    def _wait(self, extension: str, decide: Decide) -> None:
        """Ask for what is missing, once, and decide then."""
        if extension not in self._owned:
            if extension not in self._waiting:
                self._said.append(Claim([extension]))
            self._waiting.setdefault(extension, []).append(decide)
        else:
            self._unlicensed.setdefault(extension, []).append(decide)
            if not self._wished:
                self._wish()

    def _granted(self, extension: str, now: float) -> None:
        """It is ours now: decide what waits for it."""
        self._owned.add(extension)
        for decide in self._waiting.pop(extension, ()):
            if self._lacks_licence(extension):
                self._wait(extension, decide)
            else:
                decide(now)

    def _wish(self) -> None:
        self._wished = len(self._unlicensed)
        self._said.append(LicencesWanted(self._wished))

    def _licensed(self, now: float) -> None:
        """There are no more licences than these: decide what was asked for; the others ask anew."""
        asked, self._wished = self._wished, 0
        for place, extension in enumerate(list(self._unlicensed)):
            if place >= asked and not self._spare_licences():
                self._wish()
                break
            for decide in self._unlicensed.pop(extension):
                decide(now)
            if extension in self._recalled:
                self._recalled.discard(extension)
                self._hand_over(extension, now)

    def _hand_over(self, extension: str, now: float) -> None:
        rows = [to_row(binding, now) for binding in self.bindings.of(extension)]
        if rows:
            self.bindings.remove_all(extension)
            self._add_licences(-1)
        self._owned.discard(extension)
        self._said.append(HandedOver(extension, rows))


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


def news(events: Iterable[object]) -> list[News]:
    """What of a node's events the parent is told, in order, several in one where it can be."""
    told: list[tuple[type[News], list[str]]] = []
    for event in events:
        kind: type[News]
        if type(event) is ExtensionRegistered and not event.refreshed:
            kind, extension = Registered, event.extension
        elif type(event) is ExtensionUnregistered:
            kind, extension = Unregistered, event.extension
        else:
            continue
        if not told or told[-1][0] is not kind:
            told.append((kind, []))
        told[-1][1].append(extension)
    return [kind(extensions) for kind, extensions in told]
