"""One PBX node as a registrar alone, in one process or several, for load.

    python -m simulators.estate.registrar_site ACCOUNTS [PROCESSES]

ACCOUNTS holds one JSON object a line with `extension` and `password`. No CT Gateway, no control
API, no journal. Says one JSON line when ready; answers `report` on standard input with counts and
`who` with the registered extensions; ends with standard input. What more than one process can't do
is in `pbx.processes`.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from simulators.addresses import DEFAULT_PLAN, claim_private
from simulators.clock import Clock
from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import BenchError, ConfigurationError
from simulators.estate.node_parent import NodeParent
from simulators.estate.open_network import OpenNetwork
from simulators.estate.registrar_accounts import REALM, read_extensions
from simulators.journal import Journal
from simulators.pbx.node import PbxNode
from simulators.pbx.registrar import Licences
from simulators.pbx.settings import NodeSettings
from simulators.running import run


class Registrar(Protocol):
    """A node that runs, in one process or several."""

    @property
    def address(self) -> Address:
        """Where phones register."""

    @property
    def dealing(self) -> str:
        """How phones are dealt to its processes, in words."""

    @property
    def licences(self) -> Licences:
        """Cat-F licences."""

    @property
    def losses(self) -> int:
        """Processes that ended before they should have."""

    async def none_left(self) -> None:
        """Return when its last process has ended before it should have."""

    def pids(self) -> list[int]:
        """Of the processes that serve it, by their numbers."""

    def registered(self) -> dict[str, int]:
        """Extension -> number of the process that it is registered in."""


class OneProcess:
    """A node in this process."""

    dealing = "one process has all"
    losses = 0

    def __init__(self, node: PbxNode) -> None:
        self._node = node

    @property
    def address(self) -> Address:
        return self._node.address

    @property
    def licences(self) -> Licences:
        return self._node.licences

    async def none_left(self) -> None:
        await asyncio.Event().wait()  # whoever could see it would be gone

    def pids(self) -> list[int]:
        return [os.getpid()]

    def registered(self) -> dict[str, int]:
        return dict.fromkeys(self._node.registered_extensions(), 1)


async def serve(
    accounts: Path,
    processes: int = 1,
    *,
    address: Address | None = None,
    licences: int | None = None,
) -> bool:
    """Run until standard input ends or no process is left; returns whether none was lost.

    Args:
        address: None for one of a block of its own.

    Raises:
        ConfigurationError: the file can't be read, or no address can be had.
    """
    held = claim_private() if address is None else None
    place = address or ((DEFAULT_PLAN if held is None else held.plan).node(1), 0)
    try:
        async with running(accounts, processes, place, licences) as node:
            ready = {"registrar": list(node.address), "processes": node.pids()}
            more = {"dealing": node.dealing, "parent": os.getpid(), "accounts": str(accounts)}
            _say({**ready, **more})
            await _until_either(_answer(node), node.none_left())
            return not node.losses
    finally:
        if held is not None:
            held.release()


@asynccontextmanager
async def running(
    accounts: Path, processes: int, address: Address, licences: int | None
) -> AsyncIterator[Registrar]:
    """The node, once it listens; port 0 takes any.

    Raises:
        ConfigurationError: the file can't be read, or the address can't be had.
    """
    if processes == 1:
        node = _node(accounts, licences)
        await node.start(address)
        try:
            yield OneProcess(node)
        finally:
            await node.stop()
        return
    read_extensions(accounts)  # what is wrong with them is better said once
    parent = NodeParent(accounts, processes, licences, _complain)
    await parent.start(address)
    try:
        yield parent
    finally:
        await parent.stop()


def _node(accounts: Path, licences: int | None) -> PbxNode:
    clock = Clock()
    journal = Journal(clock.now, enabled=False)
    node = PbxNode(
        1,
        REALM,
        "6.3 SP1",
        clock=clock,
        network=OpenNetwork(DEFAULT_PLAN, journal, clock),
        journal=journal,
        entropy=Seed(1).stream("registrar").randbytes,
        settings=NodeSettings(licences=licences),
    )
    for extension in read_extensions(accounts).values():
        node.add_extension(extension.number, extension.name, auth_password=extension.auth_password)
    return node


async def _until_either(*ways: Coroutine[None, None, None]) -> None:
    """Return when one of them has, and end the others."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(node: Registrar) -> None:
    """Answer questions until nobody wants this process any more."""
    reader = await _standard_input()
    while line := await reader.readline():
        if line.strip() == b"report":
            _say(_report(node))
        elif line.strip() == b"who":
            _say({"registered": node.registered()})


def _report(node: Registrar) -> dict[str, object]:
    """How many are registered, altogether and in each process, and who was lost."""
    where = list(node.registered().values())
    return {
        "registered": len(where),
        "by_process": [where.count(number) for number, _ in enumerate(node.pids(), 1)],
        "licences": asdict(node.licences),
        "losses": node.losses,
    }


async def end_of_input() -> None:
    """Return when nobody wants this process any more."""
    await (await _standard_input()).read()


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def _say(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def _complain(sentence: str) -> None:
    sys.stderr.write(f"registrar: {sentence}\n")
    sys.stderr.flush()


def main(words: list[str]) -> None:
    """Serve the accounts of one file."""
    try:
        if len(words) not in (1, 2) or not all(word.isdigit() for word in words[1:]):
            raise ConfigurationError(
                "expected one word, the file of accounts, or two: the number of processes, too"
            )
        lasted = run(serve(Path(words[0]), *map(int, words[1:])))
    except BenchError as error:
        sys.stderr.write(f"registrar_site: {error}\n")
        sys.exit(2)
    sys.exit(0 if lasted else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
