"""Somebody outside who tries the doors: which ports of the MBG are open (FWD-2)."""

import asyncio
import socket

import aiohttp

from simulators.estate.estate import Estate

SERVICES = {
    "the phones' port": (socket.SOCK_STREAM, 8202),
    "LDAP": (socket.SOCK_STREAM, 8205),
    "TFTP": (socket.SOCK_DGRAM, 69),
    "syslog": (socket.SOCK_DGRAM, 514),
    "plain HTTP for local phones": (socket.SOCK_STREAM, 8203),
    "the MCS's admin site": (socket.SOCK_STREAM, 8200),
}
"""What a 69xx uses on the local network, and the two other ports of an MCS."""

ANSWER_LIMIT_S = 1.0
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}


class Passerby:
    """Probes from a home that has nothing to do with the site."""

    def __init__(self, estate: Estate, home_index: int = 9000) -> None:
        self._estate = estate
        self._home = estate.claim.plan.home(home_index)

    async def probes(self) -> dict[str, str]:
        """Service -> `open`, `closed` or `silent`."""
        return {
            service: await asyncio.to_thread(self._probe, kind, port)
            for service, (kind, port) in SERVICES.items()
        }

    async def asks_for(self, path: str) -> tuple[int, str]:
        """GET a file on the phones' port, as a browser does; status and body."""
        connector = aiohttp.TCPConnector(local_addr=(self._home, 0), ssl=False)
        async with (
            aiohttp.ClientSession(connector=connector, headers=BROWSER) as session,
            session.get(f"https://{self._estate.mbg.outside}:8202{path}") as answer,
        ):
            return answer.status, await answer.text()

    def _probe(self, kind: int, port: int) -> str:
        """Connect; on UDP ask something, and be told by ICMP when nobody is there."""
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind((self._home, 0))
            probe.settimeout(ANSWER_LIMIT_S)
            try:
                probe.connect((self._estate.mbg_place.outside, port))
                if kind == socket.SOCK_DGRAM:
                    probe.send(b"\0\1probe\0octet\0")
                    probe.recv(1)
            except ConnectionRefusedError:
                return "closed"
            except TimeoutError:
                return "silent"
        return "open"
