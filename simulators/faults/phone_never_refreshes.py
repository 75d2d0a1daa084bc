"""Fault: the phone never refreshes its registration."""

from typing import ClassVar

from simulators.faults.phone_faults import PhoneFault


class PhoneNeverRefreshes(PhoneFault):
    """The phone registers once and never again: it expires, and calls don't reach it any more.

    Decided when it begins to register; a restart registers it anew.
    """

    name: ClassVar[str] = "phone-never-refreshes"
