"""Phones that register in one round of the bench: their accounts, and their generator."""

import json
from collections.abc import Sequence

from loadtests.bench.figures import Side
from loadtests.bench.processes import generated

PASSWORD = "Bench-Passw0rd-1"
"""Everybody's: a peer without a database checks one password, so ours do the same."""
WINDOW = 32
"""Phones that register at a time: few enough for the sockets' buffers."""
HOMES = [f"127.0.1.{index + 1}" for index in range(100)]
"""Addresses of the phones, where no address plan gives them some."""


async def registrations(
    server_pid: int, registrar: list[object], homes: list[str], accounts: str, phones: int
) -> Side:
    """Let phones register once each.

    Args:
        server_pid: the process whose work counts.
        accounts: file with the phones' credentials.

    Raises:
        GeneratorError: the generator failed.
    """
    task: dict[str, object] = {
        "registrar": registrar,
        "homes": homes,
        "accounts": accounts,
        "phones": phones,
        "window": WINDOW,
        "server_pid": server_pid,
    }
    return Side(**await generated("sip_load", task))


async def registrations_by_sipp(
    server_pid: int,
    registrar: list[object],
    accounts: str,
    phones: int,
    *,
    more_pids: Sequence[int] = (),
    own_ports: bool = False,
    window: int = WINDOW,
) -> Side:
    """The same phones, played by SIPp from one address.

    Args:
        more_pids: of other processes that serve the same registrar.
        own_ports: each phone has a port of its own, which the kernel deals by.

    Raises:
        GeneratorError: the generator failed.
    """
    task: dict[str, object] = {
        "registrar": registrar,
        "home": HOMES[0],
        "accounts": accounts,
        "phones": phones,
        "window": window,
        "server_pid": server_pid,
        "more_pids": list(more_pids),
        "own_ports": own_ports,
    }
    return Side(**await generated("sipp_load", task))


def made_up_accounts(phones: int, first: int = 100_000) -> str:
    """Extensions from `first` on, one JSON object a line, all with `PASSWORD`."""
    lines = []
    for index in range(phones):
        number = str(first + index)
        account = {
            "username": number,
            "password": PASSWORD,
            "extension": number,
            "home_index": index,
        }
        lines.append(json.dumps(account) + "\n")
    return "".join(lines)
