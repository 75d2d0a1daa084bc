"""The control API's document is true: every route answers as it says, whatever valid input comes.

Bounded and the same in each run. Waiting for an entry is left out: it blocks.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from simulators.addresses import claim_private
from simulators.control.server import ControlServer
from simulators.control.tests.test_control import Controlled
from simulators.http_api.routes import Answer, Document, Route
from simulators.tests.pbx_bench import pbx_bench
from simulators.tests.phones_bench import phones_bench

EXAMPLES = 12
BLOCKING = {"/journal/wait"}
REFUSING = {
    "/devices",
    "/devices/{id}",
    "/faults",
    "/forwards",
    "/habits",
    "/icps",
    "/icps/{id}",
    "/nodes",
    "/nodes/{node}/extensions",
    "/nodes/{node}/extensions/{number}",
    "/nodes/{node}/extensions/{number}/credentials",
    "/nodes/{node}/habits",
    "/nodes/{node}/hot-desks/{number}",
    "/nodes/{node}/reboot",
    "/nodes/{node}/upgrade",
    "/roles/{role}/faults",
}
"""Rules beyond a schema: valid input may be refused there.

Parameters of a fault, bits beyond a network's prefix, habits that don't fit together.

Weak passwords; host names that nobody has; numbers and names that are taken; a node that is away.
"""


def operations(document: dict[str, Any]) -> list[Any]:
    found: list[Any] = list(schemathesis.openapi.from_dict(document).get_all_operations())
    return [operation for each in found if (operation := each.ok()).path not in BLOCKING]


def examine(operation: Any, url: str) -> None:
    """Call one route with generated input and check each answer against the document."""
    excluded = [positive_data_acceptance] if operation.path in REFUSING else []

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def each(case: Any) -> None:
        case.call_and_validate(base_url=url, excluded_checks=excluded)

    each()


@pytest.fixture
async def bench() -> AsyncIterator[Controlled]:
    held = claim_private()
    bench = Controlled(held.plan)
    await bench.mbg.start()
    yield bench
    await bench.mbg.stop()
    held.release()


async def test_every_route_answers_as_documented(bench: Controlled) -> None:
    await bench.control.start()
    try:
        described = operations(bench.control.document())
        assert len(described) > 35
        for operation in described:
            await asyncio.to_thread(examine, operation, bench.control.url)
    finally:
        await bench.control.stop()
    failed = [e.detail for e in bench.mbg.journal.entries if e.summary == "control API failed"]
    assert failed == []


async def test_every_route_of_a_pbx_answers_as_documented() -> None:
    async with pbx_bench(extensions=2) as bench:
        described = operations(bench.control.document())
        assert len(described) > 30
        for operation in described:
            await asyncio.to_thread(examine, operation, bench.control.url)
        entries = bench.journal.entries
        assert [e.detail for e in entries if e.summary == "control API failed"] == []


async def test_every_route_of_the_phones_answers_as_documented() -> None:
    async with phones_bench(1) as bench:
        await bench.registered()
        described = operations(bench.control.document())
        assert len(described) > 25
        for operation in described:
            await asyncio.to_thread(examine, operation, bench.control.url)
        entries = bench.phones.journal.entries
        assert [e.detail for e in entries if e.summary == "control API failed"] == []


class Truth(Document):
    """What a lying route promises."""

    name: str


class Lie(Document):
    """What it answers."""

    other: int


async def test_a_route_that_does_not_answer_as_documented_is_found(bench: Controlled) -> None:
    async def lies(request: object) -> Lie:
        return Lie(other=1)

    route = Route("GET", "/lies", "Lie", lies, (Answer(200, "the truth", Truth),))
    server = ControlServer(bench.mbg, [route], (bench.plan.mbg_inside, 0))
    await server.start()
    try:
        (operation,) = [o for o in operations(server.document()) if o.path == "/lies"]
        with pytest.raises(FailureGroup, match='"name" is a required property'):
            await asyncio.to_thread(examine, operation, server.url)
    finally:
        await server.stop()
