"""The place of the MCS in an estate: what starting one needs, what a started one offers.

The simulators never import the MCS. Whoever composes the estate brings a launcher: the suites one
that runs ours in process, the demo one that starts it as a process of its own (`mcs_process`).
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from simulators.addresses import open_port
from simulators.clock import Clock
from simulators.core import Address, Entropy
from simulators.errors import ConfigurationError
from simulators.estate.config import McsTable
from simulators.tls import CertificateFiles

RESET_LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class McsPlace:
    """Where an MCS of ours shall run, and with what."""

    data_dir: Path
    address: str
    certificate: CertificateFiles
    trusted_ca: Path
    admin_password: str = field(repr=False)
    clock: Clock
    entropy: Entropy
    api_port: int = 8200
    phones_port: int = 8202
    phones_http_port: int = 8203
    phone_manager_port: int = 8204
    tftp_port: int = open_port(69)
    syslog_port: int = open_port(514)
    ldap_port: int = 8205
    push_port: int = open_port(80)
    """Where local phones take pushes."""


@dataclass(frozen=True, slots=True)
class McsEndpoint:
    """A running MCS as people and phones see it. `kind` and `where` go into the report."""

    api_url: str
    phones_address: Address
    phone_manager_address: Address
    tftp_address: Address
    admin_name: str
    admin_password: str = field(repr=False)
    tls: ssl.SSLContext
    kind: str
    where: str
    speaks: str = "api"
    """`api`, or `person`: somebody at its site."""
    on_run_clock: bool = False
    """Whether it goes by the run's clock, so that time can be moved for it too."""


class RunningMcs(Protocol):
    """A started MCS."""

    endpoint: McsEndpoint

    async def stop(self) -> None:
        """End it; may be called again."""


McsLauncher = Callable[[McsPlace, ssl.SSLContext], Awaitable[RunningMcs]]
"""Starts an MCS at a place; the context is what clients trust."""


def endpoint_elsewhere(table: McsTable) -> McsEndpoint:
    """An MCS that runs elsewhere.

    Raises:
        ConfigurationError: a setting that it needs is missing, or names a file that won't do.
    """
    by_person = table.speaks == "person"
    needed = ("phones_address",) if by_person else ("api_url", "phones_address",
                                                    "admin_password_file")  # fmt: skip
    missing = [name for name in needed if not getattr(table, name)]
    if missing:
        raise ConfigurationError(f"an external MCS needs the settings mcs.{', mcs.'.join(missing)}")
    try:
        trust = ssl.create_default_context(cafile=table.ca_file)
    except OSError as error:  # ssl.SSLError too
        raise ConfigurationError(
            f"can't use mcs.ca_file {table.ca_file} ({error.strerror or error}): "
            "give the path of a file with the certificate of the CA, as PEM"
        ) from error
    return McsEndpoint(
        api_url=table.api_url.rstrip("/"),
        phones_address=(table.phones_address, table.phones_port),
        phone_manager_address=(table.phones_address, table.phone_manager_port),
        tftp_address=(table.phones_address, table.tftp_port),
        admin_name=table.admin_name,
        admin_password="" if by_person else _password(table.admin_password_file),
        tls=trust,
        kind="external",
        where=table.api_url or f"{table.phones_address}, by a person",
        speaks=table.speaks,
    )


async def reset_elsewhere(table: McsTable) -> None:
    """Run the command that makes an external MCS as delivered; there may be none.

    Raises:
        ConfigurationError: it can't be run, fails, or does not end.
    """
    if not table.reset_command:
        return
    shown = " ".join(table.reset_command)
    try:
        process = await asyncio.create_subprocess_exec(
            *table.reset_command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        raise ConfigurationError(
            f"can't run mcs.reset_command {shown} ({error.strerror}): give a command that is there"
        ) from error
    try:
        output, _ = await asyncio.wait_for(process.communicate(), RESET_LIMIT_S)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        said = output.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise ConfigurationError(
            f"mcs.reset_command {shown} ended with {process.returncode}: {said[-1]}"
        )


def _password(file: Path | None) -> str:
    assert file is not None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "not UTF-8"
        raise ConfigurationError(
            f"can't read mcs.admin_password_file {file} ({reason}): "
            "give the path of a file with the password of the MCS's administrator"
        ) from error
