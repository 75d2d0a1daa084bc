"""Once a day: log-ins that have ended and audit entries past their retention go."""

import logging

from system.audit.trail import DAY_S, AuditTrail
from system.clock import Clock
from system.people.accounts import Accounts

log = logging.getLogger("mcs.audit")


class Housekeeping:
    """Forgets what is to be forgotten, at the start and every day."""

    def __init__(self, accounts: Accounts, trail: AuditTrail, clock: Clock) -> None:
        self._accounts = accounts
        self._trail = trail
        self._clock = clock

    async def run(self) -> None:
        """Go on for ever; ends by being cancelled."""
        while True:
            try:
                await self._accounts.forget_old()
                if removed := await self._trail.forget_old():
                    log.info("%d audit entries are past their retention and were removed", removed)
            except Exception:
                log.exception("housekeeping: a mistake of ours; going on")
            await self._clock.sleep(DAY_S)
