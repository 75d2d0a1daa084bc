"""Watches an estate for all open maps together: one look per frame, whoever many look.

The first page that opens begins it, the last that closes ends it: while nobody looks, nothing is
computed. It reads the journal from where it stood, and never makes a role wait.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from simulators.faces.events import Event
from simulators.faces.stream import Stream
from simulators.journal import Entry
from simulators.live_map import sight as seen
from simulators.live_map.mover import Mover
from simulators.live_map.sight import Sight
from simulators.live_map.traffic import Rates, framed

FRAME_S = 0.1
"""Between two looks, real seconds."""

SLOWLY = 10
"""Every so many frames counters and faults are sent, and a change of the estate's shape is seen."""

MOST_ENTRIES = 5_000
"""Entries of the journal in one frame; more wait for the next."""


class Watch:
    """The one watcher of an estate."""

    def __init__(self, sight: Sight, mover: Mover, frame_s: float = FRAME_S) -> None:
        self._sight = sight
        self._mover = mover
        self._frame_s = frame_s
        self._streams: set[Stream] = set()
        self._task: asyncio.Task[None] | None = None
        self._since = 0
        self._shape: tuple[object, ...] = ()
        self._phones: dict[str, int] = {}
        self._told: list[tuple[int, str]] = []
        self._now = asyncio.get_running_loop().time

    @property
    def is_looking(self) -> bool:
        """Whether anything is computed now."""
        return self._task is not None

    @contextlib.asynccontextmanager
    async def shown_to(self, stream: Stream) -> AsyncIterator[None]:
        """Send a page the whole, and, while inside, all that changes."""
        if self._task is None:
            self._begin()
        self._streams.add(stream)
        stream.put(self._whole(), key="whole")
        try:
            yield
        finally:
            self._streams.discard(stream)
            if not self._streams:
                await self._end()

    def _begin(self) -> None:
        self._since = self._sight.journal.mark()
        self._rates = Rates(self._now())
        self._draw()
        self._task = asyncio.create_task(self._look_on(), name="map: watch")

    async def _end(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def _draw(self) -> None:
        self._shape = seen.shape(self._sight)
        self._wide, self._narrow = seen.drawings(self._sight)
        self._routes = seen.routes(self._sight, self._wide)
        phones = self._sight.phones.by_mac.values()
        self._phones = {phone.role: index for index, phone in enumerate(phones)}
        self._told = self._states()

    async def _look_on(self) -> None:
        number = 0
        begun = self._now()
        while True:
            number += 1
            try:
                await self._look(slowly=number % SLOWLY == 0)
            except Exception as error:  # noqa: BLE001 - one frame lost; the next may be drawn
                self._sight.journal.happened("estate", "map failed", error=repr(error))
            begun = max(begun + self._frame_s, self._now())
            await asyncio.sleep(begun - self._now())

    async def _look(self, *, slowly: bool) -> None:
        if slowly and seen.shape(self._sight) != self._shape:
            self._draw()
            self._tell(self._whole(), key="whole")
        entries = await self._news()
        self._rates.count(entries, self._now())
        frame = framed(entries, self._routes, self._phones, self._sight.journal.masker.view)
        changes = self._changes()
        if frame.singles or changes:
            self._tell(Event("frame", {**frame.document(), "p": changes}, str(self._since)))
        if slowly:
            self._tell(Event("counters", self._counters()), key="counters")
            self._tell(Event("faults", seen.faults_on(self._sight)), key="faults")

    async def _news(self) -> list[Entry]:
        found, self._since = await self._sight.journal.search(
            lambda _: True, self._since, MOST_ENTRIES
        )
        return found

    def _tell(self, event: Event, key: str | None = None) -> None:
        for stream in self._streams:
            stream.put(event, key)

    def _states(self) -> list[tuple[int, str]]:
        return [
            (seen.NUMBERS[phone.state], seen.label(phone))
            for phone in self._sight.phones.by_mac.values()
        ]

    def _changes(self) -> list[list[object]]:
        """Index, state and label of each phone that changed; new ones come with the next whole."""
        now = self._states()
        changed = [
            [index, *new]
            for index, (old, new) in enumerate(zip(self._told, now, strict=False))
            if old != new
        ]
        self._told = now[: len(self._told)]
        return changed

    def _counters(self) -> dict[str, object]:
        now = self._now()
        return {
            "clock": self._mover.document(),
            "phones": len(self._sight.phones.by_mac),
            "registered": sum(phone.registered for phone in self._sight.phones.by_mac.values()),
            "per_s": {kind: self._rates.per_second(kind, now) for kind in Rates.KINDS},
            "totals": {kind: self._rates.totals[kind] for kind in Rates.KINDS},
            "licences": seen.licences(self._sight),
        }

    def _whole(self) -> Event:
        sight = self._sight
        whole = {
            "wide": seen.drawing_document(self._wide),
            "narrow": seen.drawing_document(self._narrow),
            "texts": seen.texts(sight),
            "states": seen.STATES,
            "phones": [seen.phone_document(sight, p) for p in sight.phones.by_mac.values()],
            "counters": self._counters(),
            "faults": seen.faults_on(sight),
            "journal": sight.journal.enabled,
        }
        return Event("whole", whole, str(self._since))
