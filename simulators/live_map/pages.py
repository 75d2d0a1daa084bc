"""The map's pages and streams on the estate's control port: entry page, map, ladder, clock."""

import contextlib
from collections.abc import Callable, Sequence

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.control.clock_routes import FARTHEST_S
from simulators.errors import ConfigurationError
from simulators.faces.events import Event
from simulators.faces.face import Face, Link, of
from simulators.http_api.refused import Refused
from simulators.live_map.ladder import LIFELINES, PhoneLadder
from simulators.live_map.mover import Mover
from simulators.live_map.sight import Sight
from simulators.live_map.watch import Watch
from simulators.phone.handset import Handset

PREFIX = "/map"
LONGEST_LADDER = 200
"""Rungs that a page is sent at first: the latest."""
STEPS = (("1 min", 60), ("1 h", 3600), ("1 day", 86_400), ("30 days", 2_592_000),
         ("1 year", 31_536_000))  # fmt: skip
PROTOCOLS = (
    ("SIP", "SIP"),
    ("REST", "REST call"),
    ("HTTP", "HTTP"),
    ("OAI", "OAI"),
    ("TCP", "TCP connection"),
    ("event", "note by a role"),
)
"""Protocols in the words of the reports' legend."""


class Move(BaseModel):
    """How far to move the clock."""

    model_config = ConfigDict(extra="forbid")

    seconds: float = Field(gt=0, le=FARTHEST_S)


class MapPages:
    """The live map of one estate.

    Args:
        sight: what it sees.
        places: (what, address or link, log-in) for the entry page, as they are now.
        links: for the head of each page.
    """

    def __init__(
        self,
        sight: Sight,
        places: Callable[[], Sequence[tuple[str, str, str]]],
        links: Callable[[], Sequence[Link]],
    ) -> None:
        self._sight = sight
        self._places = places
        self.mover = Mover(sight.clock)
        self.watch = Watch(sight, self.mover)
        self.face = Face(
            "simulators.live_map",
            PREFIX,
            "Live map",
            routes=[
                web.get("/", self._map),
                web.get("/events", self._events),
                web.get("/phones/{mac}/events", self._ladder),
                web.get("/messages/{seq}", self._message),
                web.post("/clock", self._move),
            ],
            links=links,
            home=self._entry,
        )

    async def stop(self) -> None:
        """End what runs in the background; may be called again."""
        await self.mover.stop()

    async def _entry(self, request: web.Request) -> web.StreamResponse:
        return of(request).page(request, "entry.html.j2", places=self._places())

    async def _map(self, request: web.Request) -> web.StreamResponse:
        return of(request).page(
            request, "map.html.j2", steps=STEPS, protocols=PROTOCOLS, roles=self._sight.roles(),
            moves_mcs=self._sight.mcs() is None,
        )  # fmt: skip

    async def _events(self, request: web.Request) -> web.StreamResponse:
        async with of(request).streams.open(request) as stream, self.watch.shown_to(stream):
            while await stream.is_read():
                pass
        return stream.response

    async def _ladder(self, request: web.Request) -> web.StreamResponse:
        """The latest rungs of a phone's ladder, then each as it comes."""
        phone = self._phone(request)
        journal = self._sight.journal
        ladder = PhoneLadder(phone.role, lambda: _numbers(phone), self._lifeline)
        found, since = await journal.search(ladder.concerns)
        async with of(request).streams.open(request) as stream:
            view = journal.masker.view
            rungs = [ladder.rung(entry, view) for entry in found[-LONGEST_LADDER:]]
            whole = {"mac": phone.identity.mac, "lifelines": LIFELINES, "rungs": rungs,
                     "earlier": max(0, len(found) - LONGEST_LADDER)}  # fmt: skip
            stream.put(Event("ladder", whole))
            while await stream.is_read(0.2):
                found, since = await journal.search(ladder.concerns, since, LONGEST_LADDER)
                if found:
                    stream.put(Event("rungs", [ladder.rung(entry, view) for entry in found]))
        return stream.response

    async def _message(self, request: web.Request) -> web.StreamResponse:
        """One entry of the journal, masked as everywhere."""
        text = request.match_info["seq"]
        seq = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
        found = await self._sight.journal.search(lambda e: e.seq == seq, max(0, seq - 1), 1)
        if not found[0] or found[0][0].seq != seq:
            raise Refused(404, "not_found", f"the journal has no entry {text} (any more)")
        return web.json_response(self._sight.journal.view(found[0][0]))

    async def _move(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = Move.model_validate_json(await request.read())
        except ValidationError:
            raise Refused(
                422, "invalid", f"expected seconds above 0 and up to {FARTHEST_S:,.0f}"
            ) from None
        self.mover.begin(asked.seconds)
        return web.json_response(self.mover.document(), status=202)

    def _phone(self, request: web.Request) -> Handset:
        mac = request.match_info["mac"]
        with contextlib.suppress(ConfigurationError):
            return self._sight.phones.of(mac)
        raise Refused(404, "not_found", f"there is no phone {mac}")

    def _lifeline(self, role: str) -> str:
        if role == "MCS":
            return "MCS"
        if any(mbg.role == role for mbg in self._sight.mbgs):
            return "MBG"
        return "PBX" if any(node.role == role for node in self._sight.nodes()) else ""


def _numbers(phone: Handset) -> set[str]:
    """The extensions of its lines."""
    return set(phone.line_names) - {""}
