"""The LDAP server on TCP 8205: anonymous, read-only, for local phones."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from system.clock import Clock
from system.errors import StartError
from system.local.ldap_messages import (
    RESPONSES,
    LdapFormatError,
    Message,
    MessageReader,
    ResultCode,
    entry,
    result,
)
from system.local.ldap_search import Entry, Query, candidates, entries_of, matches, query_of, shown
from system.phones.directory import Directory

log = logging.getLogger("mcs.ldap")

MOST_CONNECTIONS = 200
MOST_ENTRIES = 500
"""Entries of one answer, whatever the client's limit."""
LONGEST_SEARCH_S = 5.0
IDLE_S = 60.0
"""Real seconds after which a silent connection is closed."""
KEPT_S = 10.0
"""Seconds for which the directory read last serves further searches."""
_ENTRIES_A_TURN = 20

IsLocal = Callable[[str], Awaitable[bool]]
Limits = tuple[int, float]


class LdapServer:
    """Made by ``listen_ldap``."""

    def __init__(self, directory: Directory, is_local: IsLocal, clock: Clock) -> None:
        self.port = 0
        self._directory = directory
        self._is_local = is_local
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._kept: tuple[float, Sequence[Entry]] | None = None

    async def start(self, address: str, port: int) -> None:
        """Listen; 0 takes any free port."""
        self._server = await asyncio.start_server(
            self._connected, address, port, start_serving=False
        )
        await self._server.start_serving()  # apart: a cancel from here on has what to close
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and end all connections; may be called again."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            peer = writer.get_extra_info("peername")[0]
            if len(self._connections) > MOST_CONNECTIONS or not await self._is_local(peer):
                log.warning("LDAP: %s is not served", peer)
                return
            with contextlib.suppress(ConnectionError, TimeoutError):
                await self._talk(reader, writer)
        except asyncio.CancelledError:
            pass  # the server is closed; asyncio would report it as a mistake otherwise
        except LdapFormatError as error:
            log.info("LDAP: %s", error)
        except Exception:
            log.exception("LDAP: a mistake of ours")
        finally:
            self._connections.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        messages = MessageReader()
        while True:
            async with asyncio.timeout(IDLE_S):
                data = await reader.read(65536)
            if not data:
                return
            for message in messages.feed(data):
                if message.operation == "unbindRequest":
                    return
                await self._answer(message, writer)
                await writer.drain()

    async def _answer(self, message: Message, writer: asyncio.StreamWriter) -> None:
        response = RESPONSES.get(message.operation)
        if response is None:
            return  # an abandon has no answer, and what it names is answered already
        if message.has_critical_control:
            code, text = ResultCode.UNAVAILABLE_CRITICAL_EXTENSION, "No controls are supported."
        elif message.operation == "searchRequest":
            await self._search(message, writer)
            return
        elif message.operation == "bindRequest":
            code, text = _bind(message)
        elif message.operation == "extendedReq":
            code, text = ResultCode.PROTOCOL_ERROR, "No extended operation is supported."
        else:
            code, text = ResultCode.UNWILLING_TO_PERFORM, "This directory is read-only."
        writer.write(result(message.id, response, code, text))

    async def _search(self, message: Message, writer: asyncio.StreamWriter) -> None:
        query = query_of(message.body)
        most, until = self._limits(query)
        found = candidates(query, await self._entries())
        if found is None:
            writer.write(result(message.id, "searchResDone", ResultCode.NO_SUCH_OBJECT))
            return
        code, sent = ResultCode.SUCCESS, 0
        for number, one in enumerate(found, 1):
            if number % _ENTRIES_A_TURN == 0:
                await writer.drain()
                await asyncio.sleep(0)
                if self._clock.now() > until:
                    code = ResultCode.TIME_LIMIT_EXCEEDED
                    break
            if not matches(one, query.filter):
                continue
            if sent >= most:
                code = ResultCode.SIZE_LIMIT_EXCEEDED
                break
            writer.write(entry(message.id, one.dn, shown(one, query)))
            sent += 1
        writer.write(result(message.id, "searchResDone", code))

    def _limits(self, query: Query) -> Limits:
        """Entries at most, and the time when to stop; 0 of the client's means no wish."""
        most = min(query.size_limit or MOST_ENTRIES, MOST_ENTRIES)
        seconds = min(query.time_limit_s or LONGEST_SEARCH_S, LONGEST_SEARCH_S)
        return most, self._clock.now() + seconds

    async def _entries(self) -> Sequence[Entry]:
        now = self._clock.now()
        if self._kept is None or not 0 <= now - self._kept[0] < KEPT_S:
            self._kept = now, entries_of(await self._directory.system())
        return self._kept[1]


def _bind(message: Message) -> tuple[ResultCode, str]:
    """Anonymous, and nothing else (RFC 4513 section 5.1.1)."""
    method = message.body["authentication"]
    if method.getName() != "simple":
        return ResultCode.AUTH_METHOD_NOT_SUPPORTED, "Only an anonymous simple bind is served."
    if bytes(method.getComponent()):
        return ResultCode.INVALID_CREDENTIALS, "Nobody has an account here: bind anonymously."
    return ResultCode.SUCCESS, ""


async def listen_ldap(
    address: str, port: int, directory: Directory, is_local: IsLocal, clock: Clock
) -> LdapServer:
    """Serve the directory at ``address``.

    Raises:
        StartError: address or port cannot be had.
    """
    server = LdapServer(directory, is_local, clock)
    try:
        await server.start(address, port)
    except OSError as problem:
        raise StartError(
            "cannot_listen",
            f"Cannot listen at {address} port {port} (LDAP): {problem.strerror or problem}.",
            field="ldap_port",
        ) from problem
    except BaseException:
        await server.close()
        raise
    return server
