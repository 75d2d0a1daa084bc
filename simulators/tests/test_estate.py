"""The edges of an estate: an MCS that runs elsewhere, and ours as a process of its own."""

import asyncio
import ssl
from pathlib import Path

import pytest

from simulators.errors import ConfigurationError, NotOffered
from simulators.estate import mcs_process
from simulators.estate.config import AddressesTable, EstateConfig, MbgTable, McsTable
from simulators.estate.estate import Estate
from simulators.estate.mbg_place import place_elsewhere, with_ca_of
from simulators.estate.mcs import McsPlace, RunningMcs, endpoint_elsewhere, reset_elsewhere
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

    def poll(self) -> int | None:
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


# An external MBG, and an MCS that begins anew


def external_mbg(**settings: object) -> MbgTable:
    return MbgTable.model_validate(
        {"role": "external", "inside": "127.99.0.10", "outside": "127.99.1.10"} | settings
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"inside": ""}, "needs mbg.inside, an IPv4 address"),
        ({"outside": "mbg.example.test"}, "needs mbg.outside"),
        ({"speaks": "control"}, "needs mbg.control_url"),
    ],
)
def test_an_external_mbg_needs_its_addresses(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        place_elsewhere(external_mbg(**settings))


async def test_an_estate_with_an_external_mbg_knows_where_it_is_and_offers_no_look(
    tmp_path: Path,
) -> None:
    config = EstateConfig(
        addresses=AddressesTable(block="private"), mbg=external_mbg(sip_port=5070)
    )
    async with Estate(config, None, folder=tmp_path) as estate:
        assert estate.mbg_place.sip_outside == ("127.99.1.10", 5070)
        assert estate.journal.role_at(("127.99.0.10", 5060)) == "MBG"
        kinds = {role["role"]: role["kind"] for role in estate.roles()}
        assert kinds["MBG"] == "external"
        with pytest.raises(NotOffered, match="it is external"):
            _ = estate.mbg


async def test_a_simulated_mbg_can_be_sealed(tmp_path: Path) -> None:
    config = EstateConfig(addresses=AddressesTable(block="private"))
    async with Estate(config, None, folder=tmp_path) as estate:
        assert estate.mbg_place.outside == estate.mbg.outside
        estate.sealed = "as told"
        with pytest.raises(NotOffered, match="as told"):
            _ = estate.mbg


def test_the_ca_of_an_external_mbg_is_trusted_too(tmp_path: Path) -> None:
    (tmp_path / "mine.pem").write_text("mine\n")
    (tmp_path / "theirs.pem").write_text("theirs\n")
    table = external_mbg(ca_file=tmp_path / "theirs.pem")
    assert with_ca_of(table, tmp_path / "mine.pem").read_text() == "mine\ntheirs\n"
    with pytest.raises(ConfigurationError, match=r"can't read mbg\.ca_file"):
        with_ca_of(external_mbg(ca_file=tmp_path / "none"), tmp_path / "mine.pem")


async def test_a_reset_command_is_run_and_its_failure_told(tmp_path: Path) -> None:
    made = tmp_path / "made"
    await reset_elsewhere(McsTable(reset_command=("touch", str(made))))
    assert made.exists()
    with pytest.raises(ConfigurationError, match="ended with 3: no snapshot"):
        await reset_elsewhere(McsTable(reset_command=("sh", "-c", "echo no snapshot; exit 3")))
    with pytest.raises(ConfigurationError, match="give a command that is there"):
        await reset_elsewhere(McsTable(reset_command=(str(tmp_path / "none"),)))


def test_a_person_at_the_mcs_needs_no_password() -> None:
    table = McsTable(role="external", speaks="person", phones_address="127.10.0.5")
    endpoint = endpoint_elsewhere(table)
    assert (endpoint.speaks, endpoint.on_run_clock) == ("person", False)
    with pytest.raises(ConfigurationError, match=r"needs the settings mcs\.phones_address"):
        endpoint_elsewhere(McsTable(role="external", speaks="person"))
