"""A softphone's calls of the MCS: JSON over HTTPS, each on a connection of its own.

The certificate is pinned at the first contact with an address and a changed one is refused: an MCS
has a certificate of its own making, so no authority can speak for it. What is said goes to the
journal, secrets masked.
"""

import asyncio
import hashlib
import json
import socket
import ssl
from contextlib import nullcontext, suppress

import aiohttp
from aiohttp import AddrInfoType, ClientSession, ClientTimeout, Fingerprint, TCPConnector

from simulators.clock import Clock
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.errands import not_busy
from simulators.phone.fetching import MCS
from simulators.sockets.names import resolved
from simulators.softphone.actions import Answered, Ask, Call, NotAnswered
from simulators.tls import accepting_any_certificate

CALL_TIMEOUT_S = 10.0
"""Real seconds for a whole call."""
MAX_ANSWER = 65_536
"""Octets that are read of an answer."""
METHODS = {Call.LOG_IN: "POST", Call.LOG_OUT: "POST"}


class McsClient:
    """Calls for one softphone.

    Args:
        role: the name in the journal.
        device: what the softphone calls itself at a log-in.
    """

    def __init__(
        self, role: str, device: str, *, clock: Clock, network: Network, journal: Journal
    ) -> None:
        self.address = ""
        self._role = role
        self._device = device
        self._clock = clock
        self._network = network
        self._journal = journal
        self._pinned: dict[str, bytes] = {}
        self._tls = accepting_any_certificate()

    def forget_certificates(self) -> None:
        """Take whatever certificate comes next, as a person may decide."""
        self._pinned.clear()

    async def call(self, ask: Ask) -> Answered | NotAnswered:
        """Make one call from `address`; never raises for what network or server do."""
        self._journal.masker.learn(*filter(None, (ask.password, ask.token)))
        method = METHODS.get(ask.call, "GET")
        try:
            found = await asyncio.to_thread(resolved, ask.host)
            if found is None:
                return NotAnswered(ask.call, ask.host, f"no such host: {ask.host}")
            peer = (found, ask.port)
            allowed = self._network.allows(self.address, peer[0])
            with nullcontext() if allowed else not_busy(self._clock):  # nowhere takes clock time
                await self._network.reach(self.address, peer, f"{method} {ask.call.value}")
            return await self._call(ask, method, peer)
        except TimeoutError:
            return NotAnswered(ask.call, ask.host, "no answer")
        except aiohttp.ServerFingerprintMismatch:
            reason = "it shows another certificate than before"
            return NotAnswered(ask.call, ask.host, reason, certificate=True)
        except aiohttp.ClientConnectorError as error:
            reason = f"no connection: {error.os_error.strerror or error.os_error}"
            return NotAnswered(ask.call, ask.host, reason)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            return NotAnswered(ask.call, ask.host, reason)

    async def _call(self, ask: Ask, method: str, peer: tuple[str, int]) -> Answered:
        known = await self._known(ask.host, peer)
        headers = {"Accept": "application/json", "User-Agent": "Phone Manager"}
        if ask.token:
            headers["Authorization"] = f"Bearer {ask.token}"
        document = None
        if ask.call is Call.LOG_IN:
            document = {
                "username": ask.username,
                "password": ask.password,
                "device": self._device,
            }
        sources: list[tuple[str, int]] = []

        def bound(info: AddrInfoType) -> socket.socket:
            made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            made.setblocking(False)
            try:
                made.bind((self.address, 0))
            except OSError:
                made.close()
                raise
            sources.append(made.getsockname())
            return made

        connector = TCPConnector(socket_factory=bound, family=socket.AF_INET, force_close=True)
        timeout = ClientTimeout(total=CALL_TIMEOUT_S)
        async with ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            request = session.request(
                method,
                f"https://{peer[0]}:{peer[1]}{ask.call.value}",
                json=document,
                headers=headers,
                allow_redirects=False,
                ssl=known,
            )
            async with request as response:
                self._said(ask, method, headers, document, sources[-1], peer)
                body = await response.content.read(MAX_ANSWER)
                self._heard(ask, method, response, body, sources[-1], peer)
                retry_after = response.headers.get("Retry-After", "")
                return Answered(ask.call, ask.host, response.status, body, retry_after)

    async def _known(self, host: str, peer: tuple[str, int]) -> Fingerprint:
        """The certificate that this address has to show: at the first contact, the one it does.

        A connection of its own, over which nothing is said, finds it out.
        """
        if host not in self._pinned:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                _, writer = await asyncio.open_connection(
                    *peer, ssl=self._tls, local_addr=(self.address, 0)
                )
            found: ssl.SSLObject = writer.get_extra_info("ssl_object")
            self._pinned[host] = hashlib.sha256(found.getpeercert(True) or b"").digest()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        return Fingerprint(self._pinned[host])

    def _said(
        self,
        ask: Ask,
        method: str,
        headers: dict[str, str],
        document: dict[str, str] | None,
        source: tuple[str, int],
        peer: tuple[str, int],
    ) -> None:
        text = _head(f"{method} {ask.call.value} HTTP/1.1", headers)
        self._journal.http(
            self._role, MCS, method=method, path=ask.call.value,
            text=text + (json.dumps(document) if document else ""),
            source=source, destination=peer,
        )  # fmt: skip

    def _heard(
        self,
        ask: Ask,
        method: str,
        response: aiohttp.ClientResponse,
        body: bytes,
        source: tuple[str, int],
        peer: tuple[str, int],
    ) -> None:
        self._journal.masker.learn(*_secrets(body))
        start = f"HTTP/1.1 {response.status} {response.reason or ''}".rstrip()
        self._journal.http(
            MCS, self._role, method=method, path=ask.call.value, status=response.status,
            text=_head(start, dict(response.headers)) + body.decode("utf-8", "replace"),
            source=peer, destination=source,
        )  # fmt: skip


def _secrets(body: bytes) -> list[str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(document, dict):
        return []
    found = (document.get(name) for name in ("token", "password"))
    return [value for value in found if isinstance(value, str) and value]


def _head(start: str, headers: dict[str, str]) -> str:
    return "\r\n".join([start, *(f"{name}: {value}" for name, value in headers.items()), "", ""])
