"""Calls to the MBG's REST API (``docs/wire.md`` section 1), one method per call.

A call ends in a document or in one ``MbgError``. ``MbgUnreachable`` leaves open whether the MBG has
done what was asked; whoever writes has to look before writing again.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urlencode

import aiohttp
from pydantic import BaseModel, ValidationError
from yarl import URL

from system.clock import Clock
from system.domain.addresses import host_in_uri
from system.errors import MbgAnswerUnusable, MbgUnreachable
from system.mbg import tls_refusals
from system.mbg.documents import (
    DeviceDocument,
    DeviceToWrite,
    IcpDocument,
    Page,
    SystemDocument,
    TokenDocument,
)
from system.mbg.oauth import OUT_OF_BAND, Credentials, Method, Signer
from system.mbg.refusals import Phase, not_an_mbg, refusal

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
        *,
        trust: ssl.SSLContext | aiohttp.Fingerprint | None = None,
        clock: Clock,
    ) -> None:
        """``trust`` replaces the session's own TLS context; ``clock`` is the signer's, too."""
        self._http = http
        self._trust = True if trust is None else trust
        self._clock = clock
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
        try:
            return _token_pair(answer)
        except MbgAnswerUnusable as error:
            raise not_an_mbg(self._shown, "its answer holds no temporary token") from error

    async def exchange(self, verifier: str) -> tuple[str, str]:
        """The final token and its secret, for the temporary one and its verifier (TOK-5)."""
        answer = await self._send("POST", "/token", Phase.EXCHANGE, verifier=verifier)
        return _token_pair(answer)

    async def token(self) -> TokenDocument:
        """The final token's own state; needs Base/managetoken read."""
        return await self._document(TokenDocument, "GET", "/base/v1/managetoken/")

    async def system(self) -> SystemDocument:
        """Release and mode (PRE-1, PRE-2)."""
        return await self._document(SystemDocument, "GET", "/mbg/v1/system/")

    async def icps(self, **filters: str) -> list[IcpDocument]:
        """All ICPs that match; needs MBG/v1/icps read."""
        return [_read(IcpDocument, item) async for item in self._pages(ICPS, filters)]

    async def devices(self, **filters: str) -> list[DeviceDocument]:
        """All SIP devices that match; needs MBG/v1/devices read."""
        return [_read(DeviceDocument, item) async for item in self._pages(DEVICES, filters)]

    async def device(self, device_id: str) -> DeviceDocument:
        """One SIP device; ``MbgRefused`` with ``not_found`` when there is none."""
        return await self._document(DeviceDocument, "GET", _device_path(device_id))

    async def create_device(self, device: DeviceToWrite) -> DeviceDocument:
        """Make a SIP device; needs MBG/v1/devices write."""
        return await self._document(DeviceDocument, "POST", DEVICES, device.wire())

    async def replace_device(self, device_id: str, device: DeviceToWrite) -> DeviceDocument:
        """Overwrite a SIP device whole (PRV-2)."""
        path = _device_path(device_id)
        return await self._document(DeviceDocument, "PUT", path, device.wire())

    async def delete_device(self, device_id: str) -> None:
        """Remove a SIP device; ``MbgRefused`` with ``not_found`` when there is none."""
        await self._send("DELETE", _device_path(device_id), Phase.CALL)

    async def _pages(self, path: str, filters: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        """Every item of a collection, page by page."""
        seen, number = 0, 1
        while True:
            query = {**filters, "page": str(number), "page_size": str(PAGE_SIZE)}
            asked = f"{path}?{urlencode(query, quote_via=quote)}"
            page = await self._document(Page, "GET", asked)
            for item in page.items:
                yield item
            seen, number = seen + len(page.items), number + 1
            # An empty page ends it too, in case items vanish while we read.
            if not page.items or seen >= page.total:
                return

    async def _document(
        self,
        document: type[Document],
        method: Method,
        path: str,
        body: dict[str, Any] | None = None,
    ) -> Document:
        content = await self._send(method, path, Phase.CALL, body=body)
        try:
            return read_document(document, content)
        except (ValueError, RecursionError) as error:
            if content.lstrip().startswith(b"<"):
                raise not_an_mbg(self._shown, "it answers with a web page") from error
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
        for last in (False, True):
            # Signed anew each time. A connection that broke is tried again by aiohttp with the same
            # nonce, which the MBG may have seen; what it refuses for that it has not done twice.
            with self._clock.busy():
                authorization = self._signer.authorization(
                    method,
                    self._base + path,
                    self._credentials,
                    callback=callback,
                    verifier=verifier,
                )
                status, headers, received = await self._exchange(method, path, authorization, body)
            if 200 <= status < 300:
                return received
            document = _object_or_empty(received)
            if last or document.get("code") != "nonce_used":
                break
        raise refusal(
            phase,
            status,
            document,
            headers.get("Retry-After", ""),
            skew_s=self._skew_s(headers.get("Date", "")),
            server=f"{self._shown}, which calls itself {headers.get('Server', 'nothing')[:64]}",
        )

    async def _exchange(
        self, method: Method, path: str, authorization: str, body: dict[str, Any] | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one request."""
        headers = {"Authorization": authorization, "Accept": "application/json"}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            # encoded=True: another spelling of the URL would not match its signature.
            async with self._http.request(
                method,
                URL(self._base + path, encoded=True),
                data=content,
                headers=headers,
                allow_redirects=False,
                ssl=self._trust,
            ) as answer:
                received = await answer.content.read(_LONGEST_ANSWER)
                while chunk := await answer.content.read(_LONGEST_ANSWER):
                    received += chunk
                    if len(received) > _LONGEST_ANSWER:
                        raise _unusable(f"{method} is longer than {_LONGEST_ANSWER} octets")
                return answer.status, answer.headers, received
        except aiohttp.ServerFingerprintMismatch as error:
            raise tls_refusals.changed(
                self._shown, _pairs(error.expected), _pairs(error.got)
            ) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise tls_refusals.certificate_refusal(self._shown, error) from error
        except aiohttp.ClientConnectorSSLError as error:
            raise tls_refusals.handshake_failure(self._shown, error) from error
        except aiohttp.ClientConnectorError as error:
            raise self._unreachable(f"no connection ({error.strerror or 'refused'})") from error
        except aiohttp.ClientResponseError as error:
            raise not_an_mbg(self._shown, "its answer is no HTTP") from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(f"the connection broke ({type(error).__name__})") from error
        except asyncio.TimeoutError as error:  # noqa: UP041 (its name says what it is)
            raise self._unreachable("no answer in time") from error

    def _skew_s(self, date: str) -> float | None:
        """How far our clock is ahead of the MBG's ``Date`` (RFC 9110 section 6.6.1)."""
        try:
            return self._clock.now() - parsedate_to_datetime(date).timestamp()
        except ValueError:
            return None

    def _unreachable(self, why: str) -> MbgUnreachable:
        return MbgUnreachable(
            "mbg_unreachable",
            f"The MBG at {self._shown} cannot be reached: {why}. Check its address on the page "
            "MiVoice Border Gateway.",
            requirement="ADR-3",
        )


def _pairs(digest: bytes) -> str:
    return digest.hex(":").upper()


def _device_path(device_id: str) -> str:
    return f"{DEVICES}{quote(device_id, safe='')}/"


def _token_pair(content: bytes) -> tuple[str, str]:
    """The pair of a form-encoded answer (RFC 5849 sections 2.1 and 2.3)."""
    try:
        form = parse_qs(content.decode("ascii"), strict_parsing=True)
        return form["oauth_token"][0], form["oauth_token_secret"][0]
    except (KeyError, ValueError) as error:
        raise _unusable("the token request holds no token") from error


def read_document(document: type[Document], content: bytes) -> Document:
    """A document from JSON.

    Raises:
        ValueError, RecursionError: it is no JSON.
        MbgAnswerUnusable: it is not as documented; the members are named.
    """
    try:
        # Several times as fast as Python's own reading; what it refuses is looked at anew.
        return document.model_validate_json(content)
    except ValidationError:
        return _read(document, json.loads(content))


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
