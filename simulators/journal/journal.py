"""The journal itself: roles record, actors wait, the run writes it down.

Each message is recorded once: where it arrives, or by its sender where none of our sockets listens
(the MCS, a real peer, a phone without power). Under load it is switched off, and the report says
so.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from simulators.core import TCP, TLS, Address
from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.journal.entries import (
    Entry,
    ForwardEntry,
    Happened,
    HttpEntry,
    Interface,
    LostEntry,
    OaiEntry,
    SipEntry,
)
from simulators.journal.masking import Masker
from simulators.patience import at_most, limit_of

TURN = 100
"""Entries that a search looks at before others get their turn."""

FEWEST = 10
TRACE_LENGTH = 25
"""Entries shown when something that was waited for did not come."""


class _Place(TypedDict):
    """What all entries with socket addresses share."""

    seq: int
    time: float
    frm: str
    to: str
    transport: str
    source: Address
    destination: Address


class NothingCame(AssertionError):
    """What was waited for did not come in time; the message holds the latest entries, masked."""


class Journal:
    """All messages of one run, in order, in memory.

    Args:
        now: calendar time, epoch seconds.
        enabled: False under load: nothing is kept and waiting is refused.
        most: entries that are kept, for what runs for days; the oldest go, a tenth at a time.
            None keeps all. `seq` counts on.
    """

    def __init__(
        self, now: Callable[[], float], *, enabled: bool = True, most: int | None = None
    ) -> None:
        if most is not None and most < FEWEST:
            raise ConfigurationError(
                f"expected a journal of {FEWEST} entries or more, got {most}: give more"
            )
        self.entries: list[Entry] = []
        self._most = most
        self._gone = 0
        self.masker = Masker()
        self.enabled = enabled
        self._now = now
        self._names: dict[str | Address, str] = {}
        self._listening: set[tuple[Address, str]] = set()
        self._news = asyncio.Event()

    # Who is who

    def name(self, place: str | Address, role: str) -> None:
        """Say which role stands at an IP address, or at one port of it."""
        self._names[place] = role

    def listens(self, address: Address, transport: str = "UDP") -> None:
        """One of our roles records from now on what reaches this socket."""
        self._listening.add((address, transport))

    def falls_silent(self, address: Address, transport: str = "UDP") -> None:
        """The socket is closed."""
        self._listening.discard((address, transport))

    def role_at(self, address: Address) -> str:
        """The role at a socket address; the address itself where nobody named it."""
        return self._names.get(address) or self._names.get(address[0]) or address[0]

    def is_recorded_at(self, address: Address, transport: str = "UDP") -> bool:
        """Whether what is sent there is recorded where it arrives; else its sender has to.

        A matter of the socket, not of the role: a phone without power and a port that nobody
        listens at record nothing.
        """
        return (address, transport) in self._listening

    # Recording

    def sip(
        self,
        source: Address,
        destination: Address,
        *,
        method: str,
        status: int | None,
        reason: str,
        user: str,
        call_id: str,
        warning: str,
        raw: bytes,
        transport: str = "UDP",
    ) -> None:
        """Record one SIP message."""
        if self.enabled:
            self._add(
                SipEntry(
                    **self._place(source, destination, transport),
                    method=method,
                    status=status,
                    reason=reason,
                    user=user,
                    call_id=call_id,
                    warning=warning,
                    raw=raw,
                )
            )

    def http(
        self,
        frm: str,
        to: str,
        *,
        method: str,
        path: str,
        status: int | None = None,
        code: str = "",
        text: str = "",
        interface: Interface = "HTTP",
        encrypted: bool = True,
        source: Address | None = None,
        destination: Address | None = None,
    ) -> None:
        """Record one HTTP request, or its response when `status` is given."""
        if self.enabled:
            self._add(
                HttpEntry(
                    seq=self.mark() + 1,
                    time=self._now(),
                    frm=frm,
                    to=to,
                    transport=TLS if encrypted else TCP,
                    source=source,
                    destination=destination,
                    method=method,
                    path=path,
                    status=status,
                    code=code,
                    text=text,
                    interface=interface,
                )
            )

    def oai(self, source: Address, destination: Address, *, command: str, text: str) -> None:
        """Record one OAI payload."""
        if self.enabled:
            self._add(
                OaiEntry(**self._place(source, destination, "TCP"), command=command, text=text)
            )

    def forwarded(
        self, source: Address, destination: Address, *, port: int, snat: bool, snat_source: str
    ) -> None:
        """Record a connection that the MBG passes on."""
        if self.enabled:
            self._add(
                ForwardEntry(
                    **self._place(source, destination, "TCP"),
                    outside_port=port,
                    snat=snat,
                    snat_source=snat_source,
                )
            )

    def lost(
        self, source: Address, destination: Address, *, transport: str, reason: str, what: str
    ) -> None:
        """Record what can't arrive."""
        if self.enabled:
            self._add(
                LostEntry(**self._place(source, destination, transport), reason=reason, what=what)
            )

    def happened(self, role: str, name: str, /, **facts: object) -> None:
        """Record what a role says of itself."""
        if self.enabled:
            self._add(
                Happened(
                    seq=self.mark() + 1,
                    time=self._now(),
                    frm=role,
                    to=role,
                    name=name,
                    facts={key: str(value) for key, value in facts.items()},
                )
            )

    # Reading

    def mark(self) -> int:
        """The place after the latest entry, for `since`: its `seq`."""
        return self._gone + len(self.entries)

    def find(self, wanted: Callable[[Entry], bool], since: int = 0) -> list[Entry]:
        """All entries from the place `since` on that are kept and that `wanted` accepts."""
        return [entry for entry in self._after(since) if wanted(entry)]

    async def search(
        self, wanted: Callable[[Entry], bool], since: int = 0, limit: int | None = None
    ) -> tuple[list[Entry], int]:
        """Like `find`, while others get their turns: at most `limit`, and the place it got to."""
        found: list[Entry] = []
        while part := self._after(since, TURN):
            for entry in part:
                since = entry.seq
                if wanted(entry):
                    found.append(entry)
                    if len(found) == limit:
                        return found, since
            if len(part) == TURN:
                await asyncio.sleep(0)
        return found, since

    async def wait_for(
        self,
        wanted: Callable[[Entry], bool],
        *,
        since: int = 0,
        within_s: float = 10.0,
        what: str = "",
    ) -> Entry:
        """The first entry from the place `since` on that `wanted` accepts, now or when it comes.

        Args:
            within_s: real seconds to wait; a net against hanging, not a measure.
            what: the words for the failure.

        Raises:
            NothingCame: with the latest entries.
            LocalProtocolError: the journal is off, so nothing can come.
        """
        if not self.enabled:
            raise LocalProtocolError("the journal is off under load: there is nothing to wait for")
        position = since
        try:
            async with at_most(within_s):
                while True:
                    found, position = await self.search(wanted, position, limit=1)
                    if found:
                        return found[0]
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise NothingCame(
                f"waited {limit_of(within_s):g} s for {what or 'an entry'}; it did not come. "
                f"Latest:\n{self.trace()}"
            ) from None

    def trace(self, length: int = TRACE_LENGTH) -> str:
        """The latest entries, a masked line each."""
        return "\n".join(
            self.masker.view(f"  {e.seq:>5} {e.frm} -> {e.to}: {e.summary}")
            for e in self.entries[-length:]
        )

    # Writing down

    def view(self, entry: Entry) -> dict[str, object]:
        """One entry as the run's folder keeps it, masked."""
        return {
            "seq": entry.seq,
            "time": datetime.fromtimestamp(entry.time, UTC).isoformat().replace("+00:00", "Z"),
            "from": entry.frm,
            "to": entry.to,
            "transport": entry.transport,
            "source": _text(entry.source),
            "destination": _text(entry.destination),
            "protocol": entry.protocol,
            "summary": self.masker.view(entry.summary),
            "detail": self.masker.view(entry.detail),
        }

    def write(self, path: Path) -> None:
        """Write all entries as JSON lines, masked; a lone surrogate as its escape."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
            for entry in self.entries:
                file.write(json.dumps(self.view(entry), ensure_ascii=False) + "\n")

    def _place(self, source: Address, destination: Address, transport: str) -> _Place:
        return {
            "seq": self.mark() + 1,
            "time": self._now(),
            "frm": self.role_at(source),
            "to": self.role_at(destination),
            "transport": transport,
            "source": source,
            "destination": destination,
        }

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if self._most is not None and len(self.entries) > self._most:
            gone = self._most // FEWEST
            del self.entries[:gone]
            self._gone += gone
        self._news.set()

    def _after(self, since: int, length: int | None = None) -> list[Entry]:
        """The entries from the place `since` on, at most so many."""
        start = max(0, since - self._gone)
        return self.entries[start : None if length is None else start + length]


def _text(address: Address | None) -> str:
    return f"{address[0]}:{address[1]}" if address else ""
