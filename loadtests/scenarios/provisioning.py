"""Extensions ticked at an MCS, until their SIP devices are on the MBG: the scenario provision.

A tick is what the form SIP Authorization does: one PUT of the MCS's JSON API (EXT-1). Whether and
when the device is there is told by the MBG's side (`simulators/estate/feed.py`), not by the MCS.
"""

import json
import time
from collections.abc import Collection

import aiohttp

from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.counted import Counted
from loadtests.scenarios.play import Books
from loadtests.scenarios.tasks import Tasks
from simulators.errors import ConfigurationError
from simulators.traffic import Traffic, client_context

CONNECTIONS = 100
CALL_WITHIN_S = 60.0


class Provisioning(Counted):
    """The ticks of one engine; counted is what goes to and from the MCS, over TLS."""

    def __init__(
        self, plan: Plan, accounts: list[PhoneAccount], items: list[int], books: Books
    ) -> None:
        super().__init__(Traffic())
        self._api, self._feed = plan.places["api"], plan.places["feed"]
        self._ca = plan.places["ca"]
        self._accounts, self._books = accounts, books
        self._by_extension = {accounts[index].extension: index for index in items}
        self._log_in = accounts[0]  # of all the same
        self._http: aiohttp.ClientSession | None = None
        self._tasks = Tasks()

    async def open(self) -> None:
        """Log in, and listen for new devices.

        Raises:
            ConfigurationError: the MCS or the MBG's side can't be reached.
        """
        tls = client_context(self._traffic)
        tls.load_verify_locations(cafile=self._ca)
        connector = aiohttp.TCPConnector(ssl=tls, limit=CONNECTIONS)
        timeout = aiohttp.ClientTimeout(total=CALL_WITHIN_S)
        self._http = aiohttp.ClientSession(connector=connector, timeout=timeout)
        names = {"username": self._log_in.username, "password": self._log_in.password}
        try:
            async with self._http.post(f"{self._api}/login", json=names) as answer:
                if answer.status != 200:
                    raise ConfigurationError(
                        f"the MCS does not let the load engine in ({answer.status})"
                    )
                self._http.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
            unlimited = aiohttp.ClientTimeout(total=None)
            feed = await self._http.get(self._feed, timeout=unlimited)
            await feed.content.readline()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ConfigurationError(f"can't reach the MCS at {self._api}: {error}") from error
        self._tasks.begin(self._listen(feed))

    def begin(self, began: float) -> None:
        """Nothing is to be done."""

    def start(self, index: int, now: float) -> None:
        """Tick the extension."""
        self._tasks.begin(self._tick(index))

    def finish(self, given_up: Collection[int]) -> None:
        """Nothing is kept."""

    async def close(self) -> None:
        """End what is under way, and the connections."""
        await self._tasks.end()
        if self._http is not None:
            await self._http.close()

    # Inside

    async def _tick(self, index: int) -> None:
        assert self._http is not None
        form = f"{self._api}/phone-systems/1/extensions/{self._accounts[index].extension}"
        try:
            async with self._http.put(form, json={"use_remote_credentials": True}) as answer:
                await answer.read()
                reason = "" if answer.status < 300 else f"the MCS answered {answer.status}"
        except TimeoutError:
            reason = f"the MCS did not answer within {CALL_WITHIN_S:g} s"
        except aiohttp.ClientError as error:
            reason = f"the MCS was not reached: {type(error).__name__}"
        if reason:
            self._books.ended(index, time.monotonic(), reason)

    async def _listen(self, feed: aiohttp.ClientResponse) -> None:
        async with feed:
            async for line in feed.content:
                if line.strip():
                    told = json.loads(line)
                    index = self._by_extension.get(told["icp_username"])
                    if index is not None:
                        self._books.ended(index, told["at"])
