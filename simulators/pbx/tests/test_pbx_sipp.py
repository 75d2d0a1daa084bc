"""A SIP peer that is none of ours: sipp registers 1,000 users with digest, over UDP and TCP."""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, STDOUT
from pathlib import Path

import pytest

from simulators.core import Address
from simulators.tests.pbx_bench import PbxBench, pbx_bench

USERS = 1000
RATE_PER_S = 400
LIMIT_S = 60
pytestmark = pytest.mark.skipif(
    shutil.which("sipp") is None,
    reason="sipp, a SIP peer, is not installed: apt-get install sip-tester",
)

REGISTER = """\
  <send retrans="500"><![CDATA[
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:[field0]@[remote_ip]>;tag=[call_number]
To: <sip:[field0]@[remote_ip]>
Call-ID: [call_id]
CSeq: {number} REGISTER
Contact: <sip:[field0]@[local_ip]:[local_port];transport=[transport]>
Expires: 300
{credentials}Content-Length: 0

]]></send>
"""
SCENARIO = "\n".join(
    [
        '<?xml version="1.0" encoding="ISO-8859-1"?>',
        '<scenario name="register with digest">',
        REGISTER.format(number=1, credentials=""),
        '  <recv response="401" auth="true"/>',
        REGISTER.format(number=2, credentials="[field1]\n"),
        '  <recv response="200"/>',
        "</scenario>",
    ]
)


def injection(credentials: list[tuple[str, str]]) -> str:
    """sipp's file of users: number, and what makes the Authorization header."""
    users = [
        f"{name};[authentication username={name} password={password}]"
        for name, password in credentials
    ]
    return "\n".join(["SEQUENTIAL", *users]) + "\n"


async def sipp(
    folder: Path, home: str, registrar: Address, transport: str, users: list[tuple[str, str]]
) -> int:
    """Let sipp register these users; returns its exit status: 0 all did, 1 some did not."""
    scenario, injected, said = (folder / name for name in ("register.xml", "users.csv", "said.txt"))
    scenario.write_text(SCENARIO)
    injected.write_text(injection(users))
    words = (
        "-sf", str(scenario), "-inf", str(injected), "-m", str(len(users)), "-l", str(len(users)),
        "-r", str(RATE_PER_S), "-t", {"UDP": "u1", "TCP": "t1"}[transport], "-i", home,
        "-p", "5070", "-timeout", f"{LIMIT_S}s", "-timeout_error", "-nostdin",
        f"{registrar[0]}:{registrar[1]}",
    )  # fmt: skip
    with said.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            "sipp", *words, cwd=folder, stdin=DEVNULL, stdout=output, stderr=STDOUT
        )
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def users_of(bench: PbxBench) -> list[tuple[str, str]]:
    return [(e.number, e.auth_password) for e in bench.pbx.nodes[0].extensions.values()]


def registered(bench: PbxBench) -> list[str]:
    """Who has registered; over TCP a binding ends with sipp's connection."""
    return sorted(str(facts["extension"]) for facts in bench.told("extension registered"))


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
async def test_sipp_registers_a_thousand_users(tmp_path: Path, transport: str) -> None:
    async with pbx_bench(nodes=1, extensions=USERS) as bench:
        node = bench.pbx.nodes[0]
        home = bench.plan.local_phone(0)
        assert await sipp(tmp_path, home, node.address, transport, users_of(bench)) == 0
        assert registered(bench) == list(node.extensions)
        assert node.licences.high_water == USERS


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
async def test_sipp_is_refused_with_a_wrong_password(tmp_path: Path, transport: str) -> None:
    async with pbx_bench(nodes=1, extensions=3) as bench:
        node = bench.pbx.nodes[0]
        first, (number, password), last = users_of(bench)
        users = [first, (number, f"{password}x"), last]
        home = bench.plan.local_phone(0)
        assert await sipp(tmp_path, home, node.address, transport, users) == 1
        assert registered(bench) == [first[0], last[0]]
