"""What an MCS provisions, for `python -m loadtests bench`: an MBG, a node, and its CT Gateway.

    python -m simulators.estate.provision_site EXTENSIONS

No MCS, no journal. Says one JSON line when ready, one with the verifier of the newest temporary
token for each line on standard input, and ends with that.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from simulators.errors import BenchError, ConfigurationError
from simulators.estate.bench_site import CONSUMER, final_token
from simulators.estate.config import AddressesTable, EstateConfig, RunTable
from simulators.estate.estate import Estate
from simulators.running import run

MOST_EXTENSIONS = 50_000
FIRST_EXTENSION = 100_000


async def serve(extensions: int) -> None:
    """Run until standard input ends."""
    config = EstateConfig(run=RunTable(journal=False), addresses=AddressesTable(block="private"))
    async with Estate(config, None) as estate:
        mbg, node = estate.mbg, estate.node
        mbg.start_web_services()
        consumer = mbg.add_consumer("Bench", CONSUMER)
        token = final_token(mbg.clock.now())
        mbg.web_services.final[token.token] = token
        icp = mbg.add_icp(node.name, node.address[0])
        for number in range(FIRST_EXTENSION, FIRST_EXTENSION + extensions):
            node.add_extension(str(number), f"Number {number}")
        with tempfile.TemporaryDirectory(prefix="teleworker-provision-site-") as folder:
            say(
                {
                    "rest": list(mbg.rest_address),
                    "ca": str(estate.authority.write_ca(Path(folder))),
                    "consumer_key": consumer.consumer_id,
                    "consumer_secret": consumer.shared_secret,
                    "token": token.token,
                    "token_secret": token.secret,
                    "icp_id": icp.id,
                    "ct_gateway": list(estate.ct_gateway.address),
                    "ct_gateway_password": estate.ct_gateway_password,
                }
            )
            lines = await _standard_input()
            async for _ in lines:
                say({"verifier": mbg.approve_latest()})


def say(document: dict[str, object]) -> None:
    """One line on standard output."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def main(words: list[str]) -> None:
    """Serve so many extensions."""
    try:
        if len(words) != 1 or not words[0].isdigit() or not 1 <= int(words[0]) <= MOST_EXTENSIONS:
            raise ConfigurationError(f"expected one word: 1 to {MOST_EXTENSIONS} extensions")
        run(serve(int(words[0])))
    except BenchError as error:
        sys.stderr.write(f"provision_site: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
