"""Control of an MBG's web services: Start and Stop, consumers, and what was refused (TOK-1, TOK-2).

A shared secret is told where it is made, once, and nowhere else.
"""

from typing import Literal

from aiohttp import web
from pydantic import Field

from simulators.control.documents import NOTHING, done, iso
from simulators.http_api.routes import Answer, Document, Route, answered
from simulators.mbg.mbg import Mbg
from simulators.mbg.services.consumers import Consumer
from simulators.mbg.services.oauth_debugger import RefusedRequest

Level = Literal["none", "read", "read/write"]


class Permissions(Document):
    """What a consumer may do, by resource."""

    managetoken: Level = Field(default="none", alias="Base/managetoken")
    icps: Level = Field(default="none", alias="MBG/v1/icps")
    devices: Level = Field(default="none", alias="MBG/v1/devices")


class WebServicesState(Document):
    """Whether web services answer."""

    running: bool


class ConsumerWish(Document):
    """A new consumer; without permissions it gets those that the MCS's manual asks for."""

    name: str = Field(min_length=1, max_length=200)
    consumer_id: str = Field(min_length=1, max_length=200)
    permissions: Permissions | None = None
    active: bool = True


class ConsumerChange(Document):
    """What shall be otherwise; what is left out stays, permissions too."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    permissions: Permissions | None = None
    active: bool | None = None


class ConsumerShown(Document):
    """A consumer as the page lists it."""

    name: str
    consumer_id: str
    active: bool
    permissions: dict[str, str]


class ConsumerMade(ConsumerShown):
    """A new consumer, and the only sight of its shared secret."""

    shared_secret: str


class ConsumersShown(Document):
    """All consumers."""

    items: list[ConsumerShown]


class SharedSecret(Document):
    """The only sight of it."""

    shared_secret: str


class DifferenceShown(Document):
    """The first character in which two base strings differ."""

    position: int
    ours: str
    theirs: str
    our_context: str
    their_context: str


class RefusalShown(Document):
    """A refused signed request, masked, and why its signature did not fit."""

    number: int
    at: str
    code: str
    message: str
    consumer_id: str
    caller: str
    method: str
    uri: str
    parameters: list[list[str]]
    base_string: str
    mistake: str
    diagnosis: str
    their_base_string: str
    first_difference: DifferenceShown | None


class RefusalsShown(Document):
    """The latest, the oldest first."""

    items: list[RefusalShown]


class _Consumers:
    def __init__(self, mbg: Mbg) -> None:
        self._mbg = mbg

    async def read_web_services(self, request: web.Request) -> WebServicesState:
        return WebServicesState(running=self._mbg.web_services.running)

    async def start_or_stop_web_services(
        self, request: web.Request, *, body: WebServicesState
    ) -> WebServicesState:
        if body.running:
            self._mbg.start_web_services()
        else:
            self._mbg.stop_web_services()
        return body

    async def list_consumers(self, request: web.Request) -> ConsumersShown:
        consumers = self._mbg.web_services.consumers.values()
        return ConsumersShown(items=[_shown(consumer) for consumer in consumers])

    async def add_consumer(self, request: web.Request, *, body: ConsumerWish) -> ConsumerMade:
        consumer = self._mbg.add_consumer(
            body.name, body.consumer_id, _levels(body.permissions), active=body.active
        )
        return ConsumerMade.model_validate(
            consumer.document() | {"shared_secret": consumer.shared_secret}
        )

    async def change_consumer(self, request: web.Request, *, body: ConsumerChange) -> ConsumerShown:
        consumer_id = request.match_info["id"]
        permissions = None
        if body.permissions is not None:
            known = self._mbg.web_services.consumers.known(consumer_id).permissions
            permissions = known | body.permissions.model_dump(by_alias=True, exclude_unset=True)
        consumer = self._mbg.edit_consumer(consumer_id, name=body.name, permissions=permissions)
        if body.active is not None:
            change = self._mbg.activate if body.active else self._mbg.deactivate
            change(consumer_id)
        return _shown(consumer)

    async def delete_consumer(self, request: web.Request) -> web.Response:
        self._mbg.delete_consumer(request.match_info["id"])
        return done()

    async def regenerate_secret(self, request: web.Request) -> SharedSecret:
        return SharedSecret(shared_secret=self._mbg.regenerate_secret(request.match_info["id"]))

    async def list_refusals(self, request: web.Request) -> web.Response:
        return answered(RefusalsShown(items=[_refusal(r) for r in self._mbg.web_services.refusals]))


def _levels(permissions: Permissions | None) -> dict[str, str] | None:
    return (
        None if permissions is None else permissions.model_dump(by_alias=True, exclude_unset=True)
    )


def _shown(consumer: Consumer) -> ConsumerShown:
    return ConsumerShown.model_validate(consumer.document())


def _refusal(refused: RefusedRequest) -> RefusalShown:
    return RefusalShown.model_validate(refused.document() | {"at": iso(refused.at)})


def mbg_consumer_routes(mbg: Mbg) -> list[Route]:
    """Start and Stop, consumers, refusals."""
    calls = _Consumers(mbg)
    state = (Answer(200, "whether they answer now", WebServicesState),)
    shown = (Answer(200, "as it is now", ConsumerShown),)
    return [
        Route(
            "GET", "/web-services", "See whether web services run", calls.read_web_services, state
        ),
        Route(
            "PUT", "/web-services", "Press Start or Stop", calls.start_or_stop_web_services, state
        ),
        Route(
            "GET", "/consumers", "List consumers", calls.list_consumers,
            (Answer(200, "all", ConsumersShown),),
        ),
        Route(
            "POST", "/consumers", "Add a consumer; its shared secret is shown this once",
            calls.add_consumer, (Answer(201, "added", ConsumerMade),),
        ),
        Route("PATCH", "/consumers/{id}", "Change a consumer", calls.change_consumer, shown),
        Route(
            "DELETE", "/consumers/{id}", "Delete a consumer and its tokens",
            calls.delete_consumer, (NOTHING,),
        ),
        Route(
            "POST", "/consumers/{id}/secret", "Make its shared secret anew; shown this once",
            calls.regenerate_secret, (Answer(200, "made", SharedSecret),),
        ),
        Route(
            "GET", "/refusals", "Read the signature debugger", calls.list_refusals,
            (Answer(200, "the oldest first", RefusalsShown),),
        ),
    ]  # fmt: skip
