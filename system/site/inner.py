"""Calls of the API in process: the only way from a page to anything that is stored.

A call goes through the API's own application with its middlewares, as if it had come over the wire
with the browser's cookie, its CSRF token and its address. So permission, validation, ``If-Match``
and audit are in one place, and a page can do nothing that the API does not do (decision 35).
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import StreamReader, web
from yarl import URL

from system.api.declare import BASE
from system.api.serve import COOKIE, CSRF_HEADER


class Refused(Exception):
    """The API's refusal: its status and its error object.

    Args:
        field: the member of the body that is wrong, "" if it is none in particular.
        retry_after_s: when to come again (429), 0 where that is not said.
    """

    def __init__(
        self, status: int, code: str, message: str, *, field: str = "", retry_after_s: int = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API has answered; ``document`` is ``{}`` where it has no content."""

    document: dict[str, Any]
    etag: str
    response: web.Response


class Api:
    """The API as the browser of one request may use it.

    Paths are those of the API's routes. A name in braces stands for the value of that name in the
    page's own path, or for one that is given.
    """

    def __init__(self, request: web.Request, cookie: str, csrf: str = "") -> None:
        self._request = request
        self._cookie = cookie
        self.csrf = csrf

    async def get(self, path: str, query: Mapping[str, str] | None = None, **names: Any) -> Answer:
        """Read a resource.

        Raises:
            Refused: as the API says; so for the other methods.
        """
        return await self._call("GET", self._url(path, names, query))

    async def post(self, path: str, body: Mapping[str, Any] | None = None, **names: Any) -> Answer:
        """Act on a resource, or add one."""
        return await self._call("POST", self._url(path, names), body)

    async def put(
        self, path: str, body: Mapping[str, Any], *, etag: str = "", **names: Any
    ) -> Answer:
        """Change a resource, if it is still the one that ``etag`` was told of."""
        return await self._call("PUT", self._url(path, names), body, etag)

    async def delete(self, path: str, *, etag: str = "", **names: Any) -> Answer:
        """Remove a resource."""
        return await self._call("DELETE", self._url(path, names), None, etag)

    async def send(
        self, method: str, path: str, content: bytes, *, etag: str = "", **names: Any
    ) -> Answer:
        """Send octets to a route that takes them, such as an image."""
        kind = "application/octet-stream"
        return await self._exchange(method, self._url(path, names), content, kind, etag)

    def _url(
        self, path: str, names: Mapping[str, Any], query: Mapping[str, str] | None = None
    ) -> URL:
        values = {**self._request.match_info, **names}
        quoted = {name: quote(str(value), safe="") for name, value in values.items()}
        return URL(BASE + path.format_map(quoted), encoded=True).with_query(query)

    async def _call(
        self, method: str, url: URL, body: Mapping[str, Any] | None = None, etag: str = ""
    ) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        return await self._exchange(method, url, content, "application/json", etag)

    async def _exchange(
        self, method: str, url: URL, content: bytes, kind: str, etag: str
    ) -> Answer:
        headers = {"Host": self._request.host, "Content-Type": kind}
        headers["Content-Length"] = str(len(content))
        if self._cookie:
            headers["Cookie"] = f"{COOKIE}={self._cookie}"
        if self.csrf:
            headers[CSRF_HEADER] = self.csrf
        if etag:
            headers["If-Match"] = f'"{etag}"'
        inner = self._request.clone(method=method, rel_url=url, headers=headers)
        # aiohttp has no public way to give a request another body, nor to dispatch one.
        inner._payload = _stream(inner, content)
        response = await self._request.app._handle(inner)
        assert isinstance(response, web.Response), f"{url} answers no document"
        return _read(response)


def _stream(request: web.Request, content: bytes) -> StreamReader:
    stream = StreamReader(request.protocol, limit=len(content) + 1, loop=asyncio.get_running_loop())
    stream.feed_data(content)
    stream.feed_eof()
    return stream


def _read(response: web.Response) -> Answer:
    text = response.text or ""
    document = json.loads(text) if text and response.content_type == "application/json" else {}
    if response.status >= 400:
        retry_after = response.headers.get("Retry-After", "0")
        raise Refused(
            response.status,
            document.get("code", "refused"),
            document.get("message", f"Status {response.status}."),
            field=document.get("field", ""),
            retry_after_s=int(retry_after),
        )
    if not isinstance(document, dict):
        document = {"items": document}
    return Answer(document, response.headers.get("ETag", "").strip('"'), response)
