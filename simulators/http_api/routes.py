"""One call of an API, declared: what it takes, what it answers, how it may refuse.

A handler is `async def handler(request, *, body: Model, query: Model) -> Model | web.Response`; it
names `body` and `query` only where it wants them, and their annotations are the declaration. A
model that it returns is sent with the status of the route's first answer.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_type_hints

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from simulators.http_api.refused import Refusal

JSON = "application/json"

Handler = Callable[..., Awaitable[BaseModel | web.StreamResponse]]
Guard = Callable[[web.Request], Awaitable[None] | None]
"""Looks at a request before its input is read; raises Refused to turn it away."""

_PATH_PARAMETER = re.compile(r"\{(\w+)\}")


class Document(BaseModel):
    """A JSON body: types as they are, unknown names refused. Fields of answers have no defaults."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Query(BaseModel):
    """The query of a call: each name once, numbers written as text, unknown names refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorDocument(Document):
    """Every refusal of every API."""

    code: str
    message: str
    detail: dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that is no refusal.

    Args:
        model: of the body; None: no body, or text of `media_type`.
        headers: name -> what it says.
    """

    status: int
    description: str
    model: type[BaseModel] | None = None
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One call of an API.

    Args:
        path: with `{name}` for each path parameter.
        summary: a few words for people.
        answers: the usual one first.
        refusals: beside those that all routes share.
        headers: request headers that it reads: name -> what it does with them.
        guard: asked before body and query are looked at.
        secured: False where the call needs no credentials, in the description.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    answers: tuple[Answer, ...]
    refusals: tuple[Refusal, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    guard: Guard | None = None
    secured: bool = True

    @property
    def body(self) -> type[BaseModel] | None:
        """Model of the body, None where the handler takes none."""
        return self._taken("body")

    @property
    def query(self) -> type[BaseModel] | None:
        """Model of the query, None where the handler takes none."""
        return self._taken("query")

    @property
    def path_parameters(self) -> list[str]:
        """Names in the path, in order."""
        return _PATH_PARAMETER.findall(self.path)

    @property
    def name(self) -> str:
        """The operation's id: its handler's name."""
        return self.handler.__name__

    def _taken(self, name: str) -> type[BaseModel] | None:
        model: Any = _hints(getattr(self.handler, "__func__", self.handler)).get(name)
        return model if isinstance(model, type) and issubclass(model, BaseModel) else None


@cache
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """What a handler takes; read once, however many servers have it."""
    return get_type_hints(function)


def answered(
    model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A model as a JSON response, for handlers that choose status or headers."""
    return web.Response(
        body=model.model_dump_json().encode(), status=status, headers=headers, content_type=JSON
    )
