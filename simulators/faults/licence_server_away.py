"""Fault: no licence can be taken."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from simulators.faults.fault import Fault
from simulators.faults.table import FaultTable
from simulators.mbg.sip_border.licences import LicencePool


@dataclass(frozen=True, slots=True)
class LicenceWish:
    """A device without a licence wants one."""

    device_id: str


class LicenceServerAway(Fault):
    """The licence server can't be reached: no device gets a new licence, held ones stay.

    A set that is registered stays so; another one is refused with 403.
    """

    name: ClassVar[str] = "licence-server-away"

    device_id: str = Field(default="", max_length=200, description="Only this device's wishes.")

    def concerns(self, event: object) -> bool:
        return isinstance(event, LicenceWish) and self.device_id in ("", event.device_id)


class SupervisedPool(LicencePool):
    """A licence pool that asks the fault table before it gives a new licence."""

    def __init__(self, size: int, faults: FaultTable) -> None:
        super().__init__(size)
        self._faults = faults

    def take(self, device_id: str) -> bool:
        if not self.holds(device_id):
            wish = LicenceWish(device_id)
            away = self._faults.strikes(LicenceServerAway, wish, f"licence for device {device_id}")
            self.available = not away
        return super().take(device_id)
