"""What every call of the MBG's REST API shares: judging its signature, entity tags, pages."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from aiohttp import web
from pydantic import BaseModel, model_validator

from simulators.clock import Clock
from simulators.core import Address
from simulators.http_api.application import octets
from simulators.http_api.refused import Refusal
from simulators.http_api.routes import Query, answered
from simulators.journal import Journal
from simulators.mbg.records.devices import Device, DeviceStore
from simulators.mbg.refusals import precondition_failed
from simulators.mbg.services.consumers import Consumer
from simulators.mbg.services.oauth import HttpRequest
from simulators.mbg.services.oauth_debugger import HEADER
from simulators.mbg.services.tokens import FinalToken
from simulators.mbg.services.web_services import WebServices
from simulators.mbg.settings import MbgSettings

BASE = "/mslrest"
FORM = "application/x-www-form-urlencoded"
MAX_PAGE_SIZE = 500
CALLER = web.RequestKey("caller", tuple[Consumer, FinalToken])
"""Who makes a call, once its signature was judged."""

STALE = Refusal(412, "precondition_failed", "`If-Match` names another entity tag than it has now")
READS = {"If-None-Match": "answer 304 where the entity tag is one of these"}
CHANGES = {"If-Match": "refuse where the entity tag is none of these"}
TAGGED = {"ETag": "entity tag, for If-Match and If-None-Match"}

Item = TypeVar("Item")


class Parts(Protocol):
    """What the API needs of the MBG that it belongs to."""

    role: str
    settings: MbgSettings
    rest_address: Address
    clock: Clock
    journal: Journal
    store: DeviceStore
    web_services: WebServices

    def happened(self, name: str, /, **facts: object) -> None:
        """Journal an event of the MBG."""

    def remove_device(self, device_id: str) -> Device:
        """Delete a device; its registration ends."""

    def device_changed(self, device: Device) -> None:
        """Tell the border."""


class OwnQuery(Query):
    """A query without the OAuth parameters that may stand beside it (RFC 5849 section 3.5.3)."""

    @model_validator(mode="before")
    @classmethod
    def _without_oauth(cls, values: dict[str, str]) -> dict[str, str]:
        return {name: v for name, v in values.items() if not name.startswith("oauth_")}


def permitted(
    mbg: Parts, permission: str = "", needed: str = "read"
) -> Callable[[web.Request], Awaitable[None]]:
    """A guard: the call must be signed with a final token that may do this."""

    async def guard(request: web.Request) -> None:
        signed = await http_request(request)
        now = mbg.clock.now()
        request[CALLER] = mbg.web_services.authorize(signed, now, permission, needed)

    return guard


async def http_request(request: web.Request) -> HttpRequest:
    """A request as the signature check sees it.

    Raises:
        Refused: its body can't be read.
    """
    body = await octets(request)
    target = request.raw_path
    uri = f"{request.scheme}://{request.host}{target}" if target.startswith("/") else target
    is_form = request.content_type == FORM
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return HttpRequest(
        request.method,
        uri,
        request.headers.get("Authorization", ""),
        form=body if is_form else b"",
        content=b"" if is_form else body,
        caller=peer[0] if peer else "",
        claimed=request.headers.get(HEADER, ""),
    )


def tagged(request: web.Request, model: BaseModel, etag: str) -> web.Response:
    """The answer to a GET of one resource: 304 where the client has it (RFC 9110 13.1.2)."""
    if _names(request.headers.get("If-None-Match", ""), etag, weak=True):
        return web.Response(status=304, headers={"ETag": etag})
    return answered(model, headers={"ETag": etag})


def check_unchanged(request: web.Request, etag: str) -> None:
    """Heed `If-Match` (RFC 9110 section 13.1.1); without it every change is welcome.

    Raises:
        Refused: 412.
    """
    wanted = request.headers.get("If-Match")
    if wanted is not None and not _names(wanted, etag, weak=False):
        raise precondition_failed(etag)


def slice_of(items: Sequence[Item], page: int, page_size: int) -> Sequence[Item]:
    """The items of one page, counted from 1."""
    return items[(page - 1) * page_size : page * page_size]


def _names(header: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags names one; `weak` compares as If-None-Match does."""
    tags = [tag.strip() for tag in header.split(",")]
    return "*" in tags or etag in tags or (weak and f"W/{etag}" in tags)
