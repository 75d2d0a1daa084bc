"""Carrying out one operation on the MBG, so that doing it twice is doing it once.

Look first, write then: an own device by its id and name, one whose create was never answered by its
name, one made by hand by its ICP side (PRV-2). What is found so is overwritten; only if nothing is
found a device is made. Either is noted in the database before it is sent. A device that is somebody
else's is neither overwritten nor removed, whatever id or name it has (EXT-4, PRV-4).
"""

import logging

from system.domain.operations import Kind
from system.errors import MbgRefused
from system.mbg.client import MbgClient
from system.mbg.documents import DeviceDocument, IcpDocument
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
    found = await _find_device(client, job, icp, records)
    if found is not None:
        own_name = found.set_username if found.set_username in plan.own_names(job) else None
        await records.about_to_replace(job, found.id, own_name)
    else:
        await records.about_to_create(job)
    try:
        if found is not None:
            written = await client.replace_device(found.id, device)
        else:
            written = await client.create_device(device)
    except MbgRefused as error:
        # An MBG that answers with a fault of its own may have done what it was asked.
        if error.http_status < 500:
            await records.write_refused(job)
        raise
    await records.provisioned(job, written.id)
    log.info(
        "extension %s provisioned on the MBG: SIP device %s %s",
        job.extension,
        written.id,
        "created" if found is None else "overwritten",
    )


async def _find_device(
    client: MbgClient, job: Job, icp: IcpDocument, records: Records
) -> DeviceDocument | None:
    """The device that is the extension's, or ``None``.

    Raises:
        Conflict: somebody else's device has the remote name.
    """
    known = await _known_device(client, job)
    if known is not None:
        return known
    for wanted in plan.lookups(job, icp):
        for device in await _devices(client, wanted):
            ours = plan.made_by_us(job, device, client.consumer_id)
            if (ours or plan.is_for_extension(job, icp, device)) and not (
                await records.taken_by_others(job, [device.id])
            ):
                return device
            if wanted.get("set_username") == job.remote_name:
                raise plan.name_taken(device)
    return None


async def _known_device(client: MbgClient, job: Job) -> DeviceDocument | None:
    """The device whose id is stored, if it still has the name that we gave it.

    After an MBG was set up anew the id may be anybody's.
    """
    if job.device_id is None:
        return None
    try:
        device = await client.device(job.device_id)
    except MbgRefused as error:
        if error.http_status != 404:
            raise
        return None
    return device if device.set_username in plan.own_names(job) else None


async def _devices(client: MbgClient, wanted: dict[str, str]) -> list[DeviceDocument]:
    return [device for device in await client.devices(**wanted) if plan.fits(device, wanted)]


async def _remove(client: MbgClient, job: Job, records: Records) -> None:
    removed = 0
    for device_id in await _own_devices(client, job):
        await records.still_ours(job)
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
    """Ids of what this MCS has provisioned for the extension (EXT-4)."""
    known = await _known_device(client, job)
    if known is not None:
        return [known.id]
    # The ICP side counts too: another extension may have been given the name meanwhile.
    return [
        device.id
        for name in plan.own_names(job)
        for device in await _devices(client, {"set_username": name})
        if plan.made_by_us(job, device, client.consumer_id)
        and device.icp_username in plan.own_icp_names(job)
    ]
