"""Whole phones: scenarios boot, hotdesk, and the storms of power and firmware.

The handsets are those of the estate (`simulators.estate.lives`): TLS, files, firmware, SIP.
"""

import asyncio
import json
import time
from collections.abc import Collection
from pathlib import Path

import aiohttp

from loadtests.batches import Held
from loadtests.homes import check_own
from loadtests.machines.sources import Sources, lay
from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.counted import Counted
from loadtests.scenarios.kinds import Scenario
from loadtests.scenarios.mcs_api import log_in
from loadtests.scenarios.play import Books, patience_s
from loadtests.scenarios.tasks import side_by_side
from simulators.errors import ConfigurationError
from simulators.estate.lives import Lives

AT_A_TIME = 16
"""Phones that boot side by side before the first moment."""
READY_WITHIN_S = 100.0
OLD = "registered with the old firmware"


class Living(Counted):
    """The phones of one engine.

    Raises:
        ConfigurationError: phones were to share a home, which whole phones can't.
    """

    def __init__(
        self,
        plan: Plan,
        worker: int,
        accounts: list[PhoneAccount],
        phones: list[int],
        books: Books,
        sources: Sources | None = None,
    ) -> None:
        if plan.phones_per_home != 1:
            raise ConfigurationError(
                f"expected one whole phone per home, got {plan.phones_per_home}: leave out "
                "--phones-per-home, or use the scenario register"
            )
        host, _, port = plan.places["files"].rpartition(":")
        chance = f"phones of engine {worker} since {time.time_ns()}"
        self._lives = Lives((host, int(port)), chance, self._booted, plan.allowed)
        super().__init__(self._lives.traffic)
        homes = lay([accounts[index].home_index for index in phones], sources, plan.home)
        self._addresses = sorted({host for host, _ in homes.values()})
        for index in phones:
            account = accounts[index]
            home, _ = homes[account.home_index]
            self._lives.add(index, account.mac, account.model, home, plan.places["firmware"])
        self._plan, self._accounts, self._phones, self._books = plan, accounts, phones, books
        self._scenario = plan.scenario
        self._before: asyncio.Queue[tuple[int, str]] | None = None
        self._asked: set[int] = set()

    @property
    def retransmissions(self) -> int:
        """Of timers A and E."""
        return self._lives.requests_sent_again

    async def open(self) -> None:
        """Boot all where the scenario begins with registered phones.

        Raises:
            ConfigurationError: an address is not this machine's, or they did not come up.
        """
        for address in self._addresses:
            check_own(address)
        if self._scenario is Scenario.BOOT:
            return
        await self._boot_all()
        if self._scenario is Scenario.STORM_POWER:
            for index in self._phones:
                await self._lives.power_off(index)

    async def restore(self) -> None:
        """All boot, which shows that the target has room for them, sign off, and may enrol anew.

        The MCS has bound each to a token that it showed in a burst (decision 21), and these are
        phones without one; so an administrator opens their enrolment, before and afterwards.

        Raises:
            ConfigurationError: they did not come up, or nobody may open their enrolment.
            BenchError: one did not sign off.
        """
        if "administrator" not in self._plan.places:
            raise ConfigurationError(
                "the target's description names no administrator, who opens the enrolment of "
                "phones anew: each of them can boot once there, so take a fresh target"
            )
        names = json.loads(Path(self._plan.places["administrator"]).read_bytes())
        async with await log_in(self._plan.places, **names) as http:
            await self._open_enrolments(http)
            await self._boot_all(patience_s(len(self._phones)))
            await side_by_side(self._phones, self._lives.sign_off, AT_A_TIME)
            await self._open_enrolments(http)

    def begin(self, began: float) -> None:
        """Nothing is to be done."""

    def start(self, index: int, now: float) -> None:
        """Power comes; or somebody presses Hot Desk; or the phone restarts."""
        self._asked.add(index)
        match self._scenario:
            case Scenario.HOTDESK:
                account = self._accounts[index]
                self._lives.hot_desk(index, account.username, account.password, self._left)
            case Scenario.STORM_FIRMWARE:
                self._lives.restart(index)
            case _:
                self._lives.power_on(index)

    def held(self) -> Held:
        """By the state of each phone's registrations, and what its lines are called."""
        found = {index: self._lives.registered_as(index) for index in self._phones}
        own = {index: self._accounts[index].extension for index in self._phones}
        return Held(
            frozenset(self._phones),
            frozenset(i for i, names in found.items() if names and own[i] in names),
            frozenset(i for i, names in found.items() if names is None),
            {i: names[0] for i, names in found.items() if names and own[i] not in names},
        )

    def finish(self, given_up: Collection[int]) -> None:
        """Nothing is kept."""

    async def close(self) -> None:
        """Cut all power."""
        await self._lives.close()

    # Inside

    async def _open_enrolments(self, http: aiohttp.ClientSession) -> None:
        async def open_enrolment(index: int) -> None:
            phone = f"{self._plan.places['api']}/phones/{self._accounts[index].mac}"
            async with http.put(phone, json={"enrolment": "open"}, raise_for_status=True):
                pass

        try:
            await side_by_side(self._phones, open_enrolment, AT_A_TIME)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ConfigurationError(f"the MCS does not open an enrolment: {error}") from error

    async def _boot_all(self, within_s: float = READY_WITHIN_S) -> None:
        """Outside the burst."""
        self._before = asyncio.Queue()
        try:
            async with asyncio.timeout(within_s):
                await self._come_up(self._before)
        except TimeoutError:
            raise ConfigurationError(
                f"not all of {len(self._phones)} phones came up within {within_s:g} s "
                "outside the burst: ask for fewer phones"
            ) from None
        self._before = None

    async def _come_up(self, came: asyncio.Queue[tuple[int, str]]) -> None:
        waiting, up = self._phones[::-1], set[int]()
        for _ in range(min(AT_A_TIME, len(waiting))):
            self._lives.power_on(waiting.pop())
        while len(up) < len(self._phones):
            index, reason = await came.get()
            if reason:
                raise ConfigurationError(f"a phone did not come up, outside the burst: {reason}")
            if index not in up and waiting:
                self._lives.power_on(waiting.pop())
            up.add(index)

    def _booted(self, index: int, reason: str) -> None:
        """A phone's boot has ended, or its registration has another outcome."""
        if self._before is not None:
            self._before.put_nowait((index, reason))
        elif self._scenario is Scenario.HOTDESK:
            return
        elif index in self._asked:
            self._asked.discard(index)
            wanted = self._plan.places.get("newer firmware", "")
            newer = not wanted or self._lives.firmware(index) == wanted
            self._books.ended(index, time.monotonic(), reason or ("" if newer else OLD))
        elif reason:
            self._books.lost()

    def _left(self, index: int, reason: str) -> None:
        self._books.ended(index, time.monotonic(), reason)
