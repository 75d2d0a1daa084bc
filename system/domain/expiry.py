"""When an administrator is warned of the access token's end (TOK-7): 60, 30 and 7 days before it,
daily after that, and once when it is there. Pure; times are epoch seconds.
"""

import math

DAY_S = 86_400.0
WARNING_DAYS = (60, 30, 7, 6, 5, 4, 3, 2, 1, 0)
"""Days before the end; 0 is the end itself."""


def reached(expires_at: float, now: float) -> int | None:
    """The latest warning whose time has come, as its days; ``None`` before the first one.

    Only the latest: after a leap of the clock the earlier ones would say what is not true.
    """
    due = [days for days in WARNING_DAYS if expires_at - days * DAY_S <= now]
    return min(due, default=None)


def next_at(expires_at: float, now: float) -> float | None:
    """When the next warning is due; ``None`` after the last one."""
    coming = [expires_at - days * DAY_S for days in WARNING_DAYS]
    return min((at for at in coming if at > now), default=None)


def days_left(expires_at: float, now: float) -> int:
    """Whole days until the end, begun ones counted; 0 from the end on."""
    return max(0, math.ceil((expires_at - now) / DAY_S))
