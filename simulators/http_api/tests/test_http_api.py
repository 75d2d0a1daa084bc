"""The mechanism of declared routes: a small API on a real socket, its refusals, its description."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import jsonschema_rs
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import Field

from simulators.http_api.application import application
from simulators.http_api.openapi import document
from simulators.http_api.refused import Refusal, Refused
from simulators.http_api.routes import Answer, Document, Query, Route


class Lamp(Document):
    name: str = Field(min_length=1, pattern=r"^[^\x00-\x1f~]*$")
    lit: bool


class Lamps(Document):
    items: list[Lamp]


class Wanted(Query):
    lit: bool | None = None
    page: int = Field(1, ge=1, le=9)


@dataclass
class Shop:
    """An API of two paths and four calls."""

    lamps: dict[str, Lamp] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/lamps", "List lamps", self.list_lamps, (Answer(200, "Lamps", Lamps),)),
            Route(
                "POST",
                "/lamps",
                "Add a lamp",
                self.add_lamp,
                (Answer(201, "The lamp", Lamp, headers={"Location": "its path"}),),
                (Refusal(409, "duplicate", "the name is taken"),),
                guard=self.is_open,
            ),
            Route(
                "DELETE", "/lamps/{name}", "Drop it", self.drop_lamp, (Answer(204, "It is gone"),)
            ),
            Route("PUT", "/lamps/{name}", "Break", self.fail, (Answer(200, "Never", Lamp),)),
        ]

    def is_open(self, request: web.Request) -> None:
        if request.headers.get("X-Closed"):
            raise Refused(403, "closed", "the shop is closed")

    async def list_lamps(self, request: web.Request, *, query: Wanted) -> Lamps:
        lamps = [lamp for lamp in self.lamps.values() if query.lit in (None, lamp.lit)]
        return Lamps(items=lamps[(query.page - 1) * 2 : query.page * 2])

    async def add_lamp(self, request: web.Request, *, body: Lamp) -> Lamp:
        if body.name in self.lamps:
            raise Refused(409, "duplicate", "there is one", name=body.name)
        self.lamps[body.name] = body
        return body

    async def drop_lamp(self, request: web.Request) -> web.Response:
        if self.lamps.pop(request.match_info["name"], None) is None:
            raise Refused(404, "not_found", "no such lamp")
        return web.Response(status=204)

    async def fail(self, request: web.Request) -> Lamp:
        raise ZeroDivisionError("secret of the house")


Client = TestClient[web.Request, web.Application]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[Client]:
    app = application(shop.routes(), lambda _, error: shop.failures.append(error))
    async with TestClient(TestServer(app)) as made:
        yield made


async def refusal(response: aiohttp.ClientResponse) -> tuple[int, str, object]:
    answer = await response.json()
    assert set(answer) == {"code", "message", "detail"}
    return response.status, answer["code"], answer["detail"]


async def test_a_body_reaches_its_handler_as_a_model(client: Client, shop: Shop) -> None:
    response = await client.post("/lamps", json={"name": "moon", "lit": True})
    assert (response.status, await response.json()) == (201, {"name": "moon", "lit": True})
    assert shop.lamps["moon"].lit is True


@pytest.mark.parametrize(
    ("body", "field_name"),
    [
        ({"name": "moon"}, "lit"),
        ({"name": "moon", "lit": "yes"}, "lit"),
        ({"name": "", "lit": True}, "name"),
        ({"name": "moon", "lit": True, "colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_is_named_by_its_field(
    client: Client, body: dict[str, object], field_name: str
) -> None:
    status, code, detail = await refusal(await client.post("/lamps", json=body))
    assert (status, code) == (422, "invalid")
    assert list(detail["fields"]) == [field_name]  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"name": "moon"}, "lit: is needed"),
        ({"name": "moon", "lit": "yes"}, "lit: must be a valid boolean"),
        ({"name": "", "lit": True}, "name: must have at least 1 character"),
        ({"name": "a\n", "lit": True}, "name: must hold no control characters"),
        ({"name": "~", "lit": True}, "name: must have the form that this API's OpenAPI document"),
        ({"name": "a", "lit": True, "x": 1}, "x: is unknown or can't be written"),
    ],
)
async def test_reasons_are_words_of_one_kind(
    client: Client, body: dict[str, object], reason: str
) -> None:
    message = (await (await client.post("/lamps", json=body)).json())["message"]
    assert message.startswith(reason)
    assert "should" not in message


async def test_an_unknown_name_in_a_query_is_told_which_are_known(client: Client) -> None:
    answer = await (await client.get("/lamps?pages=1&lit=x")).json()
    assert answer["detail"]["fields"]["pages"] == "is unknown; this query takes lit, page"
    assert answer["detail"]["fields"]["lit"].startswith("must be a valid boolean")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"NaN"])
async def test_a_body_that_is_no_object_is_refused(client: Client, body: bytes) -> None:
    status, code, _ = await refusal(await client.post("/lamps", data=body))
    assert (status, code) == (400, "parameter_rejected")


async def test_bodies_are_bounded_and_must_be_readable(client: Client) -> None:
    over = await client.post("/lamps", data=io.BytesIO(b"x" * ((1 << 20) + 1)))
    assert (await refusal(over))[:2] == (413, "too_large")
    coded = await client.post("/lamps", data=b"no", headers={"Content-Encoding": "gzip"})
    assert (await refusal(coded))[:2] == (400, "parameter_rejected")


async def test_a_query_is_read_by_type(client: Client, shop: Shop) -> None:
    for number in range(3):
        shop.lamps[str(number)] = Lamp(name=str(number), lit=number > 0)
    answer = await (await client.get("/lamps", params={"lit": "true", "page": "1"})).json()
    assert [lamp["name"] for lamp in answer["items"]] == ["1", "2"]


@pytest.mark.parametrize("query", ["page=0", "page=x", "pages=1", "page=1&page=2", "lit="])
async def test_a_query_that_means_nothing_is_refused(client: Client, query: str) -> None:
    status, code, detail = await refusal(await client.get(f"/lamps?{query}"))
    assert (status, code) == (422, "invalid")
    assert list(detail["fields"]) == [query.split("=")[0]]  # type: ignore[index]


async def test_the_guard_speaks_before_the_body_is_looked_at(client: Client) -> None:
    response = await client.post("/lamps", data=b"{", headers={"X-Closed": "1"})
    assert (await refusal(response))[:2] == (403, "closed")


async def test_unknown_paths_and_methods_are_documents_too(client: Client) -> None:
    assert (await refusal(await client.get("/moons")))[:2] == (404, "not_found")
    response = await client.delete("/lamps")
    assert response.headers["Allow"] == "GET,HEAD,POST"
    assert (await refusal(response))[:2] == (405, "method_not_allowed")


async def test_a_failure_tells_the_journal_and_not_the_client(client: Client, shop: Shop) -> None:
    response = await client.put("/lamps/x")
    assert "secret" not in await response.text()
    assert (await refusal(response))[:2] == (500, "internal_error")
    assert [type(error) for error in shop.failures] == [ZeroDivisionError]


def test_the_description_has_every_route_and_resolves(shop: Shop) -> None:
    made = document("Lamps", "1", shop.routes())
    assert {(p, m) for p, ms in made["paths"].items() for m in ms} == {
        (route.path, route.method.lower()) for route in shop.routes()
    }
    text = json.dumps(made)
    for name in made["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text
    add = made["paths"]["/lamps"]["post"]
    assert sorted(add["responses"]) == ["201", "400", "404", "405", "409", "413", "422", "500"]
    taken = [(p["name"], p["in"]) for p in made["paths"]["/lamps"]["get"]["parameters"]]
    assert taken == [("lit", "query"), ("page", "query")]


async def test_what_is_described_is_what_is_answered(client: Client, shop: Shop) -> None:
    made = document("Lamps", "1", shop.routes())
    responses = made["paths"]["/lamps"]["post"]["responses"]

    def fits(status: int, answer: object) -> bool:
        schema = responses[str(status)]["content"]["application/json"]["schema"]
        return jsonschema_rs.is_valid(schema | {"components": made["components"]}, answer)

    lamp = {"name": "moon", "lit": True}
    first, second = await client.post("/lamps", json=lamp), await client.post("/lamps", json=lamp)
    assert fits(first.status, await first.json())
    taken = await second.json()
    assert fits(second.status, taken)
    assert not fits(second.status, taken | {"code": "something_else"})
