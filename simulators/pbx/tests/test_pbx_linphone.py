"""SHA-256 digest (RFC 8760) with a peer that is none of ours: linphone registers at a node.

SIPp, baresip and sipsak of Debian 12 know MD5 alone; linphone's SIP stack knows both. It registers
only where the machine has a network beside loopback.
"""

import asyncio
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from simulators.addresses import claim_private
from simulators.clock import Clock
from simulators.core import Address
from simulators.entropy import Seed
from simulators.estate.open_network import OpenNetwork
from simulators.journal import Entry, Happened, Journal, SipEntry
from simulators.pbx.node import PbxNode
from simulators.pbx.settings import NodeSettings
from simulators.sip.digest import Credentials
from simulators.sip.message import parse

REALM, NUMBER, PASSWORD = "Head Office", "2101", "right-Passw0rd-1"
LIMIT_S = 60.0


def has_network() -> bool:
    """Whether there is a default route: without one linphone thinks that it can reach nobody."""
    routes = Path("/proc/net/route")
    return routes.exists() and "\t00000000\t" in routes.read_text()


pytestmark = pytest.mark.skipif(
    not has_network() or shutil.which("linphonec") is None,
    reason="linphone, a SIP phone that knows SHA-256, is not installed: apt-get install "
    "--no-install-recommends linphone-cli (it also wants a default route)",
)


def configure(folder: Path, node: Address, password: str) -> Path:
    """The file of a linphone that only registers, from any port."""
    at = f"{node[0]}:{node[1]}"
    (folder / ".local/share/linphone").mkdir(parents=True)
    file = folder / "linphonerc"
    file.write_text(
        "[sip]\nsip_port=-1\nsip_tcp_port=0\nsip_tls_port=0\nuse_ipv6=0\ndefault_proxy=0\n"
        f"[proxy_0]\nreg_proxy=<sip:{at};transport=udp>\nreg_identity=sip:{NUMBER}@{node[0]}\n"
        "reg_expires=300\nreg_sendregister=1\npublish=0\n"
        f"[auth_info_0]\nusername={NUMBER}\npasswd={password}\nrealm={REALM}\n"
    )
    return file


@asynccontextmanager
async def linphone(folder: Path, node: Address, password: str) -> AsyncIterator[None]:
    """A linphone that runs while inside; it would end with its standard input."""
    file = configure(folder, node, password)
    with (folder / "said.txt").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            "linphonec", "-c", str(file),
            cwd=folder, env={"HOME": str(folder), "TERM": "dumb"}, stdin=PIPE, stdout=said,
            stderr=STDOUT,
        )  # fmt: skip
        try:
            yield
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


@asynccontextmanager
async def registering(
    folder: Path, algorithms: tuple[str, ...], password: str = PASSWORD
) -> AsyncIterator[PbxNode]:
    """A node that challenges with these algorithms, and a linphone that registers there."""
    held = claim_private()
    clock = Clock()
    journal = Journal(clock.now)
    node = PbxNode(
        1,
        REALM,
        "6.3 SP1",
        clock=clock,
        network=OpenNetwork(held.plan, journal, clock),
        journal=journal,
        entropy=Seed(1).stream("node").randbytes,
        settings=NodeSettings(algorithms=algorithms),
    )
    node.add_extension(NUMBER, "Ada", auth_password=PASSWORD)
    await node.start((held.plan.node(1), 0))
    try:
        async with linphone(folder, node.address, password):
            yield node
    finally:
        await node.stop()
        held.release()


def happened(name: str) -> Callable[[Entry], bool]:
    return lambda entry: isinstance(entry, Happened) and entry.name == name


def algorithms_answered(node: PbxNode) -> set[str]:
    """Of the credentials that came."""
    came = [entry.raw for entry in node.journal.entries if isinstance(entry, SipEntry)]
    answered = [raw for raw in came if raw.startswith(b"REGISTER") and b"\nAuthorization:" in raw]
    return {
        Credentials.parse(parse(raw).headers.get("authorization")).algorithm for raw in answered
    }


@pytest.mark.parametrize("algorithms", [("SHA-256",), ("SHA-256", "MD5")])
async def test_linphone_registers_with_sha_256(tmp_path: Path, algorithms: tuple[str, ...]) -> None:
    async with registering(tmp_path, algorithms) as node:
        await node.journal.wait_for(happened("extension registered"), within_s=LIMIT_S)
        assert node.registered_extensions() == [NUMBER]
        assert algorithms_answered(node) == {"SHA-256"}


async def test_linphone_registers_with_md5_where_that_is_asked(tmp_path: Path) -> None:
    async with registering(tmp_path, ("MD5",)) as node:
        await node.journal.wait_for(happened("extension registered"), within_s=LIMIT_S)
        assert algorithms_answered(node) == {"MD5"}


async def test_linphone_with_a_wrong_password_is_refused(tmp_path: Path) -> None:
    async with registering(tmp_path, ("SHA-256",), "wrong-Passw0rd-1") as node:
        await node.journal.wait_for(happened("registration refused"), within_s=LIMIT_S)
        assert node.registered_extensions() == []
        assert algorithms_answered(node) == {"SHA-256"}
