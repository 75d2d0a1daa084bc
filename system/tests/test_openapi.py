"""The API's document is true: every route is in it, and answers as it says, whatever input comes.

Bounded and the same in each run; over TLS, as an engineer.
"""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import trustme
from aiohttp import web
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from system.api.app import ROUTES
from system.api.declare import BASE, Access, Document, Route
from system.api.openapi import describe
from system.api.serve import make_application
from system.app import Mcs
from system.domain.roles import Permission
from system.tests.conftest import PASSWORD, Site
from system.tests.helpers import seeded_entropy
from system.tests.people_acts import application, services

EXAMPLES = 10
PARTS = 6
"""Tests that share the operations, so that none runs for minutes."""
REFUSING = {
    "/client-locations/remote",
    "/directories/{owner}",
    "/directories/{owner}/csv",
    "/firmware/{model}",
    "/firmware/{model}/target",
    "/firmware/{model}/{kind}/{version}",
    "/images/{name}",
    "/images/{name}/content",
    "/keymaps/{level}/{owner}",
    "/phone-systems",
    "/phone-systems/{id}",
    "/phone-systems/{id}/extensions",
    "/phone-systems/{id}/extensions/{extension}",
    "/phone-systems/{id}/nodes",
    "/phone-systems/{id}/nodes/{number}",
    "/phone-systems/{id}/sync",
    "/phones/{mac}",
    "/phones/{mac}/history",
    "/phones/{mac}/keys",
    "/phones/{mac}/restart",
    "/phones/{mac}/resync",
    "/notices/{number}/acknowledge",
    "/provisioning/bulk",
    "/provisioning/bulk/{number}",
    "/provisioning/bulk/{number}/cancel",
    "/provisioning/bulk/{number}/items",
    "/provisioning/bulk/{number}/pause",
    "/provisioning/bulk/{number}/resume",
    "/provisioning/drift",
    "/provisioning/drift/repair",
    "/provisioning/operations/{number}/retry",
    "/session",
    "/session/directory",
    "/login",
    "/session/password",
    "/sessions/{id}",
    "/settings/audit",
    "/settings/mbg",
    "/settings/mbg/certificate/confirm",
    "/settings/mbg/request-token",
    "/settings/mbg/retrieve-token",
    "/users",
    "/users/{username}",
    "/audit",
}
"""Rules beyond a schema: what is not there, is taken, weak, no address; log-ins; If-Match."""
LAST = "DELETE /session"
LOCAL_ONLY = {"ct_gateway_address", "internal_address"}


def calmed(body: Any) -> Any:
    """The same body with its addresses on this machine, where nothing answers: bounded traffic."""
    if not isinstance(body, dict):
        return body
    return {
        name: "127.0.0.1" if name in LOCAL_ONLY and isinstance(value, str) and value else value
        for name, value in body.items()
    }


def operations(document: dict[str, Any]) -> list[Any]:
    """All operations, the one that logs out last."""
    described: list[Any] = list(schemathesis.openapi.from_dict(document).get_all_operations())
    found = [operation.ok() for operation in described]
    return sorted(found, key=lambda o: f"{o.method.upper()} {o.path}".replace(BASE, "") == LAST)


def examine(operation: Any, site: Site, ca: Path, base: str) -> None:
    """Call one operation with generated input and check each answer against the document."""
    path = operation.path.removeprefix(BASE)
    excluded: list[Any] = [positive_data_acceptance] if path in REFUSING else []
    if "502" in operation.definition.raw["responses"]:
        excluded.append(not_a_server_error)  # the MBG's refusal; a 500 is still none of ours

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def each(case: Any) -> None:
        case.body = calmed(case.body)
        if len((case.headers or {}).get("If-Match", "")) % 2:
            del case.headers["If-Match"]  # else each change would end at a tag that never fits
        case.call_and_validate(
            base_url=base,
            headers={"Authorization": f"Bearer {site.token}"},
            verify=str(ca),
            excluded_checks=excluded,
        )

    each()


@pytest.fixture
async def trusted(site: Site, ca: trustme.CA, tmp_path: Path) -> tuple[Site, Path]:
    """The site behind a certificate that clients can verify."""
    certificate = ca.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(key)
    config = replace(site.mcs.config, certificate=chain, key=key)
    site.make_mcs = lambda: Mcs(config, clock=site.clock, entropy=seeded_entropy(7))
    await site.restart()
    await site.authorize()
    await site.add_phone_system()
    await site.check_remote("2101")
    await site.reaches("2101", "provisioned")
    return site, tmp_path / "ca.pem"


@pytest.mark.parametrize("part", range(PARTS))
async def test_every_operation_answers_as_documented(
    trusted: tuple[Site, Path], caplog: pytest.LogCaptureFixture, part: int
) -> None:
    site, ca = trusted
    described = operations(await site.ok("GET", "/openapi.json"))
    assert len(described) == len(ROUTES)
    for operation in described[part::PARTS]:
        await asyncio.to_thread(examine, operation, site, ca, site.mcs.api_url)
    mistakes = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert mistakes == []


async def test_what_is_served_is_described_and_the_reverse(site: Site) -> None:
    document = await site.ok("GET", "/openapi.json")
    assert document["openapi"].startswith("3.1")
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    served = {
        (route.method, route.resource.canonical)
        for route in application(site).router.routes()
        if route.method != "HEAD" and route.resource is not None
        if route.resource.canonical.startswith(BASE)
    }
    assert described == served
    assert PASSWORD not in str(document)
    names = [o["operationId"] for methods in document["paths"].values() for o in methods.values()]
    assert len(names) == len(set(names))


async def test_no_route_takes_a_parameter_that_it_does_not_declare(site: Site) -> None:
    names = {"id": "1", "number": "1", "mac": "1400E9123456", "kind": "sip"}
    for route in ROUTES:
        path = re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "2101"), route.path)
        status, error = await site.call(route.method, f"{path}?pgae=2")
        where = f"{route.method} {path}: {error}"
        assert (status, error["code"], error["field"]) == (422, "unknown_parameter", "pgae"), where
        for query in route.query:
            assert query.name in error["message"], where
    status, error = await site.call("GET", "/phones?page=1&page=2")
    assert (status, error["field"], "once" in error["message"]) == (422, "page", True)
    assert (await site.call("GET", "/session"))[0] == 200, "nothing was done"


class Truth(Document):
    """What a lying route promises."""

    name: str


async def test_route_that_does_not_answer_as_documented_is_found(
    trusted: tuple[Site, Path],
) -> None:
    site, ca = trusted

    async def lies(_request: web.Request) -> web.Response:
        """Lie."""
        return web.json_response({"other": 1})

    route = Route(
        method="GET", path="/lies", handler=lies, needs=Permission.READ_SITE, answer=Truth
    )
    honest = Route(method="GET", path="/none", handler=lies, needs=Access.OPEN)
    assert describe([honest])["paths"]
    app = make_application(services(site), [route], largest_body=1)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    (operation,) = operations(describe([route]))
    try:
        with pytest.raises(FailureGroup, match='"name" is a required property'):
            await asyncio.to_thread(examine, operation, site, ca, base)
    finally:
        await runner.cleanup()
