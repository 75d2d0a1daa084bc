"""One of the processes that serve a node: its socket, its exchange, its line to the parent.

    python -m simulators.estate.node_process UDP CHANNEL NUMBER COUNT COUNTED ACCOUNTS

Started by `node_parent` with two open sockets, given by their descriptors: one that is bound to the
node's address, one end of the channel. NUMBER of COUNT processes; COUNTED is 1 where the parent
counts licences, else 0. Ends when the channel does.
"""

import asyncio
import socket
import sys
from pathlib import Path
from typing import cast

from simulators.addresses import DEFAULT_PLAN
from simulators.clock import Clock
from simulators.core import UDP
from simulators.entropy import Seed
from simulators.errors import BenchError
from simulators.estate.open_network import OpenNetwork
from simulators.estate.registrar_accounts import REALM, read_extensions
from simulators.journal import Journal
from simulators.pbx.processes.channel import Channel
from simulators.pbx.processes.exchange import ProcessExchange
from simulators.pbx.processes.messages import FromParent, Message, Ready
from simulators.pbx.settings import NodeSettings
from simulators.running import run
from simulators.sockets import SipDriver


async def serve(
    udp: socket.socket,
    channel_end: socket.socket,
    number: int,
    count: int,
    are_licences_counted: bool,
    file: Path,
) -> None:
    """Serve until the parent ends the channel.

    Args:
        number: of this process, which decides its nonces; count: of all.
    """
    clock = Clock()
    journal = Journal(clock.now, enabled=False)
    local = udp.getsockname()
    ended = asyncio.Event()
    core = ProcessExchange(
        REALM,
        read_extensions(file),
        Seed(1).stream(f"registrar {number}").randbytes,
        NodeSettings(licences=0 if are_licences_counted else None),
        local=local,
        number=number,
        count=count,
    )

    def hear(messages: list[Message]) -> None:
        now = clock.steady()
        for message in messages:
            if isinstance(message, FromParent):
                core.hear(message, now)
        driver.pump()

    network = OpenNetwork(DEFAULT_PLAN, journal, clock)
    driver = SipDriver(
        core, clock, network, journal, lambda event: channel.say(cast("Message", event))
    )
    channel = await Channel.over(channel_end, hear, ended.set)
    try:
        await driver.open(local, "", UDP, bound=udp)
        channel.say(Ready())
        await ended.wait()
    finally:
        driver.close()
        channel.close()


def main(words: list[str]) -> None:
    """Serve with what the parent gave."""
    udp, channel_end = (socket.socket(fileno=int(word)) for word in words[:2])
    try:
        number, count, counted = map(int, words[2:5])
        run(serve(udp, channel_end, number, count, bool(counted), Path(words[5])))
    except BenchError as error:
        sys.stderr.write(f"process {words[2]} of the node: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
