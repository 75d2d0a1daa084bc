"""Calls to the MBG's REST API (``docs/wire.md`` section 1), one method per call.

A call ends in a document or in one ``MbgError``. ``MbgUnreachable`` leaves open whether the MBG has
done what was asked; whoever writes has to look before writing again.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urlencode

import aiohttp
from pydantic import BaseModel, ValidationError
from yarl import URL

from system.domain.addresses import host_in_uri
from system.errors import MbgAnswerUnusable, MbgUnreachable
from system.mbg.documents import (
    DeviceDocument,
    DeviceToWrite,
    IcpDocument,
    Page,
    SystemDocument,
    TokenDocument,
)
from system.mbg.oauth import OUT_OF_BAND, Credentials, Method, Signer
from system.mbg.refusals import Phase, refusal

Document = TypeVar("Document", bound=BaseModel)
PAGE_SIZE = 500
_LONGEST_ANSWER = 4 * 1024 * 1024
DEVICES = "/mbg/v1/devices/"
ICPS = "/mbg/v1/icps/"


def make_http_session(
    *, tls: ssl.SSLContext, outbound_address: str | None, timeout_s: float
) -> aiohttp.ClientSession:
    """The session for all calls to the MBG; the caller closes it."""
    connector = aiohttp.TCPConnector(
        ssl=tls, local_addr=(outbound_address, 0) if outbound_address else None
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class MbgClient:
    """One MBG, called with one set of credentials."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        signer: Signer,
        address: str,
        port: int,
        credentials: Credentials,
    ) -> None:
        self._http = http
        self._signer = signer
        self._base = f"https://{host_in_uri(address)}:{port}/mslrest"
        self._shown = f"{address}:{port}"
        self._credentials = credentials

    @property
    def consumer_id(self) -> str:
        """The consumer that calls; the MBG notes it in ``created_by``."""
        return self._credentials.consumer_id

    async def initiate(self) -> tuple[str, str]:
        """A temporary token and its secret (TOK-3)."""
        answer = await self._send("POST", "/initiate", Phase.INITIATE, callback=OUT_OF_BAND)
        return _token_pair(answer)

    async def exchange(self, verifier: str) -> tuple[str, str]:
        """The final token and its secret, for the temporary one and its verifier (TOK-5)."""
        answer = await self._send("POST", "/token", Phase.EXCHANGE, verifier=verifier)
        return _token_pair(answer)

    async def token(self) -> TokenDocument:
        """The final token's own state; needs Base/managetoken read."""
        return _read(TokenDocument, await self._json("GET", "/base/v1/managetoken/"))

    async def system(self) -> SystemDocument:
        """Release and mode (PRE-1, PRE-2)."""
        return _read(SystemDocument, await self._json("GET", "/mbg/v1/system/"))

    async def icps(self, **filters: str) -> list[IcpDocument]:
        """All ICPs that match; needs MBG/v1/icps read."""
        return [_read(IcpDocument, item) async for item in self._pages(ICPS, filters)]

    async def devices(self, **filters: str) -> list[DeviceDocument]:
        """All SIP devices that match; needs MBG/v1/devices read."""
        return [_read(DeviceDocument, item) async for item in self._pages(DEVICES, filters)]

    async def device(self, device_id: str) -> DeviceDocument:
        """One SIP device; ``MbgRefused`` with ``not_found`` when there is none."""
        return _read(DeviceDocument, await self._json("GET", _device_path(device_id)))

    async def create_device(self, device: DeviceToWrite) -> DeviceDocument:
        """Make a SIP device; needs MBG/v1/devices write."""
        return _read(DeviceDocument, await self._json("POST", DEVICES, device.wire()))

    async def replace_device(self, device_id: str, device: DeviceToWrite) -> DeviceDocument:
        """Overwrite a SIP device whole (PRV-2)."""
        answer = await self._json("PUT", _device_path(device_id), device.wire())
        return _read(DeviceDocument, answer)

    async def delete_device(self, device_id: str) -> None:
        """Remove a SIP device; ``MbgRefused`` with ``not_found`` when there is none."""
        await self._send("DELETE", _device_path(device_id), Phase.CALL)

    async def _pages(self, path: str, filters: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        """Every item of a collection, page by page."""
        seen, number = 0, 1
        while True:
            query = {**filters, "page": str(number), "page_size": str(PAGE_SIZE)}
            page = _read(
                Page, await self._json("GET", f"{path}?{urlencode(query, quote_via=quote)}")
            )
            for item in page.items:
                yield item
            seen, number = seen + len(page.items), number + 1
            # An empty page ends it too, in case items vanish while we read.
            if not page.items or seen >= page.total:
                return

    async def _json(self, method: Method, path: str, body: dict[str, Any] | None = None) -> Any:
        content = await self._send(method, path, Phase.CALL, body=body)
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise _unusable(f"{method} {path.split('?')[0]} is no JSON") from error

    async def _send(
        self,
        method: Method,
        path: str,
        phase: Phase,
        *,
        body: dict[str, Any] | None = None,
        callback: str | None = None,
        verifier: str | None = None,
    ) -> bytes:
        url = self._base + path
        headers = {
            "Authorization": self._signer.authorization(
                method, url, self._credentials, callback=callback, verifier=verifier
            ),
            "Accept": "application/json",
        }
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            # encoded=True: another spelling of the URL would not match its signature.
            async with self._http.request(
                method,
                URL(url, encoded=True),
                data=content,
                headers=headers,
                allow_redirects=False,
            ) as answer:
                received = await answer.content.read(_LONGEST_ANSWER)
                while chunk := await answer.content.read(_LONGEST_ANSWER):
                    received += chunk
                    if len(received) > _LONGEST_ANSWER:
                        raise _unusable(f"{method} is longer than {_LONGEST_ANSWER} octets")
                status = answer.status
                retry_after = answer.headers.get("Retry-After", "")
        except aiohttp.ClientConnectorCertificateError as error:
            raise self._unreachable(
                "its certificate is not trusted. Name the CA that it chains to with --trusted-ca"
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise self._unreachable(f"no connection ({error.strerror or 'refused'})") from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(f"the connection broke ({type(error).__name__})") from error
        except asyncio.TimeoutError as error:  # noqa: UP041 (its name says what it is)
            raise self._unreachable("no answer in time") from error
        if 200 <= status < 300:
            return received
        raise refusal(phase, status, _object_or_empty(received), retry_after)

    def _unreachable(self, why: str) -> MbgUnreachable:
        return MbgUnreachable(
            "mbg_unreachable",
            f"The MBG at {self._shown} cannot be reached: {why}. Check its address on the page "
            "MiVoice Border Gateway.",
            requirement="ADR-3",
        )


def _device_path(device_id: str) -> str:
    return f"{DEVICES}{quote(device_id, safe='')}/"


def _token_pair(content: bytes) -> tuple[str, str]:
    """The pair of a form-encoded answer (RFC 5849 sections 2.1 and 2.3)."""
    try:
        form = parse_qs(content.decode("ascii"), strict_parsing=True)
        return form["oauth_token"][0], form["oauth_token_secret"][0]
    except (KeyError, ValueError) as error:
        raise _unusable("the token request holds no token") from error


def _read(document: type[Document], content: Any) -> Document:
    try:
        return document.model_validate(content)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) or "body" for item in error.errors())
        raise _unusable(f"{document.__name__} is not as documented at: {places}") from None


def _object_or_empty(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _unusable(what: str) -> MbgAnswerUnusable:
    return MbgAnswerUnusable(
        "mbg_answer_unusable", f"The MBG gave an answer that cannot be used: {what}."
    )
