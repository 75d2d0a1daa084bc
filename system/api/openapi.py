"""The OpenAPI 3.1 document of the declared routes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from system import __version__
from system.api.declare import BASE, Access, Document, Route
from system.api.serve import COOKIE, CSRF_HEADER, DECLARED, SAFE
from system.domain.keymap import Level
from system.phones.firmware import KINDS

Json = dict[str, Any]

_REF = "#/components/schemas/{model}"
_JSON = "application/json"
_OCTETS = "application/octet-stream"
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
PATH_SCHEMAS: dict[str, Json] = {
    "id": {"type": "string", "minLength": 1},
    "number": {"type": "string", "pattern": "^[0-9]{1,9}$"},
    "mac": {"type": "string", "pattern": "^[0-9A-F]{12}$"},
    "model": {"type": "string", "pattern": "^[0-9]{4}[a-z]{0,2}$"},
    "extension": {"type": "string", "minLength": 1},
    "username": {"type": "string", "minLength": 1},
    "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    "level": {"type": "string", "enum": [str(level) for level in Level]},
    "owner": {"type": "string", "minLength": 1},
    "kind": {"type": "string", "enum": list(KINDS)},
    "version": {"type": "string", "minLength": 1},
}


class ErrorDocument(Document):
    """Every refusal."""

    code: str
    message: str
    field: str = ""
    requirement: str = ""
    etag: str = ""


async def read(request: web.Request) -> web.Response:
    """This document."""
    # A GET is served as a HEAD too, by the same declaration.
    declared = {id(route): route for route in request.app[DECLARED].values()}
    return web.json_response(describe(list(declared.values())))


def describe(routes: Sequence[Route]) -> Json:
    """The whole document."""
    inputs = {
        (key, "validation"): TypeAdapter(key)
        for key in dict.fromkeys(route.body for route in routes if route.body is not None)
    }
    outputs: dict[tuple[Any, Any], TypeAdapter[Any]] = {
        (index, "serialization"): TypeAdapter(route.answer)
        for index, route in enumerate(routes)
        if route.answer is not None
    }
    outputs["error", "serialization"] = TypeAdapter(ErrorDocument)
    by_key, definitions = TypeAdapter.json_schemas(
        [(key, mode, adapter) for (key, mode), adapter in [*inputs.items(), *outputs.items()]],
        ref_template=_REF,
    )
    paths: dict[str, Json] = {}
    for index, route in enumerate(routes):
        operation = _operation(route)
        if route.body is not None:
            schema = _taken(definitions["$defs"], by_key[route.body, "validation"], route)
            operation["requestBody"] = _content(_JSON, schema)
        elif route.octets:
            octets = {"type": "string", "format": "binary"}
            operation["requestBody"] = _content(_OCTETS, octets)
        operation["responses"] = {
            str(route.status): _success(route, by_key.get((index, "serialization"))),
            **_refusals(route, by_key["error", "serialization"]),
        }
        paths.setdefault(BASE + route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MCS",
            "version": __version__,
            "description": "The administrator's API of the MCS. Log in with POST /login.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "browser": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": f"Changes need the header {CSRF_HEADER} as well.",
                },
            },
        },
    }


def _operation(route: Route) -> Json:
    operation: Json = {
        "operationId": f"{route.handler.__module__.rpartition('.')[2]}.{route.handler.__name__}",
        "summary": route.summary,
        "parameters": list(_parameters(route)),
        "x-needs": route.needs.value,
    }
    if route.needs is not Access.OPEN:
        operation["security"] = [{"bearer": []}, {"browser": []}]
    return operation


def _parameters(route: Route) -> Iterator[Json]:
    for name in _PATH_PARAMETER.findall(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": PATH_SCHEMAS[name]}
    for query in route.query:
        yield {
            "name": query.name,
            "in": "query",
            "required": False,
            "description": query.purpose,
            "schema": query.schema,
        }
    if _takes_match(route):
        yield {
            "name": "If-Match",
            "in": "header",
            "required": False,
            "description": "the entity tag that was read; without it every change is taken",
            "schema": {"type": "string"},
        }


def _taken(definitions: Json, reference: Json, route: Route) -> Json:
    """The body's schema; read-only members may be in it with any value."""
    if not route.read_only:
        return reference
    own = definitions[reference["$ref"].rpartition("/")[2]]
    ignored = {name: {"description": "read-only; not looked at"} for name in route.read_only}
    return {**own, "properties": {**own.get("properties", {}), **ignored}}


def _success(route: Route, schema: Json | None) -> Json:
    described: Json = {"description": route.summary}
    if schema is not None:
        described["content"] = {_JSON: {"schema": schema}}
    elif route.produces:
        octets = {"type": "string", "format": "binary"}
        described["content"] = {route.produces: {"schema": octets}}
    if route.tagged and route.method != "DELETE":
        described["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return described


def _refusals(route: Route, schema: Json) -> dict[str, Json]:
    content = {_JSON: {"schema": schema}}
    return {
        str(status): {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted({*_statuses(route), *route.refusals})
    }


def _statuses(route: Route) -> Iterable[int]:
    """What follows from the declaration."""
    # A parameter that is not declared is refused everywhere.
    yield from (404, 405, 422)
    if route.needs is not Access.OPEN:
        yield from (401, 403)
    if route.body is not None or route.octets:
        yield from (400, 413)
    if _takes_match(route):
        yield 412


def _takes_match(route: Route) -> bool:
    return route.tagged and route.method not in SAFE


def _content(media_type: str, schema: Json) -> Json:
    return {"required": True, "content": {media_type: {"schema": schema}}}
