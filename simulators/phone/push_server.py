"""The HTTP server of a local phone, to which servers push XML objects (domain reference 3.5)."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from simulators.addresses import open_port
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.xml.push import Answer, admitted, taken

PORT = 80


class PushServer:
    """Listens on port 80 of a phone's address while the phone is in service.

    Args:
        role: the phone's name in the journal.
        senders: who may push now (`xml application post list`).
        on_object: given the octets of an object that was taken.
    """

    def __init__(
        self,
        role: str,
        *,
        network: Network,
        journal: Journal,
        senders: Callable[[], tuple[str, ...]],
        on_object: Callable[[bytes], None],
        limit: int,
    ) -> None:
        self.address: tuple[str, int] | None = None
        self.limit = limit
        self._role = role
        self._network = network
        self._journal = journal
        self._senders = senders
        self._on_object = on_object
        self._http: web.Server | None = None
        self._listening: asyncio.Server | None = None

    async def open(self, host: str) -> None:
        """Listen; a phone whose port another one has does without, and says so."""
        self.close()
        http = web.Server(self._answer, access_log=None)
        loop = asyncio.get_running_loop()
        try:
            self._listening = await loop.create_server(
                http, host, open_port(PORT), start_serving=False
            )
            await self._listening.start_serving()  # apart: a cancel has what to close
        except OSError as error:
            self._journal.happened(self._role, "no push port", reason=error.strerror or error)
            return
        self._http = http
        self.address = self._listening.sockets[0].getsockname()[:2]

    def close(self) -> None:
        """Drop the port and all connections at once."""
        if self._listening is not None:
            self._listening.close()
        for connection in self._http.connections if self._http is not None else ():
            connection.force_close()
        self._http = self._listening = self.address = None

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        peer = request.transport.get_extra_info("peername")[:2] if request.transport else ("", 0)
        at = self.address
        if at is None or not self._network.passes(peer, at, "TCP", f"{request.method} push"):
            assert request.transport is not None
            request.transport.abort()  # like a packet that never came
            return web.Response()
        admission = admitted(request.method, request.path_qs, peer[0], self._senders())
        answer = admission if admission.status != 200 else await self._read(request)
        self._record(request, peer, at, answer)
        headers = {"Allow": "POST"} if answer.status == 405 else {}
        response = web.Response(status=answer.status, text=answer.reason, headers=headers)
        if answer.status == 200:
            # said before it is obeyed: a restart drops all connections
            await response.prepare(request)
            await response.write_eof()
            self._on_object(answer.body)
        return response

    async def _read(self, request: web.BaseRequest) -> Answer:
        """The object in the body; no more of it is read than a phone takes."""
        if (request.content_length or 0) > self.limit:
            return taken(bytes(self.limit + 1), self.limit)
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > self.limit:
                break
        return taken(bytes(body), self.limit)

    def _record(
        self, request: web.BaseRequest, peer: tuple[str, int], at: tuple[str, int], answer: Answer
    ) -> None:
        sender = self._journal.role_at(peer)
        text = answer.body.decode("utf-8", "replace")
        self._journal.http(
            sender, self._role, method=request.method, path=request.path_qs, text=text,
            encrypted=False, source=peer, destination=at,
        )  # fmt: skip
        self._journal.http(
            self._role, sender, method=request.method, path=request.path_qs, status=answer.status,
            text=answer.reason, encrypted=False, source=at, destination=peer,
        )  # fmt: skip
