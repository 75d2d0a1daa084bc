"""What handlers share: reading bodies and queries, answering, entity tags, who acts."""

import json
from collections.abc import Collection
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from system.api.declare import BASE, IDENTITY, ROUTE, Body
from system.api.services import SERVICES
from system.audit.trail import Actor
from system.errors import InvalidInput, MalformedBody, NotFound, StaleTag

__all__ = ["BASE", "Body"]

LONGEST_BODY = 1024 * 1024
DEFAULT_PAGE_SIZE = 100
LARGEST_PAGE_SIZE = 500

AnyBody = TypeVar("AnyBody", bound=Body)


async def read_body(
    request: web.Request, shape: type[AnyBody], *, read_only: Collection[str] = ()
) -> AnyBody:
    """The body as ``shape``.

    ``read_only`` members may be there and are not looked at, so that what a GET has answered can be
    changed and PUT back whole. Both have to be as the route declares them.

    Raises:
        MalformedBody: no JSON object.
        InvalidInput: a member is unknown or wrong; the first one is named.
    """
    declared = request[ROUTE]
    assert declared.body is shape, f"{declared.path} declares another body"
    assert set(declared.read_only) == set(read_only), f"{declared.path} declares other members"
    try:
        document = json.loads(await _content(request))
        # A lone surrogate is allowed in JSON and can be neither stored nor sent (RFC 8259, 8.2).
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise MalformedBody("malformed_body", "The body has to be a JSON object.")
    # PostgreSQL stores no NUL, and no value here has a use for one.
    if _holds_nul(document):
        raise MalformedBody("malformed_body", "A text in the body holds a NUL character.")
    members = {name: value for name, value in document.items() if name not in read_only}
    try:
        return shape.model_validate(members)
    except ValidationError as error:
        raise _first_problem(error) from None


def answer(
    document: BaseModel,
    *,
    etag: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """A document as JSON, with its entity tag if it has one."""
    response = web.json_response(
        document.model_dump(mode="json", by_alias=True), status=status, headers=headers
    )
    if etag is not None:
        response.headers["ETag"] = f'"{etag}"'
    return response


def entity_tag(request: web.Request, *values: object) -> str:
    """The entity tag of what a person may write: it changes with those values, secrets included.

    What changes by itself (a state, a time of last contact) is not in it: saving a form must not
    fail because a phone has called meanwhile.
    """
    return request.app[SERVICES].database.box.tag(json.dumps(values, default=str))


def check_match(request: web.Request, etag: str | None) -> None:
    """Obey If-Match (RFC 9110 section 13.1.1); ``None`` is a resource that is not there yet.

    Call it in the unit of work that changes the resource, with its row locked.

    Raises:
        StaleTag: somebody else has changed it since it was read.
    """
    if "If-Match" not in request.headers:
        return
    wanted = request.if_match or ()
    for tag in wanted:
        if etag is not None and (tag.value == "*" or (tag.value == etag and not tag.is_weak)):
            return
    raise StaleTag(etag)


def actor(request: web.Request) -> Actor:
    """Who calls, for the audit log."""
    return Actor(request[IDENTITY].username, request.remote or "")


def resource_of(request: web.Request) -> str:
    """What the call is about, for the audit log: the path below the base."""
    return request.path.removeprefix(BASE)


async def _content(request: web.Request) -> bytes:
    try:
        content = await request.content.read(LONGEST_BODY + 1)
        while len(content) <= LONGEST_BODY and (more := await request.content.read(LONGEST_BODY)):
            content += more
    except web.RequestPayloadError:
        raise MalformedBody(
            "malformed_body", "The body is not encoded as its headers say."
        ) from None
    if len(content) > LONGEST_BODY:
        raise web.HTTPRequestEntityTooLarge(LONGEST_BODY, len(content))
    return content


_IN_WORDS = {
    "missing": "It is needed",
    "int_type": "It has to be a whole number",
    "int_parsing": "It has to be a whole number",
    "bool_type": "It has to be true or false",
    "string_type": "It has to be a text",
    "greater_than_equal": "It has to be at least {ge}",
    "less_than_equal": "It has to be at most {le}",
    "string_too_long": "It may have at most {max_length} characters",
    "string_pattern_mismatch": "It holds a character that it may not have",
    "literal_error": "It has to be {expected}",
    "enum": "It has to be {expected}",
}
"""Pydantic's kinds of problems in words for people; others are told in pydantic's own."""


def _first_problem(error: ValidationError) -> InvalidInput:
    problem = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in problem["loc"]) or "body"
    if problem["type"] == "extra_forbidden":
        return InvalidInput("unknown_field", f"There is no field {field[:64]!r}.", field=field[:64])
    context = problem.get("ctx", {})
    known = _IN_WORDS.get(problem["type"])
    text = problem["msg"] if known is None else known.format_map(context)
    if problem["type"] == "string_too_short":
        shortest = context["min_length"]
        text = "It is needed" if shortest == 1 else f"It needs at least {shortest} characters"
    return InvalidInput("invalid", f"{field}: {text}.", field=field)


def path_number(request: web.Request, name: str) -> int:
    """A number in the path; what is none is not found."""
    text = request.match_info[name]
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotFound("not_found", f"There is no {text[:64]!r} here.")
    return int(text)


def paging(request: web.Request) -> tuple[int, int]:
    """``page`` (from 1) and ``page_size`` of the query.

    Raises:
        InvalidInput: not a number, or out of range.
    """
    return (
        _query_number(request, "page", 1, 1_000_000),
        _query_number(request, "page_size", DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE),
    )


def page_of(items: list[Any], total: int, page: int, page_size: int) -> web.Response:
    """A collection's answer; items are documents."""
    shown = [
        item.model_dump(mode="json") if isinstance(item, BaseModel) else item for item in items
    ]
    return web.json_response({"items": shown, "total": total, "page": page, "page_size": page_size})


def _query_number(request: web.Request, name: str, default: int, largest: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    is_number = text.isascii() and text.isdigit() and len(text) <= 9
    if not is_number or not 1 <= (number := int(text)) <= largest:
        raise InvalidInput("invalid", f"{name} is a number from 1 to {largest}.", field=name)
    return number


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(name) or _holds_nul(item) for name, item in value.items())
    return isinstance(value, list) and any(_holds_nul(item) for item in value)
