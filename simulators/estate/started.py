"""What `start_site` starts: an estate with all roles, without a journal."""

import sys

from simulators.errors import BenchError
from simulators.estate.config import AddressesTable, EstateConfig, RunTable
from simulators.estate.estate import Estate
from simulators.estate.mcs_process import start_process
from simulators.estate.registrar_site import end_of_input
from simulators.running import run


async def serve() -> None:
    """Run until standard input ends."""
    config = EstateConfig(run=RunTable(journal=False), addresses=AddressesTable(block="private"))
    async with Estate(config, start_process):
        sys.stdout.write("{}\n")
        sys.stdout.flush()
        await end_of_input()


def start() -> None:
    """Serve, or say in one sentence why not."""
    try:
        run(serve())
    except BenchError as error:
        sys.stderr.write(f"start_site: {error}\n")
        sys.exit(2)
