"""A handset's downloads from the home's address: HTTP(S), or TFTP.

The files of a boot come over one connection, as long as they come from the same server and the same
is believed of it; everything else gets a connection of its own (decision 14). What the MCS is sent
and what it answers goes to the journal, since the MCS keeps none.
"""

import asyncio
import hashlib
import ipaddress
import socket
from collections.abc import Mapping
from contextlib import nullcontext
from functools import lru_cache
from urllib.parse import unquote, urlsplit

import aiohttp

from simulators.clock import Clock
from simulators.core import Address
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.errands import not_busy
from simulators.phone.files.config_file import is_secret, read
from simulators.phone.files.firmware import MAGIC
from simulators.phone.files.server import DEFAULT_PORTS
from simulators.phone.http_connection import HttpConnection, OnWay, Way
from simulators.phone.life.actions import Fetched, FetchFailed
from simulators.phone.local.tftp_packets import ErrorCode
from simulators.phone.tftp_port import read_file
from simulators.phone.trust import Trust

FETCH_TIMEOUT_S = 10.0
"""Real seconds for a whole GET: a server that accepts and says nothing must not hang a phone."""

MCS = "MCS"
DROPPED = "the phone dropped the transfer"
TFTP_STATUS = {ErrorCode.FILE_NOT_FOUND: 404, ErrorCode.ACCESS_VIOLATION: 403}
"""What an error of TFTP is as good as, in terms of HTTP."""


class Fetcher:
    """GETs for one handset.

    Args:
        role: the name in the journal.
        home: the source address.
        name_ports: whether each connection's own port is named in the journal too, as where
            several phones share an address.
    """

    def __init__(
        self,
        role: str,
        home: str,
        *,
        clock: Clock,
        network: Network,
        journal: Journal,
        trust: Trust,
        name_ports: bool,
    ) -> None:
        self._role = role
        self._home = home
        self._clock = clock
        self._network = network
        self._journal = journal
        self._trust = trust
        self._name_ports = name_ports
        self._keeping = False
        self._kept: HttpConnection | None = None
        self._under_way: set[HttpConnection] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def keep(self, keeping: bool) -> None:
        """Whether a connection stays open for the next GET; one that is open ends if not."""
        self._keeping = keeping
        if keeping or self._kept is None:
            return
        left, self._kept = self._kept, None
        if left not in self._under_way:  # else it ends with its GET
            self._end(left)

    async def closed(self) -> None:
        """Wait until what was to end has ended."""
        await asyncio.gather(*self._closing)

    async def get(
        self,
        path: str,
        url: str,
        *,
        own: Mapping[str, str],
        validate: bool,
        drop_after: int | None = None,
    ) -> Fetched | FetchFailed:
        """GET `url`, or read it over TFTP; the result carries `path`.

        Never raises for what a network or a server does.

        Args:
            own: headers in which the phone names itself.
            drop_after: end the transfer after so many octets of the body, as a broken phone.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        except ValueError as error:
            return FetchFailed(path, f"not a usable URL: {error}")
        if not port or not parts.hostname:
            schemes = ", ".join(DEFAULT_PORTS)
            return FetchFailed(path, f"not a usable URL: expected a host and one of {schemes}")
        what = f"GET {parts.path or '/'}"
        try:
            peer = (await _resolved(parts.hostname), port)
            if parts.scheme == "tftp":
                return await self._read(path, unquote(parts.path).lstrip("/"), peer, drop_after)
            allowed = self._network.allows(self._home, peer[0])
            with nullcontext() if allowed else not_busy(self._clock):  # nowhere takes clock time
                await self._network.reach(self._home, peer, what)
            return await self._get(path, url, peer, own, validate, drop_after)
        except TimeoutError:
            return FetchFailed(path, "no answer")
        except aiohttp.ClientConnectorCertificateError as error:
            return FetchFailed(path, f"certificate not trusted: {error.certificate_error}", True)
        except socket.gaierror:
            return FetchFailed(path, f"no such host: {parts.hostname}")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return FetchFailed(path, _reason(error))

    async def _read(
        self, path: str, file: str, server: tuple[str, int], drop_after: int | None
    ) -> Fetched | FetchFailed:
        """Read a file over TFTP."""
        read = await read_file(
            self._role, self._home, server, file, clock=self._clock, network=self._network,
            journal=self._journal, drop_after=drop_after,
        )  # fmt: skip
        if read is None:
            return FetchFailed(path, DROPPED)
        if read.failure is None:
            return Fetched(path, 200, read.data)
        status = next((s for c, s in TFTP_STATUS.items() if c == read.failure.code), None)
        return Fetched(path, status) if status else FetchFailed(path, read.failure.reason)

    async def _get(
        self,
        path: str,
        url: str,
        peer: tuple[str, int],
        own: Mapping[str, str],
        validate: bool,
        drop_after: int | None,
    ) -> Fetched | FetchFailed:
        parts = urlsplit(url)
        encrypted = parts.scheme == "https"
        wanted = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {**own, "Accept-Language": "en", "Accept": "*/*"}

        def on_way(source: Address) -> None:
            if self._name_ports:
                self._journal.name(source, self._role)
            sent = _headers_text(f"GET {wanted} HTTP/1.1", headers.items())
            self._journal.http(
                self._role, MCS, method="GET", path=wanted, text=sent,
                encrypted=encrypted, source=source, destination=peer,
            )  # fmt: skip

        context = self._trust.checking if validate else self._trust.anything
        way = Way(parts.scheme, str(parts.hostname), peer[1], context)
        connection = await self._connection(way, on_way if self._journal.enabled else None)
        self._under_way.add(connection)
        whole = False
        try:
            async with (
                asyncio.timeout(FETCH_TIMEOUT_S),
                connection.get(url, headers) as response,
            ):
                if drop_after is not None:
                    await response.content.read(max(drop_after, 1))
                    return FetchFailed(path, DROPPED)
                body = await response.read()
                if self._journal.enabled:
                    self._answered(response, wanted, body, connection.source, peer, encrypted)
                whole = True
                refresh = response.headers.get("Refresh", "")
                return Fetched(path, response.status, body, refresh)
        finally:
            self._under_way.discard(connection)
            if connection is self._kept and not whole:
                self._kept = None
            if connection is not self._kept:
                await connection.close()

    async def _connection(self, way: Way, on_way: OnWay | None) -> HttpConnection:
        """The one that is kept, where it leads there and is free, or a new one."""
        kept = self._kept
        if kept is not None and kept not in self._under_way:
            if kept.way == way:
                kept.on_way = on_way
                return kept
            self._kept = None
            await kept.close()
        made = HttpConnection(self._home, way, kept=self._keeping, on_way=on_way)
        if self._keeping and self._kept is None:
            self._kept = made
        return made

    def _end(self, connection: HttpConnection) -> None:
        task = asyncio.create_task(connection.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _answered(
        self,
        response: aiohttp.ClientResponse,
        wanted: str,
        body: bytes,
        source: Address,
        peer: Address,
        encrypted: bool,
    ) -> None:
        if wanted.partition("?")[0].endswith(".cfg") and response.status == 200:
            secrets = [p.value for p in read(body).parameters.values() if is_secret(p.name)]
            self._journal.masker.learn(*secrets)
        head = _headers_text(
            f"HTTP/1.1 {response.status} {response.reason or ''}".rstrip(), response.headers.items()
        )
        self._journal.http(
            MCS, self._role, method="GET", path=wanted, status=response.status,
            text=head + _body_text(body), encrypted=encrypted, source=peer,
            destination=source,
        )  # fmt: skip


async def _resolved(host: str) -> str:
    """The IPv4 address of a host, so that reachability is asked of addresses alone."""
    if _is_ipv4(host):
        return host
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(FETCH_TIMEOUT_S):
        found = await loop.getaddrinfo(host, None, family=socket.AF_INET)
    return str(found[0][4][0])


@lru_cache(maxsize=64)
def _is_ipv4(host: str) -> bool:
    """Whether this is an address; all phones ask the same few servers."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _headers_text(start: str, headers: object) -> str:
    lines = [f"{name}: {value}" for name, value in headers]  # type: ignore[attr-defined]
    return "\r\n".join([start, *lines, "", ""])


def _body_text(body: bytes) -> str:
    """A body as the journal keeps it: firmware and other octets as their size and digest."""
    if body.startswith(MAGIC) or b"\x00" in body:
        return f"<{len(body)} octets, sha256 {hashlib.sha256(body).hexdigest()}>"
    return body.decode("utf-8", "replace")


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection: {error.os_error.strerror or error.os_error}"
    return f"{type(error).__name__}: {error}".rstrip(": ")
