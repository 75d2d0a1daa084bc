"""Routes served by aiohttp: input validated, refusals and failures as JSON documents."""

import re
from collections.abc import Callable, Sequence
from inspect import isawaitable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simulators.http_api.refused import Refused, invalid
from simulators.http_api.routes import Route, answered

MAX_BODY = 1 << 20
CODE = web.ResponseKey("code", str)
"""A refusal's code, for who journals answers."""

UNREADABLE = web.RequestKey("unreadable", Refused)
"""Why a body could not be taken: it is read once, and what is left of it means nothing."""

Failed = Callable[[web.Request, Exception], None]
"""Told of an exception that no handler should have let out."""

_REASONS = {"missing": "is needed", "extra_forbidden": "is unknown or can't be written"}
_SUBJECT = re.compile(r"^\w+ should\b")


def application(
    routes: Sequence[Route],
    failed: Failed,
    *,
    outside: Sequence[Middleware] = (),
    inside: Sequence[Middleware] = (),
) -> web.Application:
    """An aiohttp application of these routes.

    Args:
        failed: journals an exception that escaped; the client gets a 500 document.
        outside: middlewares around the error documents (a journal).
        inside: middlewares whose Refused become error documents (a service that may be stopped).
    """
    app = web.Application(
        middlewares=[*outside, _documents(failed), *inside], client_max_size=MAX_BODY
    )
    app.add_routes([web.route(r.method, r.path, _handler(r)) for r in routes])
    return app


def refusal(refused: Refused) -> web.Response:
    """A refusal as its JSON document."""
    response = web.json_response(refused.document(), status=refused.status, headers=refused.headers)
    response[CODE] = refused.code
    return response


async def octets(request: web.Request) -> bytes:
    """The whole body; reading it again gives the same.

    Raises:
        Refused: 413 beyond 1 MiB; 400 where its coding or length is wrong.
    """
    if UNREADABLE not in request:
        try:
            return await request.read()
        except web.HTTPRequestEntityTooLarge:
            text = f"expected at most {MAX_BODY} octets in the body"
            request[UNREADABLE] = Refused(413, "too_large", text)
        except web.RequestPayloadError:
            text = "the body can't be read as its Content-Encoding and length say"
            request[UNREADABLE] = Refused(400, "parameter_rejected", text)
    raise request[UNREADABLE]


def _handler(route: Route) -> Handler:
    """The aiohttp handler of a route; what it takes is looked up once."""
    handle, guard, body, query = route.handler, route.guard, route.body, route.query
    status = route.answers[0].status

    async def call(request: web.Request) -> web.StreamResponse:
        if guard is not None:
            waiting = guard(request)
            if isawaitable(waiting):
                await waiting
        taken: dict[str, Any] = {}
        if query is not None:
            taken["query"] = _validated(query, _once(request))
        if body is not None:
            taken["body"] = _read(body, await octets(request))
        answer = await handle(request, **taken)
        return answered(answer, status) if isinstance(answer, BaseModel) else answer

    return call


def _read(model: type[BaseModel], body: bytes) -> BaseModel:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid" or not first["loc"]:
            raise Refused(400, "parameter_rejected", "expected a JSON object in the body") from None
        raise invalid(_reasons(error)) from None


def _validated(model: type[BaseModel], values: dict[str, str]) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        reasons = _reasons(error)
        taken = ", ".join(model.model_fields)
        for found in error.errors(include_url=False):
            if found["type"] == "extra_forbidden":
                reasons[str(found["loc"][0])] = f"is unknown; this query takes {taken}"
        raise invalid(reasons) from None


def _reasons(error: ValidationError) -> dict[str, str]:
    return {
        ".".join(str(part) for part in found["loc"]): reason(found)
        for found in error.errors(include_url=False)
    }


def reason(found: ErrorDetails) -> str:
    """Why a value is refused, in words that follow its name."""
    if found["type"] == "string_pattern_mismatch":
        if any(character < " " for character in found["input"]):
            return "must hold no control characters"
        return "must have the form that this API's OpenAPI document gives"
    return _REASONS.get(found["type"]) or _SUBJECT.sub("must", found["msg"])


def _once(request: web.Request) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in request.query.items():
        if name in values:
            raise invalid({name: "came more than once"})
        values[name] = value
    return values


def _documents(failed: Failed) -> Middleware:
    """Turns whatever goes wrong further inside into a document."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return refusal(refused)
        except web.HTTPNotFound:
            return refusal(Refused(404, "not_found", f"there is no resource {request.path}"))
        except web.HTTPMethodNotAllowed as error:
            text = f"{request.method} is not possible here"
            wrong = Refused(405, "method_not_allowed", text)
            wrong.headers["Allow"] = error.headers.get("Allow", "")
            return refusal(wrong)
        except Exception as error:  # noqa: BLE001 - the last net: a client never sees a traceback
            failed(request, error)
            text = "this call failed here; the journal says why"
            return refusal(Refused(500, "internal_error", text))

    return answer
