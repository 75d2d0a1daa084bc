"""What is wrong with a phone itself: the faults of `simulators.faults.phone_*`, where they strike.

Faults are switched on in a table that one phone has, or that all phones of an estate share; each
may be meant for one MAC alone. The strikes are asked for here, so that the phone's own code stays
as it is without them.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from simulators.faults.phone_cable_flaps import PhoneCableFlaps
from simulators.faults.phone_clock_wrong import PhoneClockWrong
from simulators.faults.phone_drops_download import PhoneDropsDownload
from simulators.faults.phone_faults import PhoneEvent, PhoneFault
from simulators.faults.phone_forgets import PhoneForgets
from simulators.faults.phone_ignores_check_sync import PhoneIgnoresCheckSync
from simulators.faults.phone_never_refreshes import PhoneNeverRefreshes
from simulators.faults.phone_power_failure import PhonePowerFailure
from simulators.faults.phone_slow_boot import PhoneSlowBoot
from simulators.faults.phone_slow_flash import PhoneSlowFlash
from simulators.faults.table import FaultTable, Strike
from simulators.phone.files.lines import Lines
from simulators.phone.life import actions as do
from simulators.phone.life.states import State

F = TypeVar("F", bound=PhoneFault)

NEVER_S = -1e9
"""Seconds before expiry, to renew a registration: long after it."""


class Misfortunes:
    """The faults of one phone.

    Args:
        table: its own, or its estate's.
        power_failure: cuts the power; comes back after so many seconds.
        cable_flap: pulls the cable, for so many seconds.
    """

    def __init__(
        self,
        mac: str,
        table: FaultTable,
        power_failure: Callable[[float], None],
        cable_flap: Callable[[float], None],
    ) -> None:
        self.table = table
        self._mac = mac
        self._power_failure = power_failure
        self._cable_flap = cable_flap
        self._state = State.OFF

    def boot_s(self) -> float:
        """Seconds that the boot takes longer."""
        return sum(s.fault.seconds for s in self._strikes(PhoneSlowBoot, "boot"))

    def flash_s(self) -> float:
        """Seconds that flashing takes longer."""
        return sum(s.fault.seconds for s in self._strikes(PhoneSlowFlash, "flash"))

    def clock_error_s(self, what: str) -> float:
        """Seconds by which the phone's clock is wrong, where somebody looks at it."""
        return sum(s.fault.offset_s for s in self._strikes(PhoneClockWrong, "clock", what))

    def forgets(self) -> bool:
        """Whether the power's return finds the phone as delivered."""
        return bool(self._strikes(PhoneForgets, "power on"))

    def drops_after(self, path: str) -> int | None:
        """Octets of a download after which the phone ends it; None lets it go on."""
        strikes = self._strikes(PhoneDropsDownload, "download", path)
        return min((s.fault.octets for s in strikes), default=None)

    def swallows(self, result: do.Result) -> bool:
        """Whether the phone doesn't hear this."""
        if not isinstance(result, do.CheckSyncAsked):
            return False
        return bool(self._strikes(PhoneIgnoresCheckSync, "check-sync"))

    def registering(self, lines: Lines) -> Lines:
        """The accounts as the phone really keeps them."""
        if not self._strikes(PhoneNeverRefreshes, "register"):
            return lines
        kept = tuple(
            replace(line, account=replace(line.account, renewal_threshold_s=NEVER_S))
            for line in lines.lines
        )
        return replace(lines, lines=kept)

    def reached(self, state: State) -> None:
        """The phone got to a state: the power or the cable may fail at that moment."""
        if state is self._state:
            return
        self._state = state
        if state is State.OFF:
            return
        for failure in self._strikes(PhonePowerFailure, "state", state.value):
            self._power_failure(failure.fault.off_s)
        for flap in self._strikes(PhoneCableFlaps, "state", state.value):
            self._cable_flap(flap.fault.out_s)

    def _strikes(self, kind: type[F], name: str, detail: str = "") -> list[Strike[F]]:
        if self.table.is_empty:
            return []
        event = PhoneEvent(self._mac, name, detail)
        return self.table.strikes(kind, event, f"{name} {detail}".strip())
