"""Who comes in thousands or talks nonsense is ended; a good client is served meanwhile.

The 10,000 half-open connections come from a process of their own, so that this one needs 10,000
descriptors and not 20,000; the soft limit is raised to the hard one for as long.
"""

import asyncio
import random
import resource
import socket
import sys
import tracemalloc
from collections.abc import Iterator

import pytest

from simulators.core import Address
from simulators.sockets import StreamLimits
from simulators.sockets.tests.socket_bench import OPTIONS, Bench, Probe, cut, until
from simulators.tls import Authority

HALF_OPEN = 10_000
SPARE = 500
BYTES_EACH = 10_000
"""Python memory of one half-open connection; measured about half of that."""

CLIENT = """
import resource, socket, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
host, port, count, say = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4].encode()
held = []
for _ in range(count):
    held.append(socket.create_connection((host, port)))
    if say:
        held[-1].sendall(say)
print("all", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def descriptors() -> Iterator[int]:
    """How many half-open connections this machine's limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield min(HALF_OPEN, hard * 3 // 4 - SPARE) if hard != resource.RLIM_INFINITY else HALF_OPEN
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def served(there: Address, tls: bool, authority: Authority) -> bool:
    context = authority.client_context() if tls else None
    reader, writer = await asyncio.open_connection(*there, ssl=context)
    writer.write(OPTIONS)
    answer = await reader.readexactly(len(OPTIONS))
    writer.close()
    return answer == OPTIONS


@pytest.mark.parametrize(
    ("transport", "say"), [("TCP", "REGISTER sip:"), ("TLS", "")], ids=["half a line", "silence"]
)
async def test_ten_thousand_half_open_connections(
    bench: Bench, authority: Authority, descriptors: int, transport: str, say: str
) -> None:
    probe = Probe(echo=True)
    driver = bench.driver(probe, limits=StreamLimits(connections=descriptors + 10, opening_s=1000))
    host = bench.plan.mbg_outside
    there = await driver.open((host, 0), "", transport, authority.server_context(host))
    assert await served(there, transport == "TLS", authority)
    await until(lambda: driver.connections("", transport) == 0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLIENT, host, str(there[1]), str(descriptors), say,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert client.stdout is not None
    assert await client.stdout.readline() == b"all\n"
    await until(lambda: driver.connections("", transport) == descriptors)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < descriptors * BYTES_EACH
    assert await served(there, transport == "TLS", authority)
    await bench.clock.advance(1001)
    await until(lambda: driver.connections("", transport) == 0)
    assert len(bench.lost()) == descriptors
    assert await served(there, transport == "TLS", authority)
    await client.communicate(b"")


FEW_FILES = 400


@pytest.fixture
def few_files() -> Iterator[None]:
    """A process that may have few files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW_FILES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_connections_leave_files_to_the_rest_of_the_process(
    bench: Bench, authority: Authority, few_files: None
) -> None:
    driver = bench.driver(Probe(echo=True))
    there = await driver.open((bench.plan.mbg_outside, 0), "", "TCP")
    held = []
    while not bench.lost():
        held.append(await asyncio.open_connection(*there))
        await until(lambda: driver.connections() + len(bench.lost()) == len(held))
    reasons = [entry.reason for entry in bench.lost()]
    assert reasons == [f"the process may have {FEW_FILES} files open, and few are left"]
    await cut(held[-1][0])
    for end in [socket.socket() for _ in range(FEW_FILES // 8)]:
        end.close()  # others can still open theirs
    for _, writer in held:
        writer.close()
    await until(lambda: driver.connections() == 0)
    assert await served(there, False, authority)


@pytest.mark.parametrize("transport", ["UDP", "TCP", "TLS"])
async def test_random_octets_disturb_nobody(
    bench: Bench, authority: Authority, transport: str
) -> None:
    chance = random.Random(4475)
    probe = Probe(echo=True)
    driver = bench.driver(probe)
    host = bench.plan.mbg_outside
    there = await driver.open((host, 0), "", transport, authority.server_context(host))
    for number in range(60):
        octets = chance.randbytes(chance.randrange(1, 3000))
        if number % 3 == 0:
            octets = OPTIONS[: chance.randrange(len(OPTIONS))] + octets + b"\r\n\r\n"
        await throw(octets, there, transport, authority if number % 2 else None)
    if transport == "UDP":
        await bench.heard(probe, 60)
        return
    await bench.clock.advance(11)
    await until(lambda: driver.connections("", transport) == 0)
    assert await served(there, transport == "TLS", authority)


async def throw(octets: bytes, there: Address, transport: str, inside: Authority | None) -> None:
    """Send octets and hang up; over TLS within it, or instead of it."""
    if transport == "UDP":
        loop = asyncio.get_running_loop()
        sender, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=there)
        sender.sendto(octets)
        sender.close()
        return
    context = inside.client_context() if inside and transport == "TLS" else None
    _, writer = await asyncio.open_connection(*there, ssl=context)
    writer.write(octets)
    writer.close()
