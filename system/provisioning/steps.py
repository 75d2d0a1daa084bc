"""What is about to be done on the MBG for one operation, and what came of it: values only."""

from dataclasses import dataclass
from typing import Self

from system.errors import McsError
from system.mbg.documents import DeviceToWrite
from system.provisioning.plan import Job


@dataclass(frozen=True, slots=True)
class Create:
    """A SIP device will be made."""

    job: Job
    device: DeviceToWrite
    from_inventory: bool = False
    """The look-up was one list read for many operations; it may have become outdated since."""


@dataclass(frozen=True, slots=True)
class Replace:
    """A SIP device will be overwritten whole; ``own_name`` is its name, if it has it from us."""

    job: Job
    device: DeviceToWrite
    device_id: str
    own_name: str | None


@dataclass(frozen=True, slots=True)
class Remove:
    """What is ours will be removed; it may be nothing."""

    job: Job
    device_ids: tuple[str, ...]


Step = Create | Replace | Remove


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The MBG has confirmed the device."""

    job: Job
    device_id: str
    created: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """Nothing of ours is left; ``message`` where there was nothing."""

    job: Job
    message: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not succeed.

    ``refused`` is the job whose write the MBG has answered with a refusal: what was there before is
    there still. ``due_at`` is when it was due as its job was read: where that is another time by
    now, something has changed since.
    """

    operation_id: int
    error: McsError
    refused: Job | None = None
    due_at: float | None = None

    @classmethod
    def of(cls, job: Job, error: McsError, refused: Job | None = None) -> Self:
        """The job's operation did not succeed."""
        return cls(job.operation_id, error, refused, job.due_at)


Outcome = Provisioned | Removed | Failed
