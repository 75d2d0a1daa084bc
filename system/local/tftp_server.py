"""The TFTP server on UDP 69: requests from the local network, one socket for each transfer."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from system.errors import StartError
from system.local.own_address import own_address_towards
from system.local.tftp import (
    ErrorCode,
    Source,
    TftpError,
    Transfer,
    error,
    parse_request,
)

log = logging.getLogger("mcs.tftp")

MOST_TRANSFERS = 256
MOST_OF_ONE = 8
"""Transfers at the same time, of all and of one address."""

Address = tuple[str, int]
Find = Callable[[str, str, int], Awaitable[Source | None]]
"""Name, own address as the client knows it, HTTPS port of phones -> the file."""
IsLocal = Callable[[str], Awaitable[bool]]


class TftpServer:
    """Made by ``listen_tftp``."""

    def __init__(
        self, address: str, find: Find, is_local: IsLocal, https_port: Callable[[], int]
    ) -> None:
        self.port = 0
        self._https_port = https_port
        self._address = address
        self._find = find
        self._is_local = is_local
        self._listening: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._of: Counter[str] = Counter()

    async def start(self, port: int) -> None:
        """Listen; 0 takes any free port."""
        loop = asyncio.get_running_loop()
        self._listening, _ = await loop.create_datagram_endpoint(
            lambda: _Requests(self), local_addr=(self._address, port)
        )
        self.port = self._listening.get_extra_info("sockname")[1]

    async def close(self) -> None:
        """Stop listening and end all transfers; may be called again."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transports close in the loop's next round

    def requested(self, datagram: bytes, peer: Address) -> None:
        """A datagram has come to port 69."""
        if len(self._tasks) >= MOST_TRANSFERS or self._of[peer[0]] >= MOST_OF_ONE:
            self._refuse(peer, ErrorCode.NOT_DEFINED, "Too many transfers, try again later")
            return
        self._of[peer[0]] += 1
        task = asyncio.create_task(self._serve(datagram, peer), name=f"tftp-{peer[0]}")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, peer[0]))

    def _ended(self, task: asyncio.Task[None], host: str) -> None:
        self._tasks.discard(task)
        self._of[host] -= 1
        if self._of[host] <= 0:
            del self._of[host]
        if not task.cancelled() and (mistake := task.exception()) is not None:
            log.error("TFTP for %s: a mistake of ours", host, exc_info=mistake)

    async def _serve(self, datagram: bytes, peer: Address) -> None:
        try:
            if not await self._is_local(peer[0]):
                log.warning("TFTP: %s is not local and was refused", peer[0])
                raise TftpError(ErrorCode.ACCESS_VIOLATION, "Only for local phones")
            request = parse_request(datagram)
            own = own_address_towards(self._address, peer[0])
            source = await self._find(request.name, own, self._https_port())
            if source is None:
                raise TftpError(ErrorCode.FILE_NOT_FOUND, "No such file")
        except TftpError as refused:
            self._refuse(peer, refused.code, refused.message)
            return
        await self._send(Transfer(source, request.options), request.name, peer)

    async def _send(self, transfer: Transfer, name: str, peer: Address) -> None:
        loop = asyncio.get_running_loop()
        inbox = _Inbox()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: inbox, local_addr=(self._address, 0), remote_addr=peer
        )
        try:
            transport.sendto(transfer.first())
            while not transfer.is_over:
                try:
                    async with asyncio.timeout(transfer.timeout_s):
                        answer = transfer.receive(await inbox.datagrams.get())
                except TimeoutError:
                    answer = transfer.timed_out()
                if answer is not None:
                    transport.sendto(answer)
        finally:
            transport.close()
        log.info(
            "TFTP: %r to %s %s", name[:64], peer[0], "done" if transfer.was_whole else "given up"
        )

    def _refuse(self, peer: Address, code: ErrorCode, message: str) -> None:
        if self._listening is not None:
            self._listening.sendto(error(code, message), peer)


class _Requests(asyncio.DatagramProtocol):
    def __init__(self, server: TftpServer) -> None:
        self._server = server

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._server.requested(data, addr)


class _Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.datagrams: asyncio.Queue[bytes] = asyncio.Queue(maxsize=64)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not self.datagrams.full():
            self.datagrams.put_nowait(data)


async def listen_tftp(
    address: str, port: int, find: Find, is_local: IsLocal, https_port: Callable[[], int]
) -> TftpServer:
    """Serve files at ``address``; ``https_port`` tells where phones come by HTTPS.

    Raises:
        StartError: address or port cannot be had.
    """
    server = TftpServer(address, find, is_local, https_port)
    try:
        await server.start(port)
    except OSError as problem:
        raise StartError(
            "cannot_listen",
            f"Cannot listen at {address} UDP port {port} (TFTP): {problem.strerror or problem}.",
            field="tftp_port",
        ) from problem
    return server
