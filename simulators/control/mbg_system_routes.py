"""Control of an MBG as a whole: release, mode, licences, restart (PRE-1, PRE-2, PRV-3)."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from simulators.control.documents import NOTHING, WHOLE, done
from simulators.http_api.routes import Answer, Document, Route
from simulators.mbg.mbg import Mbg
from simulators.mbg.records.device_fields import SHORTEST_PASSWORD


class Licences(Document):
    """The pool of teleworker licences; `high_water` is the most that were in use at a time."""

    size: int
    in_use: int
    high_water: int


class System(Document):
    """What the MBG is like, and where it is."""

    release: str
    mode: str
    permit_weak_passwords: bool
    web_services_running: bool
    licences: Licences
    rest_url: str
    sip_outside: str
    sip_inside: str


class SystemChange(Document):
    """What shall be otherwise; what is left out stays."""

    release: str | None = Field(default=None, min_length=1, max_length=100)
    mode: Literal["gateway", "server-only"] | None = None
    permit_weak_passwords: bool | None = None
    licences: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] | None = None


class SitePassword(Document):
    """Of `admin` on the site; whoever is logged in there is so no more."""

    new_password: str = Field(min_length=SHORTEST_PASSWORD, max_length=255)


class RestartWish(Document):
    """Whether consumers, tokens, ICPs, devices and forwards outlive the restart."""

    state: Literal["kept", "lost"]


class _System:
    def __init__(self, mbg: Mbg) -> None:
        self._mbg = mbg

    async def read_system(self, request: web.Request) -> System:
        return self._shown()

    async def change_system(self, request: web.Request, *, body: SystemChange) -> System:
        if body.mode is not None:  # the one that may not be possible: before anything is changed
            await self._mbg.change_mode(body.mode)
        if body.release is not None:
            self._mbg.change_release(body.release)
        if body.permit_weak_passwords is not None:
            self._mbg.permit_weak_passwords(body.permit_weak_passwords)
        if body.licences is not None:
            self._mbg.change_licences(body.licences)
        return self._shown()

    async def change_site_password(
        self, request: web.Request, *, body: SitePassword
    ) -> web.Response:
        self._mbg.change_site_password(body.new_password)
        return done()

    async def restart(self, request: web.Request, *, body: RestartWish) -> System:
        await self._mbg.restart(keep_state=body.state == "kept")
        return self._shown()

    def _shown(self) -> System:
        mbg = self._mbg
        pool = mbg.licences
        return System(
            release=mbg.settings.release,
            mode=mbg.settings.mode,
            permit_weak_passwords=mbg.settings.permit_weak_passwords,
            web_services_running=mbg.web_services.running,
            licences=Licences(size=pool.size, in_use=pool.in_use, high_water=pool.high_water),
            rest_url=f"https://{mbg.rest_address[0]}:{mbg.rest_address[1]}/mslrest",
            sip_outside=f"{mbg.sip_outside[0]}:{mbg.sip_outside[1]}",
            sip_inside=f"{mbg.sip_inside[0]}:{mbg.sip_inside[1]}",
        )


def mbg_system_routes(mbg: Mbg) -> list[Route]:
    """Read, change, restart."""
    calls = _System(mbg)
    shown = (Answer(200, "what it is like now", System),)
    return [
        Route("GET", "/system", "See what the MBG is like", calls.read_system, shown),
        Route(
            "PATCH", "/system", "Change release, mode, licences or password rule",
            calls.change_system, shown,
        ),
        Route(
            "PUT", "/site-password", "Give admin another password on the site",
            calls.change_site_password, (NOTHING,),
        ),
        Route("POST", "/restart", "Restart the MBG", calls.restart, shown),
    ]  # fmt: skip
