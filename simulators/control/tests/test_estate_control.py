"""The control API of an estate as a whole: roles, faults of each, and who may ask."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from simulators.control.tests.test_control_document import examine, operations
from simulators.estate.estate import Estate
from simulators.phone.life.states import State
from simulators.tests.map_bench import first, map_bench


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    async with map_bench(1) as made:
        yield made


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def ask(
    client: aiohttp.ClientSession, method: str, url: str, body: object = None, **headers: str
) -> tuple[int, Any]:
    async with client.request(method, url, json=body, headers=headers) as answer:
        return answer.status, await answer.json() if answer.status != 204 else None


async def test_roles_name_their_own_control_apis(
    estate: Estate, client: aiohttp.ClientSession
) -> None:
    status, found = await ask(client, "GET", f"{estate.control.url}/roles")
    assert status == 200
    rows = {role["role"]: (role["control"], role["faults"]) for role in found["items"]}
    assert rows == {
        "MBG": (estate.controls[0].url, True),
        "PBX": (estate.pbx_control.url, True),
        "CT Gateway": (estate.pbx_control.url, False),
        "phones": (estate.phone_control.url, True),
    }
    assert len({estate.control.address[0], *(c.address[0] for c in estate.controls),
                estate.pbx_control.address[0], estate.phone_control.address[0]}) == 4  # fmt: skip


async def test_a_fault_of_one_role_is_no_fault_of_another(
    estate: Estate, client: aiohttp.ClientSession
) -> None:
    url = f"{estate.control.url}/roles"
    busy = {"name": "busy", "parameters": {"for_s": 60}}
    status, switched = await ask(client, "POST", f"{url}/MBG/faults", busy)
    assert (status, switched["state"], switched["parameters"]["for_s"]) == (201, "on", 60)
    assert len(estate.mbg.faults.listed()) == 1 and estate.pbx.faults.is_empty
    assert (await ask(client, "GET", f"{url}/MBG/faults"))[1]["items"] == [switched]
    assert (await ask(client, "POST", f"{url}/PBX/faults", busy))[0] == 422
    number = switched["number"]
    assert (await ask(client, "DELETE", f"{url}/PBX/faults/{number}"))[0] == 404
    assert (await ask(client, "DELETE", f"{url}/MBG/faults/{number}"))[0] == 204
    assert estate.mbg.faults.is_empty
    await ask(client, "POST", f"{url}/phones/faults", {"name": "phone-slow-boot"})
    assert (await ask(client, "DELETE", f"{url}/phones/faults"))[0] == 204
    assert estate.handsets.faults.is_empty


async def test_a_role_without_faults_is_said(estate: Estate, client: aiohttp.ClientSession) -> None:
    for role in ("MCS", "CT%20Gateway", "nobody"):
        status, told = await ask(client, "GET", f"{estate.control.url}/roles/{role}/faults")
        assert status == 404 and "MBG, PBX, phones" in told["message"]


async def test_a_reset_is_one_of_all_roles(estate: Estate, client: aiohttp.ClientSession) -> None:
    await first(estate).power_on()
    await first(estate).until(State.REGISTERED)
    await ask(client, "POST", f"{estate.control.url}/roles/MBG/faults", {"name": "busy"})
    assert (await ask(client, "POST", f"{estate.control.url}/reset"))[0] == 204
    assert estate.mbg.faults.is_empty and not estate.mbg.store.devices
    assert first(estate).state is State.OFF


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ],
)
async def test_a_page_of_another_site_controls_nothing(
    estate: Estate, client: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    """A browser sends such a request without asking first, as its body may be called plain text."""
    for control in (estate.control, *estate.controls, estate.pbx_control, estate.phone_control):
        status, told = await ask(client, "POST", f"{control.url}/reset", **headers)
        assert (status, told["code"]) == (403, "other_origin")
    assert (await ask(client, "GET", f"{estate.control.url}/health"))[0] == 200


@pytest.mark.timeout(600)
async def test_the_estates_routes_answer_as_documented(estate: Estate) -> None:
    described = [o for o in operations(estate.control.document()) if o.path.startswith("/roles")]
    assert len(described) == 6
    for operation in described:
        await asyncio.to_thread(examine, operation, estate.control.url)
