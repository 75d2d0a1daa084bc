"""Comparing what should be on the MBG with what is: pure, no calls.

Whose a device is goes by the same rules as everywhere: by id together with the set-side name that
MCS gave it, or by the name of a write that was never answered together with its creator. What is
somebody else's never makes a finding that a repair would touch (EXT-4, PRV-4).

Passwords are never read from an MBG. That it was put back from an old backup shows by what it has
forgotten: then every device that was written after its newest one is doubted as well.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from system.domain.operations import Kind
from system.mbg.documents import DeviceDocument, IcpDocument


class Drift(StrEnum):
    """What a finding is about."""

    MISSING = "missing"
    UNRECORDED = "answer lost"
    MADE_BY_HAND = "made by hand"
    NAME_TAKEN = "name taken"
    ID_REUSED = "id reused"
    OLD_NAME = "old name"
    DIFFERENT = "different"
    OTHER_ID = "other id"
    PASSWORD_DOUBTED = "password doubted"
    SET_REFUSED = "set side refused"
    ICP_MISSING = "no ICP"
    NOT_REMOVED = "not removed"
    LEFT_OVER = "left over"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One extension as MCS has it; times are epoch seconds."""

    extension_id: int
    extension: str
    use_remote: bool
    remote_name: str | None
    description: str
    node_name: str
    node_address: str | None
    icp_name: str | None
    device_id: str | None
    device_name: str | None
    unanswered_name: str | None
    created_at: float | None
    written_at: float | None

    @property
    def own_names(self) -> set[str]:
        """Set-side names under which MCS has written the device, or tried to."""
        return {name for name in (self.device_name, self.unanswered_name) if name}

    @property
    def icp_names(self) -> set[str]:
        """ICP-side names that mean the extension."""
        return {name for name in (self.icp_name, self.extension) if name}


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference; ``repair`` is the operation that settles it, if one can."""

    extension_id: int
    extension: str
    kind: Drift
    found: dict[str, Any] | None
    wanted: dict[str, Any] | None
    message: str
    repair: Kind | None


@dataclass(slots=True)
class Comparison:
    """Findings, and how many devices are nobody's of ours."""

    findings: list[Finding] = field(default_factory=list)
    foreign: int = 0


def compare(
    extensions: Sequence[Wanted],
    devices: Iterable[DeviceDocument],
    icps: Iterable[IcpDocument],
    consumer_id: str,
) -> Comparison:
    """All differences, in the order of the extensions."""
    return _Comparer(extensions, list(devices), list(icps), consumer_id).run()


class _Comparer:
    def __init__(
        self,
        extensions: Sequence[Wanted],
        devices: list[DeviceDocument],
        icps: list[IcpDocument],
        consumer_id: str,
    ) -> None:
        self._extensions = extensions
        self._consumer_id = consumer_id
        self._icps = icps
        self._icp_at = {icp.address: icp for icp in reversed(icps)}
        self._by_id = {device.id: device for device in devices}
        self._by_name = {device.set_username: device for device in devices}
        self._by_icp_side = {(d.icp_id, d.icp_username): d for d in devices}
        self._mine: dict[int, DeviceDocument] = {}
        self._result = Comparison()

    def run(self) -> Comparison:
        for wanted in self._extensions:
            device = self._own(wanted)
            if device is not None:
                self._mine[wanted.extension_id] = device
        backup_at = self._backup_older_than()
        for wanted in self._extensions:
            if wanted.use_remote:
                self._check_wanted(wanted, backup_at)
            else:
                self._check_unwanted(wanted)
        ours = {device.id for device in self._mine.values()}
        self._result.foreign = len(self._by_id) - len(ours)
        return self._result

    def _own(self, wanted: Wanted) -> DeviceDocument | None:
        """The extension's device by the rules of ownership, under whatever name it has of ours."""
        if wanted.device_id is not None:
            device = self._by_id.get(wanted.device_id)
            if device is not None and device.set_username in wanted.own_names:
                return device
        for name in sorted(wanted.own_names):
            device = self._by_name.get(name)
            if device is not None and self._made_by_us(wanted, device):
                return device
        return None

    def _made_by_us(self, wanted: Wanted, device: DeviceDocument) -> bool:
        return device.created_by == self._consumer_id and device.icp_username in wanted.icp_names

    def _backup_older_than(self) -> float | None:
        """The newest device that is there was made then; ``None`` unless newer ones are gone.

        An MBG that was put back has forgotten all that was made after its backup. One device that
        was deleted by hand looks different: newer ones are still there.
        """
        gone = [w.created_at for w in self._extensions if self._is_gone(w) and w.created_at]
        if not gone:
            return None
        present = [
            w.created_at for w in self._extensions if w.extension_id in self._mine and w.created_at
        ]
        newest = max(present, default=0.0)
        return newest if newest < min(gone) else None

    def _is_gone(self, wanted: Wanted) -> bool:
        if wanted.device_name is None or wanted.extension_id in self._mine:
            return False
        # Under an earlier name it is there all the same.
        known = self._by_id.get(wanted.device_id or "")
        return known is None or known.icp_username not in wanted.icp_names

    def _check_wanted(self, wanted: Wanted, backup_at: float | None) -> None:
        icp = self._icp_at.get(wanted.node_address or "")
        if icp is None:
            present = ", ".join(f"{one.name} ({one.address})" for one in self._icps) or "none"
            self._add(
                wanted,
                Drift.ICP_MISSING,
                None,
                f"No ICP has the address {wanted.node_address} of PBX node {wanted.node_name}. The "
                f"MBG's ICPs: {present}. Make the ICP's and the node's address equal (ICP-2).",
                None,
            )
            return
        device = self._mine.get(wanted.extension_id)
        if device is None:
            self._check_absent(wanted, icp)
        else:
            self._check_present(wanted, device, icp, backup_at)

    def _check_absent(self, wanted: Wanted, icp: IcpDocument) -> None:
        known = self._by_id.get(wanted.device_id or "")
        if known is not None:
            if known.icp_id == icp.id and known.icp_username in wanted.icp_names:
                self._add(
                    wanted,
                    Drift.OLD_NAME,
                    known,
                    "The device has another set-side name than MCS gave it: it was renamed on the "
                    "MBG, or the MBG was put back from an old backup. It would be overwritten.",
                    Kind.PROVISION,
                )
                return
            self._add(
                wanted,
                Drift.ID_REUSED,
                known,
                "The id that MCS knows is somebody else's device now. That one stays as it is; "
                "the extension would get a device of its own.",
                Kind.PROVISION,
            )
            return
        taken = self._by_name.get(wanted.remote_name or "")
        side = next(
            (
                self._by_icp_side[icp.id, name]
                for name in sorted(wanted.icp_names)
                if (icp.id, name) in self._by_icp_side
            ),
            None,
        )
        if taken is not None and taken is not side:
            self._add(
                wanted,
                Drift.NAME_TAKEN,
                taken,
                "Somebody else's device has the remote name; it is left alone. Enter another "
                "remote name for the extension, or remove that device on the MBG.",
                None,
            )
        elif side is not None:
            self._add(
                wanted,
                Drift.MADE_BY_HAND,
                side,
                "The extension has a device that MCS did not make. It would be overwritten with "
                "MCS's credentials (PRV-2).",
                Kind.PROVISION,
            )
        else:
            was_there = wanted.device_name is not None
            self._add(
                wanted,
                Drift.MISSING,
                None,
                ("The device is gone from the MBG" if was_there else "There is no device yet")
                + "; it would be made.",
                Kind.PROVISION,
            )

    def _check_present(
        self, wanted: Wanted, device: DeviceDocument, icp: IcpDocument, backup_at: float | None
    ) -> None:
        if wanted.unanswered_name is not None:
            self._add(
                wanted,
                Drift.UNRECORDED,
                device,
                "The MBG's answer to the last write got lost, and the write was done. The device "
                "would be taken over.",
                Kind.PROVISION,
            )
            return
        differing = _differences(wanted, device, icp)
        if differing:
            self._add(
                wanted,
                Drift.DIFFERENT,
                device,
                f"The device differs in {', '.join(differing)}; it would be overwritten.",
                Kind.PROVISION,
            )
        elif wanted.device_id not in (None, device.id):
            self._add(
                wanted,
                Drift.OTHER_ID,
                device,
                f"MCS knows the device as {wanted.device_id}, and on the MBG it is {device.id}: "
                "the MBG may have been put back from an old backup. It would be written again, "
                "and the id noted (EXT-5).",
                Kind.PROVISION,
            )
        elif backup_at is not None and (wanted.written_at or 0.0) > backup_at:
            self._add(
                wanted,
                Drift.PASSWORD_DOUBTED,
                device,
                "The MBG seems to have been put back from a backup that is older than this "
                "device's password; it would be written again.",
                Kind.PROVISION,
            )
        elif device.status == "refused on the set side":
            self._add(
                wanted,
                Drift.SET_REFUSED,
                device,
                "The MBG refuses the phone on the set side: its password may be another one "
                "there. It would be written again.",
                Kind.PROVISION,
            )

    def _check_unwanted(self, wanted: Wanted) -> None:
        mine = self._mine.get(wanted.extension_id)
        if mine is not None:
            self._add(
                wanted,
                Drift.NOT_REMOVED,
                mine,
                "The box is not checked, and the device that MCS made is still there. It would be "
                "removed (EXT-3).",
                Kind.REMOVE,
            )
            return
        icp = self._icp_at.get(wanted.node_address or "")
        for name in sorted(wanted.icp_names):
            device = self._by_icp_side.get((icp.id, name)) if icp is not None else None
            if device is not None and device.created_by == self._consumer_id:
                self._add(
                    wanted,
                    Drift.LEFT_OVER,
                    device,
                    "The box is not checked, and there is a device made by this consumer that MCS "
                    "does not know. It is left alone (EXT-4): remove it on the MBG, or check the "
                    "box to take it over.",
                    None,
                )
                return

    def _add(
        self,
        wanted: Wanted,
        kind: Drift,
        device: DeviceDocument | None,
        message: str,
        repair: Kind | None,
    ) -> None:
        self._result.findings.append(
            Finding(
                wanted.extension_id,
                wanted.extension,
                kind,
                None if device is None else _shown(device),
                self._should_be(wanted) if wanted.use_remote else None,
                message,
                repair,
            )
        )

    def _should_be(self, wanted: Wanted) -> dict[str, Any]:
        icp = self._icp_at.get(wanted.node_address or "")
        return {
            "id": wanted.device_id,
            "enabled": True,
            "description": wanted.description,
            "icp_id": None if icp is None else icp.id,
            "set_username": wanted.remote_name,
            "icp_username": wanted.icp_name,
            "availability": "everywhere",
        }


def _differences(wanted: Wanted, device: DeviceDocument, icp: IcpDocument) -> list[str]:
    expected = {
        "set_username": wanted.remote_name,
        "icp_id": icp.id,
        "icp_username": wanted.icp_name or device.icp_username,
        "description": wanted.description,
        "enabled": True,
        "availability": "everywhere",
    }
    return [name for name, value in expected.items() if getattr(device, name) != value]


def _shown(device: DeviceDocument) -> dict[str, Any]:
    names = ("id", "enabled", "description", "icp_id", "set_username", "icp_username")
    return {
        name: getattr(device, name) for name in (*names, "availability", "created_by", "status")
    }
