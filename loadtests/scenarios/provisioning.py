"""Extensions ticked at an MCS, until their SIP devices are on the MBG: the scenario provision.

A tick is what the form SIP Authorization does: one PUT of the MCS's JSON API (EXT-1). Whether and
when the device is there is told by the MBG's side (`simulators/estate/feed.py`), not by the MCS.
"""

import asyncio
import json
import time
from collections.abc import Collection

import aiohttp

from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.counted import Counted
from loadtests.scenarios.mcs_api import CALL_WITHIN_S, log_in
from loadtests.scenarios.play import Books, patience_s
from loadtests.scenarios.tasks import Tasks, side_by_side
from simulators.errors import ConfigurationError
from simulators.traffic import Traffic, client_context

AT_A_TIME = 8
"""Extensions unticked side by side outside a burst."""
LOOKS_EACH_S = 0.1
NOT_WANTED = "off"
"""State of an extension that has no device on the MBG, as the MCS tells it."""


class Provisioning(Counted):
    """The ticks of one engine; counted is what goes to and from the MCS, over TLS."""

    def __init__(
        self, plan: Plan, accounts: list[PhoneAccount], items: list[int], books: Books
    ) -> None:
        super().__init__(Traffic())
        self._places = plan.places
        self._api, self._feed = plan.places["api"], plan.places["feed"]
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
        http = await self._logged_in()
        try:
            feed = await http.get(self._feed, timeout=aiohttp.ClientTimeout(total=None))
            await feed.content.readline()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ConfigurationError(f"can't reach the MBG at {self._feed}: {error}") from error
        self._tasks.begin(self._listen(feed))

    async def restore(self) -> None:
        """All are unticked, so that the MCS takes their devices off the MBG (EXT-3).

        Raises:
            ConfigurationError: the MCS can't be reached, or does not get it done.
        """
        await self._logged_in()
        within_s = patience_s(len(self._by_extension))
        try:
            async with asyncio.timeout(within_s):
                await side_by_side(self._by_extension, self._untick, AT_A_TIME)
        except TimeoutError:
            raise ConfigurationError(
                f"the MCS did not take {len(self._by_extension)} extensions off the MBG within "
                f"{within_s:g} s outside the burst: ask for fewer"
            ) from None
        except aiohttp.ClientError as error:
            raise ConfigurationError(f"the MCS does not untick an extension: {error}") from error

    async def _logged_in(self) -> aiohttp.ClientSession:
        names = self._log_in
        self._http = await log_in(
            self._places, names.username, names.password, client_context(self._traffic)
        )
        return self._http

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
        form = self._form(self._accounts[index].extension)
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

    async def _untick(self, extension: str) -> None:
        assert self._http is not None
        form, wish = self._form(extension), {"use_remote_credentials": False}
        async with self._http.put(form, json=wish, raise_for_status=True) as answer:
            state = (await answer.json())["provisioning"]["state"]
        while state != NOT_WANTED:
            await asyncio.sleep(LOOKS_EACH_S)
            async with self._http.get(form, raise_for_status=True) as answer:
                state = (await answer.json())["provisioning"]["state"]

    def _form(self, extension: str) -> str:
        return f"{self._api}/phone-systems/1/extensions/{extension}"

    async def _listen(self, feed: aiohttp.ClientResponse) -> None:
        async with feed:
            async for line in feed.content:
                if line.strip():
                    told = json.loads(line)
                    index = self._by_extension.get(told["icp_username"])
                    if index is not None:
                        self._books.ended(index, told["at"])
