"""One PBX node for `python -m loadtests bench`: a registrar with the extensions of a file.

    python -m simulators.estate.registrar_site ACCOUNTS

ACCOUNTS holds one JSON object a line with `extension` and `password`. No CT Gateway, no journal.
Says one JSON line when ready, and ends with standard input.
"""

import asyncio
import json
import sys
from pathlib import Path

from simulators.addresses import claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.errors import BenchError, ConfigurationError
from simulators.estate.open_network import OpenNetwork
from simulators.journal import Journal
from simulators.pbx.node import PbxNode
from simulators.running import run


async def serve(accounts: Path) -> None:
    """Run until standard input ends.

    Raises:
        ConfigurationError: the file can't be read, or no address can be had.
    """
    held = claim_private()
    clock = Clock()
    journal = Journal(clock.now, enabled=False)
    node = PbxNode(
        1,
        "bench",
        "6.3 SP1",
        clock=clock,
        network=OpenNetwork(held.plan, journal, clock),
        journal=journal,
        entropy=Seed(1).stream("registrar").randbytes,
    )
    for number, password in _read(accounts):
        node.add_extension(number, f"User {number}", auth_password=password)
    await node.start((held.plan.node(1), 0))
    try:
        sys.stdout.write(json.dumps({"registrar": list(node.address)}) + "\n")
        sys.stdout.flush()
        await end_of_input()
    finally:
        await node.stop()
        held.release()


def _read(accounts: Path) -> list[tuple[str, str]]:
    """Extension and password of each line."""
    try:
        rows = [json.loads(line) for line in accounts.read_text(encoding="utf-8").splitlines()]
        return [(str(row["extension"]), str(row["password"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"can't read the accounts in {accounts} ({type(error).__name__}): expected one JSON "
            "object a line with extension and password"
        ) from error


async def end_of_input() -> None:
    """Return when nobody wants this process any more."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def main(words: list[str]) -> None:
    """Serve the accounts of one file."""
    try:
        if len(words) != 1:
            raise ConfigurationError("expected one word: the file of accounts")
        run(serve(Path(words[0])))
    except BenchError as error:
        sys.stderr.write(f"registrar_site: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
