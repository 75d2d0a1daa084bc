"""The OpenAPI document is served, complete and true: schemathesis calls what it describes.

Each operation is called over TLS with generated input, valid and invalid, signed by
requests-oauthlib; all of schemathesis's checks are on. The seed is fixed, the counts are bounded.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from requests_oauthlib import OAuth1
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok

from simulators.faults.busy import CODES
from simulators.mbg.tests.rest_site import ICPS, Site, site

EXAMPLES = 15
PREFIX = "/mslrest"


@pytest.fixture
async def rest() -> AsyncIterator[Site]:
    async with site() as made:
        await made.device(1)
        yield made


async def test_the_document_is_served_without_a_signature_while_services_run(rest: Site) -> None:
    served = await rest.call("GET", "/openapi.json", sign=False)
    assert (served.status, served.json["openapi"]) == (200, "3.1.0")
    rest.mbg.stop_web_services()
    assert (await rest.call("GET", "/openapi.json", sign=False)).code == "web_services_stopped"


async def test_every_route_is_in_the_document(rest: Site) -> None:
    paths = (await rest.call("GET", "/openapi.json", sign=False)).json["paths"]
    assert isinstance(paths, dict)
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert rest.mbg._runner is not None
    served = {
        (route.method, route.resource.canonical)
        for route in rest.mbg._runner.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith(PREFIX)
        if route.method != "HEAD"
    }
    assert described == served
    assert len(served) == 16


async def test_every_code_of_the_wire_document_is_described(rest: Site) -> None:
    """Codes of docs/wire.md section 1 against those of the document, and those of its faults."""
    served = await rest.call("GET", "/openapi.json", sign=False)
    wire = (Path(__file__).parents[3] / "docs" / "wire.md").read_text("utf-8")
    table = wire.partition("| status | code | when |")[2].partition("## 2.")[0]
    cells = [row.split("|")[2] for row in table.splitlines() if row.startswith("| ")]
    told = {code for cell in cells for code in re.findall("`([a-z_]+)`", cell)}
    described = set(re.findall(r"`([a-z_]+)`: ", served.body.decode()))
    assert told == described
    assert set(CODES.values()) <= described


def examine(operation: Any, rest: Site, ca: str, mode: GenerationMode) -> int:
    """Call one operation with generated input and check each answer; how many calls that were."""
    calls = 0

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def each(case: Any, known: bool) -> None:
        nonlocal calls
        calls += 1
        if mode is GenerationMode.POSITIVE:
            _fitting(case, known)
        case.call_and_validate(base_url=rest.base.removesuffix(PREFIX), verify=ca)

    with suppress(Unsatisfiable):  # nothing of it can be invalid: it takes no input
        each()
    return calls


def _operations(document: dict[str, Any]) -> list[Any]:
    schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]


def _fitting(case: Any, known: bool) -> None:
    """What no schema can say: ids that exist, passwords that are not weak, tags that are fresh."""
    if known and "id" in case.path_parameters:
        case.path_parameters["id"] = "1"
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if isinstance(case.body, dict):
        for name in {"set_password", "icp_password"} & set(case.body):
            case.body[name] = "strong-password-1"
        if "icp_id" in case.body:
            case.body["icp_id"] = "1"
        if case.method == "PATCH" and not case.body.get("set_username", "x"):
            del case.body["set_username"]


async def _auth(rest: Site, name: str) -> OAuth1:
    """Credentials as the operation wants them."""
    consumer = rest.consumer
    more: dict[str, Any] = {}
    token: str | None = rest.token
    token_secret: str | None = rest.token_secret
    if name == "initiate":
        token, token_secret, more = None, None, {"callback_uri": "oob"}
    elif name == "exchange":
        rest.token = rest.token_secret = ""
        answer = await rest.call("POST", "/initiate", callback_uri="oob")
        rest.token, rest.token_secret = token or "", token_secret or ""
        temporary = next(iter(reversed(rest.mbg.web_services.temporary.values())))
        assert answer.status == 200
        token, token_secret = temporary.token, temporary.secret
        more = {"verifier": rest.mbg.approve_latest()}
    return OAuth1(consumer.consumer_id, consumer.shared_secret, token, token_secret, **more)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_every_operation_answers_as_documented(
    rest: Site, mode: GenerationMode, tmp_path: Path
) -> None:
    rest.mbg.journal.enabled = False
    ca = str(rest.mbg_ca(tmp_path))
    described = (await rest.call("GET", "/openapi.json", sign=False)).json
    names = [operation.definition.raw["operationId"] for operation in _operations(described)]
    called: dict[str, int] = {}
    for number, name in sorted(enumerate(names), key=lambda pair: pair[1] == "revoke_token"):
        if "1" not in rest.mbg.store.devices:
            rest.mbg.store.restore([rest.icp], [], (1, 0))
            await rest.device(1)
        operation = _operations(described)[number]
        operation.schema.auth.set_from_requests(await _auth(rest, name))
        called[name] = await asyncio.to_thread(examine, operation, rest, ca, mode)
    without_input = {name for name, calls in called.items() if not calls}
    assert len(called) == 16
    assert without_input == (set() if mode is GenerationMode.POSITIVE else {"describe"})


async def test_an_untrue_document_is_found_out(rest: Site, tmp_path: Path) -> None:
    described = (await rest.call("GET", "/openapi.json", sign=False)).json
    schemas: Any = described["components"]
    schemas["schemas"]["IcpDocument"]["required"].append("colour")
    (operation,) = [o for o in _operations(described) if o.path == f"{PREFIX}{ICPS}{{id}}/"]
    operation.schema.auth.set_from_requests(await _auth(rest, "read_icp"))
    ca = str(rest.mbg_ca(tmp_path))
    with pytest.raises(FailureGroup, match="colour"):
        await asyncio.to_thread(examine, operation, rest, ca, GenerationMode.POSITIVE)
