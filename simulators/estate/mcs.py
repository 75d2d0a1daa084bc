"""The place of the MCS in an estate: what starting one needs, what a started one offers.

The simulators never import the MCS. Whoever composes the estate brings a launcher: the suites one
that runs ours in process, the demo one that starts it as a process of its own (`mcs_process`).
"""

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
    missing = [n for n in ("api_url", "phones_address", "admin_password_file")
               if not getattr(table, n)]  # fmt: skip
    if missing or table.admin_password_file is None:
        raise ConfigurationError(f"an external MCS needs the settings mcs.{', mcs.'.join(missing)}")
    try:
        trust = ssl.create_default_context(cafile=table.ca_file)
    except OSError as error:  # ssl.SSLError too
        raise ConfigurationError(
            f"can't use mcs.ca_file {table.ca_file} ({error.strerror or error}): "
            "give the path of a file with the certificate of the CA, as PEM"
        ) from error
    try:
        password = table.admin_password_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "not UTF-8"
        raise ConfigurationError(
            f"can't read mcs.admin_password_file {table.admin_password_file} ({reason}): "
            "give the path of a file with the password of the MCS's administrator"
        ) from error
    return McsEndpoint(
        api_url=table.api_url.rstrip("/"),
        phones_address=(table.phones_address, table.phones_port),
        phone_manager_address=(table.phones_address, table.phone_manager_port),
        tftp_address=(table.phones_address, table.tftp_port),
        admin_name=table.admin_name,
        admin_password=password,
        tls=trust,
        kind="external",
        where=table.api_url,
    )
