"""Looking after the access token while nothing else calls the MBG (TOK-7, TOK-8)."""

import asyncio
import logging

from system.clock import Clock, wait_for_work
from system.mbg.access import MbgAccess

log = logging.getLogger("mcs.mbg")


class TokenWatch:
    """Asks for the token's expiry now and then, more often while Renew is to be pressed for it.

    It also gives each warning of the expiry when its time has come.
    """

    def __init__(
        self, access: MbgAccess, clock: Clock, *, check_s: float, refused_check_s: float
    ) -> None:
        self._access = access
        self._clock = clock
        self._check_s = check_s
        self._refused_check_s = refused_check_s
        self._now = asyncio.Event()

    def look_now(self) -> None:
        """Have a look at once: settings have changed."""
        self._now.set()

    async def run(self) -> None:
        """Watch for ever; ends by being cancelled."""
        while True:
            wait_s = self._check_s
            try:
                if await self._access.has_token():
                    await self._access.look()
                if (await self._access.current_view()).state in ("refused", "expiring"):
                    wait_s = self._refused_check_s
                next_warning_s = await self._access.warn()
                if next_warning_s is not None:
                    wait_s = min(wait_s, next_warning_s)
            except Exception:
                log.exception("token watch: a mistake of ours; going on")
            await wait_for_work(self._clock, self._now, wait_s)
