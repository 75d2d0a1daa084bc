"""Routes as declarations: one says what is served, who may call it, and how it is described.

``Route`` carries path, handler, needed permission, body and answer. ``make_application`` in
``serve.py`` serves it, ``openapi.py`` describes it; a route that declares nothing is refused.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from system.domain.roles import Permission
from system.people.accounts import Identity

BASE = "/api/v1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Access(Enum):
    """What a route needs that no role is asked for."""

    OPEN = "open to everybody"
    LOGGED_IN = "any account that is logged in"


class Body(BaseModel):
    """Base of all request bodies: unknown members and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Document(BaseModel):
    """Base of all answers: nothing is in them but what is declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Item = TypeVar("Item")


class Page(Document, Generic[Item]):
    """One page of a collection."""

    items: list[Item]
    total: int
    page: int
    page_size: int


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the query; ``schema`` as OpenAPI wants it."""

    name: str
    purpose: str
    schema: dict[str, Any]


def number_query(name: str, purpose: str, largest: int) -> Query:
    """A parameter that is a number from 1."""
    return Query(name, purpose, {"type": "integer", "minimum": 1, "maximum": largest})


def text_query(name: str, purpose: str, **schema: Any) -> Query:
    """A parameter that is a text."""
    return Query(name, purpose, {"type": "string", **schema})


PAGING = (
    number_query("page", "which page, from 1", 1_000_000),
    number_query("page_size", "items a page", 500),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one resource.

    Args:
        path: below ``/api/v1``.
        handler: its docstring's first line is the summary.
        needs: a permission, or ``Access``; there is no default.
        answer: a ``Document``, or a list of them; ``None`` is no content.
        status: of the answer.
        body: the JSON object that is taken.
        read_only: members that may be sent back and are not looked at.
        octets: the body is octets, not JSON.
        produces: media type of the answer where it is octets, not JSON.
        query: all parameters that the query may have; others are refused.
        tagged: an ``ETag`` comes with the answer, and ``If-Match`` is obeyed.
        refusals: statuses of refusals besides those that follow from the rest.
    """

    method: str
    path: str
    handler: Handler
    needs: Permission | Access
    answer: Any = None
    status: int = 200
    body: type[Body] | None = None
    read_only: tuple[str, ...] = ()
    octets: bool = False
    produces: str = ""
    query: tuple[Query, ...] = ()
    tagged: bool = False
    refusals: tuple[int, ...] = ()

    @property
    def summary(self) -> str:
        """What it does, in a line."""
        return (self.handler.__doc__ or "").strip().splitlines()[0].rstrip(".")


ROUTE: web.RequestKey[Route] = web.RequestKey("route", Route)
IDENTITY: web.RequestKey[Identity] = web.RequestKey("identity", Identity)
