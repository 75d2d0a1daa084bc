"""Carrying operations out on the MBG, so that doing it twice is doing it once.

Look first, write then: an own device by its id and name, one whose create was never answered by its
name, one made by hand by its ICP side (PRV-2). What is found so is overwritten; only if nothing is
found a device is made. Either is noted in the database between ``prepare`` and ``carry_out``. A
device that is somebody else's is neither overwritten nor removed, whatever id or name it has
(EXT-4, PRV-4).
"""

import asyncio
import logging

from system.domain.operations import Kind
from system.errors import IcpNotFound, MbgRefused, McsError
from system.mbg.client import MbgClient
from system.mbg.documents import DeviceDocument, IcpDocument
from system.provisioning import plan
from system.provisioning.inventory import Inventory
from system.provisioning.plan import Job
from system.provisioning.records import Records
from system.provisioning.steps import (
    Create,
    Failed,
    Outcome,
    Provisioned,
    Remove,
    Removed,
    Replace,
    Step,
)

log = logging.getLogger("mcs.provisioning")


class IcpFinder:
    """Finds ICPs, asking the MBG once per node; made anew for each pass of the worker."""

    def __init__(self, client: MbgClient) -> None:
        self._client = client
        self._found: dict[tuple[str, str], IcpDocument | IcpNotFound] = {}
        self._one_asks = asyncio.Lock()

    async def find(self, job: Job) -> IcpDocument:
        """The ICP of the job's node.

        Raises:
            IcpNotFound: none has the node's address (ICP-2).
            MbgError: the MBG refused, or did not answer.
        """
        assert job.node_address is not None
        node = (job.node_name, job.node_address)
        if node not in self._found:
            async with self._one_asks:
                if node not in self._found:
                    icp = plan.matching_icp(job, await self._client.icps(address=job.node_address))
                    self._found[node] = icp or plan.icp_missing(job, await self._client.icps())
        found = self._found[node]
        if isinstance(found, IcpNotFound):
            # A new one each time: an exception that is raised again keeps growing its trace.
            raise IcpNotFound(found.code, found.message, requirement=found.requirement)
        return found


class Executor:
    """One pass: its client, the ICPs found so far, perhaps a list of all devices."""

    def __init__(
        self, client: MbgClient, records: Records, inventory: Inventory | None = None
    ) -> None:
        self._client = client
        self._records = records
        self._inventory = inventory
        self._icps = IcpFinder(client)

    async def prepare(self, job: Job, *, look: bool = False) -> Step:
        """Look at the MBG and say what has to be done; ``look`` forbids to go by the inventory.

        Raises:
            McsError: it cannot be done now; nothing was written.
        """
        if job.kind is Kind.REMOVE:
            return Remove(job, tuple(await self._own_devices(job)))
        plan.check_ready(job)
        icp = await self._icps.find(job)
        device = plan.device_for(job, icp)
        inventory = None if look else self._inventory
        if inventory is not None and inventory.knows_nothing_of(job, icp):
            return Create(job, device, from_inventory=True)
        found = await self._find_device(job, icp)
        if found is None:
            return Create(job, device)
        own_name = found.set_username if found.set_username in plan.own_names(job) else None
        return Replace(job, device, found.id, own_name)

    async def carry_out(self, step: Step) -> Outcome:
        """Write to the MBG; the step has been noted in the database before.

        An error of the MBG comes back as ``Failed``; nothing half-made stays there.
        """
        try:
            if isinstance(step, Remove):
                return await self._remove(step)
            return await self._write(step)
        except McsError as error:
            refused = None
            # An MBG that answers with a fault of its own may have done what it was asked.
            if isinstance(error, MbgRefused) and error.http_status < 500:
                refused = None if isinstance(step, Remove) else step.job
            return Failed.of(step.job, error, refused)

    async def _write(self, step: Create | Replace) -> Provisioned:
        if isinstance(step, Create):
            written = await self._client.create_device(step.device)
        else:
            written = await self._client.replace_device(step.device_id, step.device)
        return Provisioned(step.job, written.id, created=isinstance(step, Create))

    async def _remove(self, step: Remove) -> Removed:
        for device_id in step.device_ids:
            try:
                await self._client.delete_device(device_id)
            except MbgRefused as error:
                # Gone already, by hand or by a try whose answer was lost: that was wanted.
                if error.http_status != 404:
                    raise
            log.info(
                "extension %s: SIP device %s removed from the MBG", step.job.extension, device_id
            )
        return Removed(step.job, None if step.device_ids else plan.NOTHING_REMOVED)

    async def _find_device(self, job: Job, icp: IcpDocument) -> DeviceDocument | None:
        """The device that is the extension's, or ``None``.

        Raises:
            Conflict: somebody else's device has the remote name.
        """
        known = await self._known_device(job)
        if known is not None:
            return known
        for wanted in plan.lookups(job, icp):
            for device in await self._devices(wanted):
                ours = plan.made_by_us(job, device, self._client.consumer_id)
                if (ours or plan.is_for_extension(job, icp, device)) and not (
                    await self._records.taken_by_others(job, [device.id])
                ):
                    return device
                if wanted.get("set_username") == job.remote_name:
                    raise plan.name_taken(device)
        return None

    async def _known_device(self, job: Job) -> DeviceDocument | None:
        """The device whose id is stored, if it still has the name that we gave it.

        After an MBG was set up anew the id may be anybody's.
        """
        if job.device_id is None:
            return None
        try:
            device = await self._client.device(job.device_id)
        except MbgRefused as error:
            if error.http_status != 404:
                raise
            return None
        return device if device.set_username in plan.own_names(job) else None

    async def _devices(self, wanted: dict[str, str]) -> list[DeviceDocument]:
        found = await self._client.devices(**wanted)
        return [device for device in found if plan.fits(device, wanted)]

    async def _own_devices(self, job: Job) -> list[str]:
        """Ids of what this MCS has provisioned for the extension (EXT-4)."""
        known = await self._known_device(job)
        if known is not None:
            return [known.id]
        # The ICP side counts too: another extension may have been given the name meanwhile.
        return [
            device.id
            for name in plan.own_names(job)
            for device in await self._devices({"set_username": name})
            if plan.made_by_us(job, device, self._client.consumer_id)
            and device.icp_username in plan.own_icp_names(job)
        ]
