"""Consumers of an MBG that get their tokens: scenarios tokens and storm-tokens.

A handshake is stage 4 of the manual (TOK-3 to TOK-5): a temporary token is asked for, somebody
presses approve (here by the MBG's control API, at once), the final token is fetched with the
Verifier, and a first call is made with it. oauthlib signs, as in the MCS.
"""

import asyncio
import hashlib
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import aiohttp
from oauthlib.oauth1 import Client

from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.counted import Counted
from loadtests.scenarios.kinds import Scenario
from loadtests.scenarios.play import Books
from loadtests.scenarios.tasks import Tasks
from simulators.errors import ConfigurationError
from simulators.traffic import Traffic, client_context

CONNECTIONS = 200
CALL_WITHIN_S = 32.0
AT_A_TIME = 8
"""Handshakes side by side before the first moment."""
LET_IN = "its old token was not refused"


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its secret; "" for none."""

    name: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


class NotDone(Exception):
    """A handshake ends early; the text is a kind of failure."""


class Handshakes(Counted):
    """The consumers of one engine; in a storm they have a token first, which is then refused.

    What they say to the MBG is counted, over TLS; to approve is not theirs, and goes over HTTP.
    """

    def __init__(
        self, plan: Plan, accounts: list[PhoneAccount], items: list[int], books: Books
    ) -> None:
        super().__init__(Traffic())
        self._mbg, self._control = plan.places["mbg"], plan.places["control"]
        self._ca = plan.places["ca"]
        self._accounts, self._items, self._books = accounts, items, books
        self._storm = plan.scenario is Scenario.STORM_TOKENS
        self._tokens: dict[int, Token] = {}
        self._http: aiohttp.ClientSession | None = None
        self._tasks = Tasks()

    async def open(self) -> None:
        """Before a storm, let each consumer get a token.

        Raises:
            ConfigurationError: one did not.
        """
        tls = client_context(self._traffic)
        tls.load_verify_locations(cafile=self._ca)
        connector = aiohttp.TCPConnector(ssl=tls, limit=CONNECTIONS)
        timeout = aiohttp.ClientTimeout(total=CALL_WITHIN_S)
        self._http = aiohttp.ClientSession(connector=connector, timeout=timeout)
        if not self._storm:
            return
        waiting = self._items[::-1]

        async def one_after_the_other() -> None:
            while waiting:
                await self._handshake(waiting.pop())

        try:
            await asyncio.gather(*(one_after_the_other() for _ in range(AT_A_TIME)))
        except NotDone as why:
            raise ConfigurationError(f"a consumer got no token before the storm: {why}") from why

    async def restore(self) -> None:
        """Nothing: a consumer may ask anew at any time. Its old tokens stay with the MBG."""

    def begin(self, began: float) -> None:
        """Nothing is to be done."""

    def start(self, index: int, now: float) -> None:
        """The consumer wants in."""
        self._tasks.begin(self._want_in(index))

    def finish(self, given_up: Collection[int]) -> None:
        """Nothing is kept."""

    async def close(self) -> None:
        """End what is under way, and the connections."""
        await self._tasks.end()
        if self._http is not None:
            await self._http.close()

    # Inside

    async def _want_in(self, index: int) -> None:
        reason = ""
        try:
            if self._storm:
                await self._is_refused(index)
            await self._handshake(index)
        except NotDone as why:
            reason = str(why)
        self._books.ended(index, time.monotonic(), reason)

    async def _is_refused(self, index: int) -> None:
        status, text = await self._post(index, "ping", self._tokens[index])
        if status == 200:
            raise NotDone(LET_IN)
        if "token_expired" not in text:
            raise NotDone(f"ping with the old token: {status}")

    async def _handshake(self, index: int) -> None:
        temporary = await self._token(index, "initiate", callback="oob")
        verifier = await self._approve(temporary)
        final = await self._token(index, "token", temporary, verifier=verifier)
        status, _ = await self._post(index, "ping", final)
        if status != 200:
            raise NotDone(f"ping with the new token: {status}")
        self._tokens[index] = final

    async def _token(
        self, index: int, call: str, token: Token | None = None, *, callback: str = "",
        verifier: str = "",
    ) -> Token:  # fmt: skip
        status, text = await self._post(index, call, token, callback=callback, verifier=verifier)
        if status != 200:
            raise NotDone(f"{call}: {status}")
        found = parse_qs(text)
        return Token(found["oauth_token"][0], found["oauth_token_secret"][0])

    async def _approve(self, temporary: Token) -> str:
        """What the MBG's administrator does, and tells."""
        assert self._http is not None
        url = f"{self._control}/temporary-tokens/{token_id(temporary.name)}/approve"
        try:
            async with self._http.post(url) as answer:
                if answer.status != 200:
                    raise NotDone(f"approve: {answer.status}")
                return str((await answer.json())["verifier"])
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotDone(f"approve: {type(error).__name__}") from error

    async def _post(
        self, index: int, call: str, token: Token | None = None, *, callback: str = "",
        verifier: str = "",
    ) -> tuple[int, str]:  # fmt: skip
        assert self._http is not None
        consumer = self._accounts[index]
        client = Client(
            consumer.username,
            consumer.password,
            token.name if token else None,
            token.secret if token else None,
            callback_uri=callback or None,
            verifier=verifier or None,
        )
        url, headers, _ = client.sign(f"{self._mbg}/{call}", http_method="POST")
        try:
            async with self._http.post(url, headers=headers) as answer:
                return answer.status, await answer.text()
        except TimeoutError:
            raise NotDone(f"{call}: no answer within {CALL_WITHIN_S:g} s") from None
        except aiohttp.ClientError as error:
            raise NotDone(f"{call}: {type(error).__name__}") from error


def token_id(token: str) -> str:
    """How the MBG's control API names a token without saying it (simulators/README.md)."""
    return hashlib.sha256(token.encode()).hexdigest()[:12]
