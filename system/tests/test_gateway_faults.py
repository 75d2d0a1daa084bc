"""What a CT Gateway does wrong, and that nothing is lost by it: rows, nodes, events, frames."""

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest

from system.errors import GatewayGarbled, GatewayRefused, GatewayUnreachable
from system.oai.client import connect
from system.tests.conftest import Site
from system.tests.fake_gateway import FakeGateway
from system.tests.helpers import eventually


@pytest.fixture
async def ready(site: Site) -> Site:
    await site.add_phone_system()
    return site


async def numbers(site: Site) -> list[str]:
    page = await site.ok("GET", "/phone-systems/1/extensions")
    return [item["extension"] for item in page["items"]]


async def settles(site: Site, expected: list[str]) -> None:
    async def check() -> bool:
        return await numbers(site) == expected

    await eventually(check, f"the extensions are {expected}")


def without_rows(octets: bytes) -> bytes:
    """The last row of each list of stations is missing; the frame is whole."""
    payload = octets[4:]
    if b",_QX," not in payload:
        return octets
    fields = payload.rstrip(b"\r").split(b",")
    payload = b",".join(fields[:-4] if len(fields) > 7 else fields) + b"\r"
    return struct.pack("<I", len(payload)) + payload


async def test_missing_rows_remove_no_extension(ready: Site) -> None:
    ready.gateway.spoil = without_rows
    status, error = await ready.call("POST", "/phone-systems/1/sync")
    assert (status, error["code"]) == (502, "ct_gateway_format")
    assert await numbers(ready) == ["2101", "2102", "2103"]
    ready.gateway.spoil = None
    ready.gateway.stations.pop()
    await ready.ok("POST", "/phone-systems/1/sync")
    assert await numbers(ready) == ["2101", "2102"]


async def test_node_that_is_down_loses_nothing_and_is_read_when_it_comes(ready: Site) -> None:
    ready.gateway.nodes.append((2, "Branch", "127.10.0.22", "6.3 SP1"))
    ready.gateway.add("2201", "Dora Branch", node=2)
    await ready.ok("POST", "/phone-systems/1/sync")
    ready.gateway.down.add(2)
    ready.gateway.send_event("LS,,2,0,3")
    await ready.ok("POST", "/phone-systems/1/sync")
    assert "2201" in await numbers(ready)
    assert (await ready.extension("2201"))["internal_auth_name"] == "2201"
    assert (await ready.ok("GET", "/phone-systems/1/nodes/2"))["up"] is False
    assert "node 2" in (await ready.ok("GET", "/phone-systems/1"))["message"]
    ready.gateway.down.clear()
    ready.gateway.stations.append(("2202", "Emil Branch", 38, 2))
    ready.gateway.send_event("LS,,2,1,4")
    await settles(ready, ["2101", "2102", "2103", "2201", "2202"])
    assert (await ready.ok("GET", "/phone-systems/1/nodes/2"))["up"] is True
    # What a node that is up does not list any more is gone.
    ready.gateway.stations = [one for one in ready.gateway.stations if one[0] != "2201"]
    await ready.ok("POST", "/phone-systems/1/sync")
    assert "2201" not in await numbers(ready)


async def test_lost_event_is_noticed_by_the_next_number(ready: Site) -> None:
    ready.gateway.add("2104", "Finn Home")
    ready.gateway.lose_event()
    ready.gateway.send_event("ZZ,1")
    await settles(ready, ["2101", "2102", "2103", "2104"])


async def test_event_nobody_uses_reads_nothing(ready: Site) -> None:
    before = ready.gateway.commands.count("_QX")
    ready.gateway.send_event("ZZ,1")
    ready.gateway.add("2104", "Finn Home")
    ready.gateway.send_event("EC,||,|2104|")
    await settles(ready, ["2101", "2102", "2103", "2104"])
    assert ready.gateway.commands.count("_QX") == before + 1


async def test_gateway_whose_numbers_always_jump_is_not_asked_without_a_pause(ready: Site) -> None:
    gateway = ready.gateway

    def jump(octets: bytes) -> bytes:
        for writer in gateway._clients:
            gateway._sequence[writer] += 7
        return octets

    gateway.spoil = jump
    await ready.ok("POST", "/phone-systems/1/sync")
    await ready.ok("POST", "/phone-systems/1/sync")
    before = gateway.commands.count("_QX")
    for _ in range(300):
        await asyncio.sleep(0)
    assert gateway.commands.count("_QX") <= before + 3


async def test_garbled_frame_is_followed_by_a_new_connection(ready: Site) -> None:
    def not_ascii(octets: bytes) -> bytes:
        return octets[:-2] + b"\xe4" + octets[-1:]

    ready.gateway.spoil = not_ascii
    ready.gateway.send_event("EC,||,|2104|")

    async def offline() -> bool:
        found = await ready.ok("GET", "/phone-systems/1")
        return found["state"] == "offline" and "not ASCII" in found["message"]

    await eventually(offline, "the phone system is offline, and says why")
    ready.gateway.spoil = None
    ready.gateway.add("2104", "Finn Home")
    ready.clock.advance(120)
    await settles(ready, ["2101", "2102", "2103", "2104"])


async def open_to(gateway: FakeGateway, password: str = "Gateway-secret-1") -> None:
    connection = await connect(
        "127.0.0.1",
        gateway.port,
        password,
        outbound_address=None,
        timeout_s=5,
        on_event=lambda _: None,
    )
    await connection.close()


@pytest.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    gateway = FakeGateway()
    await gateway.start()
    yield gateway
    await gateway.stop()


async def test_only_a_close_without_a_word_is_a_wrong_password(gateway: FakeGateway) -> None:
    await open_to(gateway)
    with pytest.raises(GatewayRefused, match="password is wrong"):
        await open_to(gateway, "wrong")
    gateway.spoil = lambda octets: None
    with pytest.raises(GatewayUnreachable):
        await open_to(gateway)
    gateway.spoil = lambda octets: b"\x00\x00\x00\x00"
    with pytest.raises(GatewayGarbled, match="no octets"):
        await open_to(gateway)


async def test_cut_in_the_middle_of_rs_is_no_wrong_password() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(64)
        writer.write(struct.pack("<I", 40) + b"001,RS,0")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(half, "127.0.0.1", 0)
    fake = FakeGateway()
    fake.port = server.sockets[0].getsockname()[1]
    with pytest.raises(GatewayUnreachable):
        await open_to(fake)
    server.close()
    await server.wait_closed()
