"""What a phone in service does by the calendar: auto resync, and fetching directories anew.

`auto resync mode` 1 compares the configuration, 2 the firmware, 3 both; at `auto resync time`
(hh:mm of the phone's clock, UTC here) plus a random part of `auto resync max delay` minutes, every
`auto resync days` days (0 and 1: each day). What differs restarts the phone, once it is idle.
Domain reference 3.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

RESYNC = "resync"
DIRECTORIES = "directories"
DAY_S = 86_400.0
MAX_DELAY = (15, 0, 1439)
"""Minutes of random spread: default, least, most."""
DAYS = (0, 0, 364)


@dataclass(frozen=True, slots=True)
class Resync:
    """When and what; `at_s` counts from midnight."""

    configuration: bool
    firmware: bool
    at_s: float
    max_delay_s: float
    days: int

    def wait_s(self, now: float, chance: float) -> float:
        """Seconds from epoch time `now` to the next resync.

        `chance`, from 0 to below 1, is the part of the spread that this one gets.
        """
        midnight = now - now % DAY_S
        due = midnight + self.at_s
        while due <= now:
            due += DAY_S
        skipped = max(self.days - 1, 0) * DAY_S
        return due - now + skipped + chance * self.max_delay_s


def resync(configuration: Mapping[str, str]) -> Resync | None:
    """The auto resync that the configuration asks for; None when it is off."""
    mode = configuration.get("auto resync mode", "0").strip()
    if mode not in ("1", "2", "3"):
        return None
    return Resync(
        configuration=mode in ("1", "3"),
        firmware=mode in ("2", "3"),
        at_s=_time_of_day(configuration.get("auto resync time", "")),
        max_delay_s=60.0 * _number(configuration.get("auto resync max delay", ""), MAX_DELAY),
        days=_number(configuration.get("auto resync days", ""), DAYS),
    )


def _time_of_day(text: str) -> float:
    """`hh:mm` as seconds from midnight; midnight where it can't be read."""
    hours, colon, minutes = text.strip().partition(":")
    both = hours + minutes
    if not colon or not (both.isascii() and both.isdigit()) or len(both) > 4:
        return 0.0
    if int(hours) > 23 or int(minutes) > 59:
        return 0.0
    return 3600.0 * int(hours) + 60.0 * int(minutes)


def _number(text: str, limits: tuple[int, int, int]) -> int:
    default, least, most = limits
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        return default
    return min(max(int(text), least), most)
