"""All SIP devices of the MBG, read page by page once for many operations.

It is used for one thing only: to know that the MBG has nothing of an extension, so that a device is
made without a look-up of its own. What it does not know any better by now, the MBG does: it refuses
a second device of the same name or ICP side, and then that operation looks for itself. Whatever is
overwritten or removed was looked at for itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from system.mbg.documents import DeviceDocument, IcpDocument
from system.provisioning import plan
from system.provisioning.plan import Job

WORTH_A_LIST = 20
"""From so many new devices on, one list is cheaper than two look-ups for each."""

FRESH_S = 60.0


@dataclass(slots=True)
class Inventory:
    """Names and ICP sides that are taken."""

    read_at: float
    names: set[str] = field(default_factory=set)
    icp_sides: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, devices: Iterable[DeviceDocument], read_at: float) -> "Inventory":
        """From the MBG's list, as read from ``read_at`` (epoch seconds) on."""
        inventory = cls(read_at)
        for device in devices:
            inventory.names.add(device.set_username)
            inventory.icp_sides.add((device.icp_id, device.icp_username))
        return inventory

    def fresh(self, now: float) -> bool:
        """Whether it may still be used."""
        return 0 <= now - self.read_at < FRESH_S

    def knows_nothing_of(self, job: Job, icp: IcpDocument) -> bool:
        """Whether the extension has never had a device, and the MBG has none that would be its."""
        if not is_new(job):
            return False
        sides = {(icp.id, name) for name in plan.own_icp_names(job)}
        return job.remote_name not in self.names and not sides & self.icp_sides


def is_new(job: Job) -> bool:
    """Whether nothing was ever sent to the MBG for the extension, or it is gone for sure."""
    return job.device_id is None and job.unanswered_name is None
