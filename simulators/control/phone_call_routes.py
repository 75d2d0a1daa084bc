"""Control of a phone's calls: dial, answer, refuse, hold, resume, hang up."""

from collections.abc import Callable

from aiohttp import web
from pydantic import Field

from simulators.control.phone_routes import PhoneShown, named_phone, shown
from simulators.http_api.routes import Answer, Document, Handler, Route
from simulators.phone.handset import Handset
from simulators.phone.handsets import Handsets


class Number(Document):
    """What to dial."""

    number: str = Field(pattern=r"^[0-9*#]+$", max_length=30)


def phone_call_routes(phones: Handsets) -> list[Route]:
    """One route for each thing that hands do with a call; what can't be done now is refused."""
    seen = (Answer(200, "as it is now", PhoneShown),)

    async def dial(request: web.Request, *, body: Number) -> PhoneShown:
        phone = named_phone(phones, request)
        phone.dial(body.number)
        return shown(phone)

    def doing(act: Callable[[Handset], None], name: str) -> Handler:
        async def handle(request: web.Request) -> PhoneShown:
            phone = named_phone(phones, request)
            act(phone)
            return shown(phone)

        handle.__name__ = name  # the operation's id
        return handle

    one = "/phones/{mac}"
    return [
        Route("POST", f"{one}/dial", "Call a number", dial, seen),
        Route("POST", f"{one}/answer", "Take the call", doing(Handset.answer, "answer"), seen),
        Route("POST", f"{one}/refuse", "Refuse the call", doing(Handset.refuse, "refuse"), seen),
        Route("POST", f"{one}/hold", "Let the far end wait", doing(Handset.hold, "hold"), seen),
        Route("POST", f"{one}/resume", "Talk again", doing(Handset.resume, "resume"), seen),
        Route("POST", f"{one}/hang-up", "Hang up", doing(Handset.hang_up, "hang_up"), seen),
    ]
