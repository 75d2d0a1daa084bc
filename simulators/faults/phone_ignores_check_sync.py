"""Fault: the phone ignores check-sync."""

from typing import ClassVar

from simulators.faults.phone_faults import PhoneFault


class PhoneIgnoresCheckSync(PhoneFault):
    """The phone answers a check-sync NOTIFY with 200 and does nothing about it."""

    name: ClassVar[str] = "phone-ignores-check-sync"
