"""A SIP phone that is none of ours: baresip registers through the MBG, and so at the PBX."""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from simulators.core import Address
from simulators.estate.config import AddressesTable, EstateConfig
from simulators.estate.estate import Estate
from simulators.journal import Entry, Happened

NAME, PASSWORD = "tw2101", "right-Passw0rd-1"
LIMIT_S = 30.0
MODULES = next(iter(Path("/usr/lib").glob("**/baresip/modules/account.so")), Path()).parent
"""Debian has them in /usr/lib/baresip, others one folder deeper."""

pytestmark = pytest.mark.skipif(
    shutil.which("baresip") is None or not MODULES.name,
    reason="baresip, a SIP phone, is not installed: apt-get install baresip",
)


def configure(folder: Path, home: Address, border: Address, password: str) -> None:
    """Write the files of a baresip that only registers: no sound, no screen, no keys."""
    at = f"{border[0]}:{border[1]}"
    modules = "".join(f"module {name}.so\n" for name in ("account", "g711"))
    (folder / "config").write_text(
        f"sip_listen {home[0]}:{home[1]}\nmodule_path {MODULES}\n{modules}"
    )
    (folder / "accounts").write_text(
        f"<sip:{NAME}@{at};transport=udp>;auth_user={NAME};auth_pass={password};regint=300\n"
    )
    (folder / "contacts").touch()


@asynccontextmanager
async def baresip(folder: Path) -> AsyncIterator[None]:
    """A baresip that runs while inside; SIGTERM is how it is switched off."""
    with (folder / "said.txt").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            "baresip", "-4", "-f", str(folder),
            cwd=folder, env={"HOME": str(folder)}, stdin=DEVNULL, stdout=said, stderr=STDOUT,
        )  # fmt: skip
        try:
            yield
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    async with asyncio.timeout(LIMIT_S):
                        await process.wait()
                except TimeoutError:
                    process.kill()
                    await process.wait()


@asynccontextmanager
async def registering(folder: Path, password: str) -> AsyncIterator[Estate]:
    """An estate with one teleworker whose phone is a baresip at home."""
    config = EstateConfig(addresses=AddressesTable(block="private"))
    async with Estate(config, None) as estate:
        extension = estate.node.add_extension("2101", "Ada")
        icp = estate.mbg.add_icp(estate.node.name, estate.node.address[0])
        estate.mbg.add_device(
            icp_id=icp.id,
            set_username=NAME,
            set_password=PASSWORD,
            icp_username=extension.auth_name,
            icp_password=extension.auth_password,
        )
        home = (estate.claim.plan.home(0), 5060)
        configure(folder, home, estate.mbg.sip_outside, password)
        async with baresip(folder):
            yield estate


def happened(name: str) -> Callable[[Entry], bool]:
    return lambda entry: isinstance(entry, Happened) and entry.name == name


async def test_baresip_registers_through_the_mbg(tmp_path: Path) -> None:
    async with registering(tmp_path, PASSWORD) as estate:
        await estate.journal.wait_for(happened("device registered"), within_s=LIMIT_S)
        binding = estate.node.binding("2101")
        assert binding is not None
        assert binding.peer[0] == estate.mbg.inside, "it is the MBG that registers at the PBX"
        (device,) = estate.mbg.store.devices.values()
        assert device.document()["status"] == "registered"


async def test_baresip_with_a_wrong_password_is_refused(tmp_path: Path) -> None:
    async with registering(tmp_path, "wrong-Passw0rd-1") as estate:
        await estate.journal.wait_for(happened("device refused"), within_s=LIMIT_S)
        assert estate.node.registered_extensions() == []
