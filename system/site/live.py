"""Live parts: what changes on a page by itself is sent as server-sent events.

The script asks for the page's own address with ``Accept: text/event-stream``. Each part is a block
``live_*`` of the page's template, rendered anew every second or so and sent where it differs from
what was sent last. Without script, the page is right after a reload.
"""

import contextlib
import json

from aiohttp import web

from system.api.services import SERVICES
from system.site.inner import Refused
from system.site.keys import STREAMS
from system.site.view import HEADERS, template_of
from system.site.visit import Visit

EVERY_S = 1.0
LONGEST_S = 15.0
SHARE = 10
"""A page that takes long to make is made as rarely: one that is open costs a tenth of a core."""
SILENCE_S = 15.0
PREFIX = "live_"


async def stream(visit: Visit) -> web.StreamResponse:
    """Send the page's live parts until the browser goes, the log-in ends, or the MCS stops."""
    request = visit.request
    async with request.app[STREAMS].one_more():
        response = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            await _send_parts(visit, response)
        return response


async def _send_parts(visit: Visit, response: web.StreamResponse) -> None:
    clock = visit.request.app[SERVICES].clock
    sent: dict[str, str] = {}
    spoken_at = clock.now()
    while True:
        began = clock.now()
        try:
            parts = await rendered(visit)
        except Refused as refused:
            # The script loads the page anew, which then says what is the matter.
            await response.write(_event("over", {"status": refused.status}))
            return
        for name, text in parts.items():
            if sent.get(name) != text:
                await response.write(_event("part", {"name": name, "html": text}))
                sent[name], spoken_at = text, clock.now()
        if clock.now() - spoken_at >= SILENCE_S:
            await response.write(b": still here\n\n")
            spoken_at = clock.now()
        await clock.sleep(min(max(EVERY_S, SHARE * (clock.now() - began)), LONGEST_S))


async def rendered(visit: Visit) -> dict[str, str]:
    """The live parts as they are now, by name.

    Raises:
        Refused: the page can't be shown (any more).
    """
    visit.now = visit.request.app[SERVICES].clock.now()
    values = dict(await visit.page.show(visit)) | {"visit": visit, "now": visit.now}
    template = template_of(visit.page.template)
    context = template.new_context(values)
    return {
        name.removeprefix(PREFIX): "".join(block(context)).strip()
        for name, block in template.blocks.items()
        if name.startswith(PREFIX)
    }


def _event(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
