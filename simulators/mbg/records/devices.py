"""All ICPs and SIP devices of one MBG: kept unique, checked, found, pure (ICP-1, PRV, EXT-4)."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from simulators.mbg.records.device_fields import Fields
from simulators.mbg.records.device_fields import weak as weak
from simulators.mbg.records.device_records import AVAILABILITIES as AVAILABILITIES
from simulators.mbg.records.device_records import Availability as Availability
from simulators.mbg.records.device_records import Device as Device
from simulators.mbg.records.device_records import DeviceStatus as DeviceStatus
from simulators.mbg.records.device_records import Icp as Icp
from simulators.mbg.records.icp_fields import icp_of
from simulators.mbg.refusals import duplicate, invalid, not_found

WRITABLE = (
    "enabled",
    "description",
    "icp_id",
    "set_username",
    "set_password",
    "icp_username",
    "icp_password",
    "availability",
)


class DeviceStore:
    """All ICPs and devices of one MBG, in memory.

    Args:
        permit_weak_passwords: the MBG's setting of that name.
    """

    def __init__(self, *, permit_weak_passwords: bool = False) -> None:
        self.permit_weak_passwords = permit_weak_passwords
        self.icps: dict[str, Icp] = {}
        self.devices: dict[str, Device] = {}
        self.on_created: list[Callable[[Device], None]] = []
        """Told of each new device."""
        self._by_set_username: dict[str, str] = {}
        self._by_icp_username: dict[tuple[str, str], str] = {}
        self._last_id = 0
        self._last_icp_id = 0

    def add_icp(self, name: str, address: str, ip: str | None = None) -> Icp:
        """Service configuration -> ICPs -> add.

        Args:
            address: Hostname or IP Address.
            ip: what a host name stands for; an IPv4 address stands for itself.

        Raises:
            Refused: 422 with a reason per field.
        """
        icp = icp_of(str(self._last_icp_id + 1), name, address, ip)
        self._last_icp_id += 1
        self.icps[icp.id] = icp
        return icp

    def change_icp(self, icp_id: str, *, address: str, ip: str | None = None) -> Icp:
        """Change an ICP's Hostname or IP Address; like `add_icp`."""
        self.icps[icp_id] = icp_of(icp_id, self.icps[icp_id].name, address, ip)
        return self.icps[icp_id]

    def by_set_username(self, name: str) -> Device | None:
        """The device that a set calls itself by."""
        return self.devices.get(self._by_set_username.get(name, ""))

    def by_icp_username(self, icp_ip: str, name: str) -> Device | None:
        """The device that the ICP at this IP address calls by that name."""
        for icp in self.icps.values():
            device_id = self._by_icp_username.get((icp.id, name), "")
            if icp.ip == icp_ip and device_id:
                return self.devices[device_id]
        return None

    def get(self, device_id: str) -> Device:
        """One device.

        Raises:
            Refused: 404.
        """
        device = self.devices.get(device_id)
        if device is None:
            raise not_found(f"device {device_id}")
        return device

    def create(self, values: dict[str, object], created_by: str) -> Device:
        """Make a device of a JSON document.

        Raises:
            Refused: 422 with a reason per field, or 409 with the other device's id.
        """
        absent = [n for n in ("icp_id", "set_username", "set_password") if not values.get(n)]
        if absent:
            raise invalid(dict.fromkeys(absent, "is needed"))
        device = self._device(str(self._last_id + 1), values, created_by)
        self._check_unique(device)
        self._last_id += 1
        self._put(device)
        for told in self.on_created:
            told(device)
        return device

    def replace(self, device_id: str, values: dict[str, object]) -> Device:
        """PUT: every writable field anew; passwords that are left out stay."""
        old = self.get(device_id)
        kept = {"set_password": old.set_password, "icp_password": old.icp_password}
        return self._change(old, self._device(old.id, kept | values, old.created_by))

    def patch(self, device_id: str, values: dict[str, object]) -> Device:
        """PATCH: the fields given."""
        old = self.get(device_id)
        kept = {name: getattr(old, name) for name in WRITABLE}
        return self._change(old, self._device(old.id, kept | values, old.created_by))

    def delete(self, device_id: str) -> Device:
        """Remove a device; returns what it was."""
        device = self.get(device_id)
        del self.devices[device_id]
        del self._by_set_username[device.set_username]
        del self._by_icp_username[device.icp_id, device.icp_username]
        return device

    def find(
        self,
        *,
        set_username: str | None = None,
        icp_username: str | None = None,
        icp_id: str | None = None,
        status: DeviceStatus | None = None,
        search: str | None = None,
    ) -> list[Device]:
        """Devices that fit all that is given, in the order they were made.

        Args:
            search: a part of either user name or the description, in any case.
        """
        part = (search or "").lower()
        return [
            device
            for device in self._candidates(set_username, icp_username)
            if (set_username is None or device.set_username == set_username)
            and (icp_username is None or device.icp_username == icp_username)
            and (icp_id is None or device.icp_id == icp_id)
            and (status is None or device.shown_status is status)
            and (not part or part in device.searched)
        ]

    def find_icps(
        self, *, address: str | None = None, name: str | None = None, search: str | None = None
    ) -> list[Icp]:
        """ICPs that fit all that is given; `search`: a part of name or address, in any case."""
        part = (search or "").lower()
        return [
            icp
            for icp in self.icps.values()
            if (address is None or icp.address == address)
            and (name is None or icp.name == name)
            and (not part or part in f"{icp.name}\n{icp.address}".lower())
        ]

    def note(
        self, device_id: str, status: DeviceStatus, *, licensed: bool, detail: str = ""
    ) -> None:
        """Write down what the border found; `detail` is the reason in words."""
        device = self.devices.get(device_id)
        if device is not None:
            self.devices[device_id] = replace(
                device, status=status, licensed=licensed, status_detail=detail
            )

    @property
    def made(self) -> tuple[int, int]:
        """How many ICPs and devices there ever were; ids are never given again."""
        return self._last_icp_id, self._last_id

    def restore(
        self, icps: Iterable[Icp], devices: Iterable[Device], made: tuple[int, int]
    ) -> None:
        """Hold these records, which `made` of an earlier store belongs to, in an empty store."""
        self.icps = {icp.id: icp for icp in icps}
        for device in devices:
            self._put(device)
        self._last_icp_id, self._last_id = made

    def restarted(self) -> None:
        """Nobody is registered any more, nobody holds a licence."""
        for device in list(self.devices.values()):
            registered = device.status is DeviceStatus.REGISTERED
            status = DeviceStatus.UNREGISTERED if registered else device.status
            detail = "" if registered else device.status_detail
            self.note(device.id, status, licensed=False, detail=detail)

    def _candidates(self, set_username: str | None, icp_username: str | None) -> Iterable[Device]:
        """Few devices where a user name is asked for: all others can't fit."""
        if set_username is not None:
            found = self.by_set_username(set_username)
            return [found] if found is not None else []
        if icp_username is not None:
            ids = (self._by_icp_username.get((icp_id, icp_username)) for icp_id in self.icps)
            return [self.devices[device_id] for device_id in ids if device_id is not None]
        return self.devices.values()

    def _change(self, old: Device, new: Device) -> Device:
        self._check_unique(new)
        new = replace(
            new, status=old.status, licensed=old.licensed, status_detail=old.status_detail
        )
        del self._by_set_username[old.set_username]
        del self._by_icp_username[old.icp_id, old.icp_username]
        self._put(new)
        return new

    def _put(self, device: Device) -> None:
        self.devices[device.id] = device
        self._by_set_username[device.set_username] = device.id
        self._by_icp_username[device.icp_id, device.icp_username] = device.id

    def _check_unique(self, device: Device) -> None:
        same_set = self._by_set_username.get(device.set_username, device.id)
        if same_set != device.id:
            raise duplicate("set_username", same_set)
        icp_side = (device.icp_id, device.icp_username)
        same_icp = self._by_icp_username.get(icp_side, device.id)
        if same_icp != device.id:
            raise duplicate("icp_username", same_icp)

    def _device(self, device_id: str, values: dict[str, object], created_by: str) -> Device:
        fields = Fields(values)
        set_username, set_password = fields.text("set_username"), fields.text("set_password")
        device = Device(
            id=device_id,
            icp_id=fields.text("icp_id"),
            set_username=set_username,
            set_password=set_password,
            icp_username=fields.text("icp_username") or set_username,
            icp_password=fields.text("icp_password") or set_password,
            enabled=fields.flag("enabled", True),
            description=fields.text("description"),
            availability=fields.choice("availability", AVAILABILITIES),
            created_by=created_by,
        )
        fields.refuse_unknown(WRITABLE)
        if device.icp_id not in self.icps:
            fields.refuse("icp_id", f"there is no ICP {device.icp_id}")
        if not set_username:
            fields.refuse("set_username", "must not be empty")
        if not self.permit_weak_passwords:
            fields.refuse_weak("set_password", device.set_username, device.set_password)
            fields.refuse_weak("icp_password", device.icp_username, device.icp_password)
        fields.finish()
        return device
