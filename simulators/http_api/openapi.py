"""The OpenAPI 3.1 document of declared routes: what is served and what is described are one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from simulators.http_api.refused import Refusal
from simulators.http_api.routes import JSON, Answer, ErrorDocument, Route

_REF = "#/components/schemas/{model}"
SHARED = (
    Refusal(404, "not_found", "nothing is there"),
    Refusal(405, "method_not_allowed", "the resource knows other methods"),
    Refusal(500, "internal_error", "the call failed on this side"),
)
OF_INPUT = (
    Refusal(400, "parameter_rejected", "the body can't be read, or is no JSON object"),
    Refusal(413, "too_large", "the body is over 1 MiB"),
)
INVALID = Refusal(422, "invalid", "`detail.fields` is `{field: reason}`")

Json = dict[str, Any]


def document(
    title: str,
    version: str,
    routes: Sequence[Route],
    *,
    description: str = "",
    common: Sequence[Refusal] = (),
    security: Mapping[str, Json] | None = None,
) -> Json:
    """The whole document, ready for `json.dumps`.

    Args:
        common: refusals that every secured route may answer with.
        security: OpenAPI security schemes; secured routes need any one of them.
    """
    models = sorted(set(_models(routes)), key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    paths: dict[str, Json] = {}
    for route in routes:
        operation = _operation(route, common if route.secured else ())
        if security and route.secured:
            operation["security"] = [{name: []} for name in security]
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    components: Json = {"schemas": schemas["$defs"]}
    if security:
        components["securitySchemes"] = dict(security)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "paths": paths,
        "components": components,
    }


def _models(routes: Iterable[Route]) -> Iterable[type[BaseModel]]:
    yield ErrorDocument
    for route in routes:
        if route.body is not None:
            yield route.body
        yield from (answer.model for answer in route.answers if answer.model is not None)


def _operation(route: Route, common: Sequence[Refusal]) -> Json:
    refusals = [*SHARED, *common, *route.refusals]
    if route.body is not None:
        refusals += [*OF_INPUT, INVALID]
    elif route.query is not None:
        refusals.append(INVALID)
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": list(_parameters(route)),
        "responses": {str(answer.status): _answer(answer) for answer in route.answers}
        | _refusals(refusals),
    }
    if route.body is not None:
        content = {JSON: {"schema": _reference(route.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(route: Route) -> Iterable[Json]:
    for name in route.path_parameters:
        text = {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": text}
    if route.query is not None:
        schema = route.query.model_json_schema()
        for name, of_field in schema["properties"].items():
            required = name in schema.get("required", ())
            of_field = _without_null(of_field)
            yield {"name": name, "in": "query", "required": required, "schema": of_field}
    for name, purpose in route.headers.items():
        yield {
            "name": name,
            "in": "header",
            "required": False,
            "description": purpose,
            "schema": {"type": "string"},
        }


def _without_null(schema: Json) -> Json:
    """A query has no null: what is optional is left out."""
    kinds: list[Json] = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {name: v for name, v in schema.items() if name not in ("anyOf", "default")} | kinds[0]


def _answer(answer: Answer) -> Json:
    described: Json = {"description": answer.description}
    if answer.model is not None:
        described["content"] = {answer.media_type: {"schema": _reference(answer.model)}}
    elif answer.media_type != JSON:
        described["content"] = {answer.media_type: {"schema": {"type": "string"}}}
    if answer.headers:
        described["headers"] = {
            name: {"description": says, "schema": {"type": "string"}}
            for name, says in answer.headers.items()
        }
    return described


def _refusals(refusals: Iterable[Refusal]) -> dict[str, Json]:
    """Refusals by status: the codes that it may carry are part of the schema."""
    by_status: dict[int, dict[str, str]] = {}
    for refusal in refusals:
        by_status.setdefault(refusal.status, {})[refusal.code] = refusal.when
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {when}" for code, when in codes.items()),
            "content": {
                JSON: {
                    "schema": {
                        "allOf": [
                            _reference(ErrorDocument),
                            {"properties": {"code": {"enum": list(codes)}}},
                        ]
                    }
                }
            },
        }
        for status, codes in sorted(by_status.items())
    }


def _reference(model: type[BaseModel]) -> Json:
    return {"$ref": _REF.format(model=model.__name__)}
