"""What all handlers share: log-in check, errors as JSON, reading bodies and queries.

Answers are never cached. An unexpected error becomes a 500 without detail; the log has the rest.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from system.api.services import SERVICES
from system.errors import InvalidInput, MalformedBody, McsError, NotFound, NotLoggedIn

log = logging.getLogger("mcs.api")

BASE = "/api/v1"
PUBLIC = frozenset({f"{BASE}/login", f"{BASE}/health"})
LONGEST_BODY = 1024 * 1024
DEFAULT_PAGE_SIZE = 100
LARGEST_PAGE_SIZE = 500

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Body(BaseModel):
    """Base of all request bodies: unknown members and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


AnyBody = TypeVar("AnyBody", bound=Body)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into the documented error object."""
    try:
        return await handler(request)
    except McsError as error:
        response = web.json_response(error.document(), status=error.status)
    except web.HTTPException as error:
        code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status)
        response = web.json_response(
            {"code": code or "refused", "message": f"{error.reason}."}, status=error.status
        )
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        response = web.json_response(
            {"code": "internal_error", "message": "MCS made a mistake; its log says more."},
            status=500,
        )
    if response.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@web.middleware
async def log_in_needed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let nobody past without a bearer token, except to log in and to ask for health."""
    if request.path not in PUBLIC:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotLoggedIn("not_logged_in", f"Log in first: POST {BASE}/login.")
        await request.app[SERVICES].accounts.check(token.strip())
    return await handler(request)


async def never_cached(_request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: what the API says is for now only."""
    response.headers["Cache-Control"] = "no-store"


async def read_body(
    request: web.Request, shape: type[AnyBody], *, read_only: Collection[str] = ()
) -> AnyBody:
    """The body as ``shape``.

    ``read_only`` members may be there and are not looked at, so that what a GET has answered can be
    changed and PUT back whole.

    Raises:
        MalformedBody: no JSON object.
        InvalidInput: a member is unknown or wrong; the first one is named.
    """
    try:
        document = json.loads(await _content(request))
        # A lone surrogate is allowed in JSON and can be neither stored nor sent (RFC 8259, 8.2).
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise MalformedBody("malformed_body", "The body has to be a JSON object.")
    members = {name: value for name, value in document.items() if name not in read_only}
    try:
        return shape.model_validate(members)
    except ValidationError as error:
        raise _first_problem(error) from None


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


def _first_problem(error: ValidationError) -> InvalidInput:
    problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in problem["loc"]) or "body"
    if problem["type"] == "extra_forbidden":
        return InvalidInput("unknown_field", f"There is no field {field[:64]!r}.", field=field[:64])
    return InvalidInput("invalid", f"{field}: {problem['msg']}.", field=field)


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


def page_of(items: list[dict[str, Any]], total: int, page: int, page_size: int) -> web.Response:
    """A collection's answer."""
    return web.json_response({"items": items, "total": total, "page": page, "page_size": page_size})


def _query_number(request: web.Request, name: str, default: int, largest: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    is_number = text.isascii() and text.isdigit() and len(text) <= 9
    if not is_number or not 1 <= (number := int(text)) <= largest:
        raise InvalidInput("invalid", f"{name} is a number from 1 to {largest}.", field=name)
    return number
