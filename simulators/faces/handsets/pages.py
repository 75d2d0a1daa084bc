"""The pages of the handsets: the wall, one handset, what hands do there, and their live parts."""

import json
from collections.abc import Callable, Sequence

from aiohttp import web
from pydantic import ValidationError

from simulators.errors import ConfigurationError
from simulators.faces.face import Face, Link, of
from simulators.faces.handsets.acts import Acts, do, from_form
from simulators.faces.handsets.drawing import MODULE_PAGES, MODULE_ROWS, drawing
from simulators.faces.handsets.looks import LOOKS
from simulators.faces.handsets.seen import brick, first_line, picture
from simulators.faces.handsets.watching import OneWatched, WallWatched
from simulators.http_api.refused import Refused
from simulators.phone.handset import Handset
from simulators.phone.handsets import Handsets
from simulators.phone.models import MODELS

PREFIX = "/handsets"
JSON = "application/json"
MOST_CARDS = 150
"""Handsets that are links of their own in the wall; more are drawn on a canvas (decision 0037)."""
WORDS = json.dumps(
    {state: {"letter": look.letter, "kind": look.kind} for state, look in LOOKS.items()}
)
"""The looks, for the script of the wall."""


def handsets_face(phones: Handsets, links: Callable[[], Sequence[Link]] | None = None) -> Face:
    """The face of these phones, for their control server; `links` by default are to the wall."""
    pages = _Pages(phones)
    routes = [
        web.get("/", pages.wall),
        web.get("/events", pages.wall_events),
        web.get("/{mac}", pages.handset),
        web.get("/{mac}/events", pages.handset_events),
        web.post("/{mac}/acts", pages.act),
    ]
    own = [Link("Handsets", f"{PREFIX}/")]
    return Face(
        __package__, PREFIX, "Handsets", routes=routes, links=links or (lambda: own), home=_to_wall
    )


async def _to_wall(request: web.Request) -> web.StreamResponse:
    return _to(of(request).at())


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


class _Pages:
    def __init__(self, phones: Handsets) -> None:
        self._phones = phones

    async def wall(self, request: web.Request) -> web.StreamResponse:
        """All phones, or those that the query asks for; each a link to its page."""
        wanted = {name: request.query.get(name, "") for name in ("state", "model", "home", "text")}
        bricks = [brick(phone) for phone in self._phones.by_mac.values()]
        shown = [one for one in bricks if _is_wanted(one, wanted)]
        states = [one[1] for one in bricks]
        counts = {state: states.count(state) for state in LOOKS if state in states}
        return of(request).page(
            request, "wall.html.j2", bricks=shown, total=len(bricks), counts=counts, wanted=wanted,
            models=list(MODELS), looks=LOOKS, words=WORDS, most=MOST_CARDS,
        )  # fmt: skip

    async def handset(self, request: web.Request) -> web.StreamResponse:
        """One phone, to be used."""
        phone = self._named(request)
        return of(request).page(
            request, "handset.html.j2", phone=phone, draw=drawing(phone.model),
            line=first_line(phone), seen=picture(phone, self._phones.clock.now()),
            rows=MODULE_ROWS, pages=MODULE_PAGES,
        )  # fmt: skip

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Do what hands did; a script gets the phone as it is then, a form the page again."""
        phone = self._named(request)
        scripted = request.content_type == JSON
        try:
            acts = (
                Acts.model_validate_json(await request.read()).acts
                if scripted
                else [from_form(name, str(v)) for name, v in (await request.post()).items() if v]
            )
        except ValidationError as error:
            raise Refused(422, "invalid", _why(error)) from None
        for act in acts:
            await do(phone, act)
        if scripted:
            return web.json_response(picture(phone, self._phones.clock.now()))
        return _to(of(request).at(f"/{phone.identity.mac}"))

    async def wall_events(self, request: web.Request) -> web.StreamResponse:
        """The wall as it changes."""
        async with of(request).streams.open(request) as stream:
            watched = WallWatched(self._phones, stream)
            try:
                watched.begin()
                while await stream.is_read():
                    pass
            finally:
                watched.end()
        return stream.response

    async def handset_events(self, request: web.Request) -> web.StreamResponse:
        """One phone as it changes."""
        phone = self._named(request)
        async with of(request).streams.open(request) as stream:
            watched = OneWatched(phone, self._phones, stream)
            try:
                watched.begin()
                while await stream.is_read():
                    pass
            finally:
                watched.end()
        return stream.response

    def _named(self, request: web.Request) -> Handset:
        try:
            return self._phones.of(request.match_info["mac"])
        except ConfigurationError as error:
            raise Refused(404, "not_found", str(error)) from None


def _is_wanted(one: list[str], wanted: dict[str, str]) -> bool:
    mac, state, use, extension, name, model, address, firmware = one
    text = wanted["text"].strip().lower()
    return (
        wanted["state"] in ("", state)
        and wanted["model"] in ("", model)
        and wanted["home"].strip() in address
        and text in " ".join((mac, state, use, extension, name, model, address, firmware)).lower()
    )


def _why(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
