"""An MBG for `python -m loadtests bench`: SIP devices, a final token, and one port forward.

    python -m simulators.estate.bench_site --devices 50 --forward-to 127.0.0.1:9000

No MCS, no journal. Says one JSON line when ready, and ends with standard input.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import BenchError, ConfigurationError
from simulators.estate.config import AddressesTable, EstateConfig, RunTable
from simulators.estate.estate import Estate
from simulators.mbg.forwarding.forward import ForwardRule
from simulators.mbg.services.tokens import FINAL_LIFE_S, FinalToken
from simulators.running import run

CONSUMER = "bench"


async def serve(devices: int, forward_to: Address) -> None:
    """Run until standard input ends."""
    config = EstateConfig(run=RunTable(journal=False), addresses=AddressesTable(block="private"))
    async with Estate(config, None) as estate:
        mbg = estate.mbg
        mbg.start_web_services()
        consumer = mbg.add_consumer("Bench", CONSUMER)
        token = final_token(mbg.clock.now())
        mbg.web_services.final[token.token] = token
        icp = mbg.add_icp(estate.node.name, estate.node.address[0])
        made = [
            mbg.add_device(icp_id=icp.id, set_username=f"tw{index}", set_password="Aa7-bench-only")
            for index in range(devices)
        ]
        forward = await mbg.add_forward(ForwardRule(0, forward_to))
        with tempfile.TemporaryDirectory(prefix="teleworker-bench-site-") as folder:
            ready = {
                "rest": list(mbg.rest_address),
                "ca": str(estate.authority.write_ca(Path(folder))),
                "consumer_key": consumer.consumer_id,
                "consumer_secret": consumer.shared_secret,
                "token": token.token,
                "token_secret": token.secret,
                "device_id": made[0].id,
                "forward": [mbg.outside, forward.port],
            }
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
            await _end_of_input()


def final_token(now: float) -> FinalToken:
    """A token as the dance would have left it; the dance itself is not what is measured."""
    entropy = Seed(1).stream("bench token").randbytes
    return FinalToken(entropy(16).hex(), entropy(16).hex(), CONSUMER, now, now + FINAL_LIFE_S)


async def _end_of_input() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def main(
    devices: Annotated[int, typer.Option(min=1, help="SIP devices on it.")] = 50,
    forward_to: Annotated[
        str, typer.Option(metavar="ADDRESS:PORT", help="Where its one forward leads.")
    ] = "127.0.0.1:9",
) -> None:
    """An MBG for `python -m loadtests bench`."""
    host, _, port = forward_to.rpartition(":")
    try:
        if not port.isascii() or not port.isdigit():
            raise ConfigurationError(f"expected ADDRESS:PORT for --forward-to, got {forward_to!r}")
        run(serve(devices, (host, int(port))))
    except BenchError as error:
        sys.stderr.write(f"bench_site: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    typer.run(main)
