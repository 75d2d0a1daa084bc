"""What has to be done on the MBG for one extension: pure decisions, no calls.

The worker loads a ``Job``, the executor carries it out by what is decided here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from system.domain.credentials import Sealed
from system.domain.gates import ct_gateway_gate, pbx_gate
from system.domain.operations import Event, Kind
from system.errors import (
    AccessRefused,
    Conflict,
    IcpNotFound,
    MbgAnswerUnusable,
    MbgBusy,
    MbgUnreachable,
    McsError,
    NotReady,
    ServicesStopped,
)
from system.mbg.documents import DeviceDocument, DeviceToWrite, IcpDocument

NOTHING_REMOVED = (
    "Nothing was removed from the MBG: MCS knows no SIP device that it provisioned for this "
    "extension. One made by hand stays until it is removed on the MBG (EXT-4)."
)


@dataclass(frozen=True, slots=True)
class Job:
    """One operation with everything that it needs, as read when it was started."""

    operation_id: int
    kind: Kind
    extension_id: int
    extension: str
    name: str
    node_name: str
    node_address: str | None
    node_release: str | None
    ct_gateway_release: str | None
    internal_auth_name: str | None
    internal_auth_password: str | None = field(repr=False)
    remote_name: str | None
    remote_password: str | None = field(repr=False)
    sealed_password: Sealed | None
    """The same, as it is stored."""
    device_id: str | None
    device_name: str | None
    unanswered_name: str | None
    due_at: float | None = None
    """Epoch second at which the operation was due."""


def check_ready(job: Job) -> None:
    """Raise unless all that the MBG has to be told is there.

    Raises:
        GateClosed: PBX or CT Gateway are too old (PRE-3, PRE-4).
        NotReady: credentials or the node's address are missing.
    """
    # Credentials that came once stay usable: only their absence makes the releases matter.
    if not (job.internal_auth_name and job.internal_auth_password):
        closed = ct_gateway_gate(job.ct_gateway_release) or pbx_gate(
            job.node_name, job.node_release
        )
        if closed is not None:
            raise closed
        raise NotReady(
            "pbx_credentials_missing",
            f"The PBX has not handed over SIP credentials for extension {job.extension}. "
            "Synchronize the phone system.",
            requirement="API-1",
        )
    if not job.node_address:
        raise NotReady(
            "node_address_missing",
            f"PBX node {job.node_name} has no address. Enter it on the phone system's page.",
            requirement="ICP-2",
        )


def matching_icp(job: Job, icps: Iterable[IcpDocument]) -> IcpDocument | None:
    """The ICP whose address is the node's, letter by letter (ICP-2)."""
    return next((icp for icp in icps if icp.address == job.node_address), None)


def icp_missing(job: Job, icps: Collection[IcpDocument]) -> IcpNotFound:
    """The error that names the node, its address and the ICPs that there are (ICP-2)."""
    present = ", ".join(f"{icp.name} ({icp.address})" for icp in icps) or "none"
    return IcpNotFound(
        "icp_not_found",
        f"No ICP on the MBG has the address {job.node_address} of PBX node {job.node_name}. The "
        f"MBG's ICPs: {present}. Make the Hostname or IP Address of the ICP and the node's address "
        "equal.",
        requirement="ICP-2",
    )


def device_for(job: Job, icp: IcpDocument) -> DeviceToWrite:
    """The whole SIP device as it has to be on the MBG (API-1)."""
    assert job.remote_name and job.remote_password
    assert job.internal_auth_name and job.internal_auth_password
    return DeviceToWrite(
        description=f"{job.extension} {job.name}".strip(),
        icp_id=icp.id,
        set_username=job.remote_name,
        set_password=job.remote_password,
        icp_username=job.internal_auth_name,
        icp_password=job.internal_auth_password,
    )


def lookups(job: Job, icp: IcpDocument) -> list[dict[str, str]]:
    """Filters that may find the extension's device, the surest first.

    The name of an unanswered write comes first, so a lost answer never makes a second device; the
    ICP side comes last and finds what was made by hand (PRV-2).
    """
    names = _distinct(job.unanswered_name, job.remote_name)
    icp_names = own_icp_names(job)
    return [{"set_username": name} for name in names] + [
        {"icp_username": name, "icp_id": icp.id} for name in icp_names
    ]


def fits(device: DeviceDocument, wanted: dict[str, str]) -> bool:
    """Whether the device is what was asked for; an MBG that filters loosely must not mislead us."""
    return all(getattr(device, name) == value for name, value in wanted.items())


def own_names(job: Job) -> list[str]:
    """Set-side names under which MCS has written the extension's device, or tried to."""
    return _distinct(job.device_name, job.unanswered_name)


def own_icp_names(job: Job) -> list[str]:
    """ICP-side names that mean the extension."""
    return _distinct(job.internal_auth_name, job.extension)


def made_by_us(job: Job, device: DeviceDocument, consumer_id: str) -> bool:
    """Whether MCS has created the device for the extension, going by name and creator."""
    return device.set_username in own_names(job) and device.created_by == consumer_id


def is_for_extension(job: Job, icp: IcpDocument, device: DeviceDocument) -> bool:
    """Whether the device's ICP side is the extension at its node (PRV-2)."""
    return device.icp_id == icp.id and device.icp_username in own_icp_names(job)


def name_taken(device: DeviceDocument) -> Conflict:
    """The error when the remote name is that of somebody else's device."""
    return Conflict(
        "remote_name_taken_on_mbg",
        f"The MBG's SIP device {device.id} has the remote name {device.set_username} already, for "
        f"{device.icp_username} at ICP {device.icp_id}; it was left alone. Enter another remote "
        "name for this extension, or remove that device on the MBG.",
        field="remote_name",
        requirement="PRV-2",
    )


def event_for(error: McsError) -> Event:
    """Whether an operation that failed so waits, or needs a person first.

    It waits where access as a whole is missing: then nothing is wrong with this extension.
    """
    if isinstance(
        error,
        (NotReady, MbgUnreachable, MbgAnswerUnusable, AccessRefused, ServicesStopped, MbgBusy),
    ):
        return Event.PUT_OFF
    return Event.NEEDS_A_PERSON


def _distinct(*values: str | None) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))
