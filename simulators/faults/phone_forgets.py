"""Fault: the phone has forgotten all."""

from typing import ClassVar

from simulators.faults.phone_faults import PhoneFault


class PhoneForgets(PhoneFault):
    """When the power comes back the phone is as delivered, but for its firmware.

    A worn memory, or somebody who held the reset keys: the configuration server that was entered by
    hand is gone, and with it a teleworker's way to its MCS.
    """

    name: ClassVar[str] = "phone-forgets"
