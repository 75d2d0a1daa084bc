"""Carrying out one operation on the MBG, so that doing it twice is doing it once.

Look first, write then: an own device by its id, one whose create was never answered by its name,
one made by hand by its ICP side (PRV-2). Whatever is found is overwritten; only if nothing is found
a device is made, after a note in the database that it is being made.
"""

import logging

from system.domain.operations import Kind
from system.errors import MbgRefused
from system.mbg.client import MbgClient
from system.mbg.documents import IcpDocument
from system.provisioning import plan
from system.provisioning.plan import Job
from system.provisioning.records import Records

log = logging.getLogger("mcs.provisioning")


class IcpFinder:
    """Finds ICPs, asking the MBG once per node; made anew for each pass of the worker."""

    def __init__(self, client: MbgClient) -> None:
        self._client = client
        self._found: dict[str, IcpDocument] = {}

    async def find(self, job: Job) -> IcpDocument:
        """The ICP of the job's node.

        Raises:
            IcpNotFound: none has the node's address (ICP-2).
            MbgError: the MBG refused, or did not answer.
        """
        assert job.node_address is not None
        if job.node_address not in self._found:
            icp = plan.matching_icp(job, await self._client.icps(address=job.node_address))
            if icp is None:
                raise plan.icp_missing(job, await self._client.icps())
            self._found[job.node_address] = icp
        return self._found[job.node_address]


async def execute(client: MbgClient, icps: IcpFinder, job: Job, records: Records) -> None:
    """Carry the job out and record its end.

    Raises:
        McsError: it did not succeed; nothing half-made stays on the MBG.
        Replaced: a newer operation has taken its place.
    """
    if job.kind is Kind.REMOVE:
        await _remove(client, job, records)
    else:
        await _provision(client, icps, job, records)


async def _provision(client: MbgClient, icps: IcpFinder, job: Job, records: Records) -> None:
    plan.check_ready(job)
    icp = await icps.find(job)
    device = plan.device_for(job, icp)
    device_id = await _find_device(client, job, icp, records)
    if device_id is not None:
        await records.about_to_replace(job)
        written = await client.replace_device(device_id, device)
    else:
        await records.about_to_create(job)
        try:
            written = await client.create_device(device)
        except MbgRefused:
            await records.create_refused(job)
            raise
    await records.provisioned(job, written.id)
    log.info(
        "extension %s provisioned on the MBG: SIP device %s %s",
        job.extension,
        written.id,
        "created" if device_id is None else "overwritten",
    )


async def _find_device(
    client: MbgClient, job: Job, icp: IcpDocument, records: Records
) -> str | None:
    """Id of the device that is the extension's, or ``None``."""
    if job.device_id is not None and await _exists(client, job.device_id):
        return job.device_id
    for wanted in plan.lookups(job, icp):
        found = [
            device.id for device in await client.devices(**wanted) if plan.fits(device, wanted)
        ]
        taken = await records.taken_by_others(job, found) if found else set()
        for device_id in found:
            if device_id not in taken:
                return device_id
    return None


async def _exists(client: MbgClient, device_id: str) -> bool:
    try:
        await client.device(device_id)
    except MbgRefused as error:
        if error.http_status != 404:
            raise
        return False
    return True


async def _remove(client: MbgClient, job: Job, records: Records) -> None:
    removed = 0
    for device_id in await _own_devices(client, job):
        try:
            await client.delete_device(device_id)
        except MbgRefused as error:
            # Gone already, by hand or by a try whose answer was lost: that is what was wanted.
            if error.http_status != 404:
                raise
        removed += 1
        log.info("extension %s: SIP device %s removed from the MBG", job.extension, device_id)
    await records.removed(job, None if removed else plan.NOTHING_REMOVED)


async def _own_devices(client: MbgClient, job: Job) -> list[str]:
    """Ids of what this MCS has made for the extension (EXT-4)."""
    if job.device_id is not None:
        return [job.device_id]
    if job.create_name is None:
        return []
    wanted = {"set_username": job.create_name}
    return [
        device.id
        for device in await client.devices(**wanted)
        if plan.fits(device, wanted) and device.created_by == client.consumer_id
    ]
