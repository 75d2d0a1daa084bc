"""The MCS as an administrator reaches it: its JSON API over HTTPS (docs/wire.md section 5)."""

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any

import aiohttp

from features.actors.answers import McsRefused, McsSilent, McsUnclear, read_answer
from simulators.estate.mcs import McsEndpoint
from simulators.journal import Journal
from simulators.patience import at_most, limit_of

WAIT_LIMIT_S = 15.0
ANSWER_LIMIT_S = 20.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.25
"""Between two looks at a page; longer each time, for what comes at all comes soon."""

PERSON = "installer"


class McsSite:
    """One administrator's session with an MCS.

    Args:
        endpoint: the MCS.
        source: the IP address that the administrator's computer has.
        journal: where what a person does is written down; reading a page is not.
    """

    def __init__(self, endpoint: McsEndpoint, source: str, journal: Journal) -> None:
        self._endpoint = endpoint
        self._source = source
        self._journal = journal
        self._token = ""
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "McsSite":
        connector = aiohttp.TCPConnector(
            local_addr=(self._source, 0), ssl=self._endpoint.tls, limit=8
        )
        patience = aiohttp.ClientTimeout(total=ANSWER_LIMIT_S)
        self._session = aiohttp.ClientSession(connector=connector, timeout=patience)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def log_in(self) -> None:
        """Log in as the administrator."""
        self._token = ""
        answer = await self.post(
            "/login",
            {
                "username": self._endpoint.admin_name,
                "password": self._endpoint.admin_password,
            },
        )
        self._token = answer["token"]

    async def get(self, path: str) -> Any:
        """Read a resource.

        Raises:
            McsRefused: any answer but 2xx.
        """
        return await self._call("GET", path, None)

    async def put(self, path: str, body: dict[str, Any]) -> Any:
        """Write a resource."""
        return await self._call("PUT", path, body)

    async def tag(self, path: str) -> str:
        """The entity tag of a resource as it is now: what a page that is open has in its form."""
        assert self._session is not None, "enter the session before using it"
        url = f"{self._endpoint.api_url}/api/v1{path}"
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.get(url, headers=headers) as response:
            if "ETag" not in response.headers:
                raise McsUnclear(f"the answer of the MCS to GET {path} has no ETag")
            return response.headers["ETag"]

    async def put_as_of(self, tag: str, path: str, body: dict[str, Any]) -> Any:
        """Write a resource, if it is still as it was when its entity tag was this."""
        return await self._once("PUT", path, body, tag)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Do something."""
        return await self._call("POST", path, body or {})

    async def delete(self, path: str) -> Any:
        """Take something away."""
        return await self._call("DELETE", path, None)

    async def put_octets(self, path: str, octets: bytes) -> Any:
        """Upload a file."""
        return await self._call("PUT", path, octets)

    async def until(self, path: str, wanted: Callable[[Any], bool], what: str) -> Any:
        """Read a resource until it is as wanted.

        What happens inside the MCS leaves nothing on the wire to wait for, so this asks again,
        as a person does who presses reload.
        """
        document: Any = None
        pause_s = FIRST_PAUSE_S
        try:
            async with at_most(WAIT_LIMIT_S):
                while True:
                    document = await self.get(path)
                    if wanted(document):
                        return document
                    await asyncio.sleep(pause_s)
                    pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
        except TimeoutError:
            raise AssertionError(
                f"waited {limit_of(WAIT_LIMIT_S):g} s for {what}; {path} says {document}"
            ) from None

    async def _call(self, method: str, path: str, body: dict[str, Any] | bytes | None) -> Any:
        """Call; a log-in that has ended meanwhile is renewed, as a person would."""
        try:
            return await self._once(method, path, body)
        except McsRefused as refusal:
            if refusal.status != 401 or not self._token:
                raise
        await self.log_in()
        return await self._once(method, path, body)

    async def _once(
        self, method: str, path: str, body: dict[str, Any] | bytes | None, tag: str = ""
    ) -> Any:
        assert self._session is not None, "enter the session before using it"
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        headers |= {"If-Match": tag} if tag else {}
        content = {"data": body} if isinstance(body, bytes) else {"json": body}
        if method != "GET":
            text = f"{len(body)} octets" if isinstance(body, bytes) else json.dumps(body)
            self._journal.http(PERSON, "MCS", method=method, path=path, text=text)
        try:
            async with self._session.request(
                method,
                f"{self._endpoint.api_url}/api/v1{path}",
                headers=headers,
                **(content if body is not None else {}),
            ) as response:
                status, octets = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise McsSilent(
                f"expected the MCS at {self._endpoint.api_url} to answer {method} {path}, "
                f"got {type(error).__name__}: {error}"
            ) from error
        try:
            document = read_answer(f"{method} {path}", status, octets)
        except McsRefused as refusal:
            told = {"code": refusal.code, "message": refusal.message, "field": refusal.field}
            self._write_answer_down(method, path, status, told)
            raise
        if method != "GET":
            self._write_answer_down(method, path, status, document)
        return document

    def _write_answer_down(self, method: str, path: str, status: int, answer: Any) -> None:
        """Journal an answer; a log-in's token is hidden from then on."""
        members = answer if isinstance(answer, dict) else {}
        if isinstance(members.get("token"), str):
            self._journal.masker.learn(members["token"])
        code = str(members.get("code", "")) if status >= 400 else ""
        self._journal.http(
            "MCS",
            PERSON,
            method=method,
            path=path,
            status=status,
            code=code,
            text=json.dumps(answer),
        )
