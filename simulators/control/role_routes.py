"""Control of any role: is it there, and let it be as delivered."""

from typing import Literal

from aiohttp import web

from simulators.control.documents import NOTHING, done
from simulators.control.role import Named
from simulators.http_api.routes import Answer, Document, Route


class Health(Document):
    """The role is up."""

    status: Literal["ok"]
    role: str


class _Role:
    def __init__(self, role: Named) -> None:
        self._role = role

    async def health(self, request: web.Request) -> Health:
        return Health(status="ok", role=self._role.role)

    async def reset(self, request: web.Request) -> web.Response:
        await self._role.reset()
        return done()


def role_routes(role: Named) -> list[Route]:
    """Health and reset."""
    calls = _Role(role)
    return [
        Route("GET", "/health", "See whether it is up", calls.health, (Answer(200, "up", Health),)),
        Route("POST", "/reset", "Be as delivered, without a fault", calls.reset, (NOTHING,)),
    ]
