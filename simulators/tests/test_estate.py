"""The edges of an estate: an MCS that runs elsewhere, and ours as a process of its own."""

import asyncio
import ssl
from pathlib import Path

import pytest

from simulators.errors import ConfigurationError
from simulators.estate import mcs_process
from simulators.estate.config import AddressesTable, EstateConfig, McsTable
from simulators.estate.estate import Estate
from simulators.estate.mcs import McsPlace, RunningMcs, endpoint_elsewhere
from simulators.tls import Authority


def external(ca_file: Path, password_file: Path) -> McsTable:
    return McsTable(
        role="external",
        api_url="https://mcs.example.test:8200/",
        phones_address="127.10.0.5",
        ca_file=ca_file,
        admin_password_file=password_file,
    )


def test_an_external_mcs_needs_files_that_can_be_read(tmp_path: Path) -> None:
    ca_file = Authority().write_ca(tmp_path)
    password_file = tmp_path / "password"
    password_file.write_text("a-password-1\n")
    assert endpoint_elsewhere(external(ca_file, password_file)).admin_password == "a-password-1"
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for ca, password, words in (
        (tmp_path / "none", password_file, "can't use mcs.ca_file"),
        (password_file, password_file, "can't use mcs.ca_file"),
        (tmp_path, password_file, "can't use mcs.ca_file"),
        (ca_file, tmp_path / "none", "can't read mcs.admin_password_file"),
        (ca_file, tmp_path, "can't read mcs.admin_password_file"),
        (ca_file, binary, "can't read mcs.admin_password_file"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            endpoint_elsewhere(external(ca, password))


async def test_what_the_mcs_keeps_is_for_its_owner_alone(tmp_path: Path) -> None:
    modes: list[int] = []

    async def launch(place: McsPlace, _: ssl.SSLContext) -> RunningMcs:
        modes.append(place.data_dir.stat().st_mode & 0o777)
        raise ConfigurationError("planted: no MCS")

    config = EstateConfig(addresses=AddressesTable(block="private"))
    with pytest.raises(ConfigurationError, match="planted"):
        async with Estate(config, launch, folder=tmp_path / "run"):
            raise AssertionError
    assert modes == [0o700]


class Ending:
    """A child that has ended when it is looked at a second time."""

    looks = 0

    @property
    def returncode(self) -> int | None:
        self.looks += 1
        return None if self.looks == 1 else 2


async def test_a_stranger_on_the_port_does_not_hide_that_the_mcs_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcs_process, "TRY_LIMIT_S", 0.05)
    log = tmp_path / "mcs.log"
    log.write_text("started\nCannot listen at port 8200\n")
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        with pytest.raises(ConfigurationError, match=r"status 2\): Cannot listen at port 8200"):
            async with asyncio.timeout(10):
                await mcs_process._answering(Ending(), url, ssl.create_default_context(), log)  # type: ignore[arg-type]
    finally:
        server.close()
        for writer in held:
            writer.close()


async def test_an_mcs_that_does_not_answer_is_quoted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcs_process, "START_LIMIT_S", 0.0)
    log = tmp_path / "mcs.log"
    log.write_text("started\nwaiting for the database\n")
    with pytest.raises(ConfigurationError, match="within 0 s: waiting for the database"):
        await mcs_process._answering(Ending(), "https://x", ssl.create_default_context(), log)  # type: ignore[arg-type]
