"""ICPs and SIP devices of one MBG: the records behind REST and border, pure (ICP-1, PRV, EXT-4)."""

import string
from dataclasses import dataclass, field, replace
from enum import Enum

from simulators.mbg.refusals import duplicate, invalid, not_found

SHORTEST_PASSWORD = 8
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
AVAILABILITIES = ("everywhere", "sip devices only", "webrtc only")


class DeviceStatus(Enum):
    """What an administrator sees of a SIP device."""

    NEVER = "never registered"
    REGISTERED = "registered"
    UNREGISTERED = "out of service"
    REFUSED_SET_SIDE = "refused on the set side"
    REFUSED_BY_ICP = "refused by the ICP"
    NO_LICENCE = "no licence"
    ICP_SILENT = "ICP did not answer"


@dataclass(frozen=True, slots=True)
class Icp:
    """A PBX node as the MBG knows it."""

    id: str
    name: str
    address: str
    type: str = "MiVoice Office 250"

    def document(self) -> dict[str, object]:
        return {"id": self.id, "name": self.name, "address": self.address, "type": self.type}


@dataclass(frozen=True, slots=True)
class Device:
    """A SIP device: two pairs of credentials and who made it. Passwords don't show in its repr."""

    id: str
    icp_id: str
    set_username: str
    set_password: str = field(repr=False)
    icp_username: str
    icp_password: str = field(repr=False)
    enabled: bool = True
    description: str = ""
    availability: str = "everywhere"
    created_by: str = "administrator"
    status: DeviceStatus = DeviceStatus.NEVER
    licensed: bool = False

    def document(self) -> dict[str, object]:
        """The device as read through REST: without its passwords."""
        return {
            "id": self.id,
            "enabled": self.enabled,
            "description": self.description,
            "icp_id": self.icp_id,
            "set_username": self.set_username,
            "icp_username": self.icp_username,
            "availability": self.availability,
            "status": self.status.value,
            "licensed": self.licensed,
            "created_by": self.created_by,
        }


class DeviceStore:
    """All ICPs and devices of one MBG, in memory.

    Args:
        permit_weak_passwords: the MBG's setting of that name.
    """

    def __init__(self, *, permit_weak_passwords: bool = False) -> None:
        self.permit_weak_passwords = permit_weak_passwords
        self.icps: dict[str, Icp] = {}
        self.devices: dict[str, Device] = {}
        self._by_set_username: dict[str, str] = {}
        self._by_icp_username: dict[tuple[str, str], str] = {}
        self._last_id = 0
        self._last_icp_id = 0

    def add_icp(self, name: str, address: str) -> Icp:
        """Service configuration -> ICPs -> add."""
        self._last_icp_id += 1
        icp = Icp(str(self._last_icp_id), name, address)
        self.icps[icp.id] = icp
        return icp

    def change_icp(self, icp_id: str, *, address: str) -> Icp:
        """Change an ICP's Hostname or IP Address."""
        self.icps[icp_id] = replace(self.icps[icp_id], address=address)
        return self.icps[icp_id]

    def by_set_username(self, name: str) -> Device | None:
        """The device that a set calls itself by."""
        return self.devices.get(self._by_set_username.get(name, ""))

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
        for name in ("icp_id", "set_username", "set_password"):
            if not values.get(name):
                raise invalid({name: "is needed"})
        device = self._device(str(self._last_id + 1), values, created_by)
        self._check_unique(device)
        self._last_id += 1
        self._put(device)
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

    def note(self, device_id: str, status: DeviceStatus, *, licensed: bool) -> None:
        """Write down what the border found."""
        device = self.devices.get(device_id)
        if device is not None:
            self.devices[device_id] = replace(device, status=status, licensed=licensed)

    def restarted(self) -> None:
        """Nobody is registered any more, nobody holds a licence."""
        for device in list(self.devices.values()):
            registered = device.status is DeviceStatus.REGISTERED
            status = DeviceStatus.UNREGISTERED if registered else device.status
            self.note(device.id, status, licensed=False)

    def _change(self, old: Device, new: Device) -> Device:
        self._check_unique(new)
        new = replace(new, status=old.status, licensed=old.licensed)
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
        fields = _Fields(values)
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
            availability=fields.text("availability") or "everywhere",
            created_by=created_by,
        )
        fields.refuse_unknown()
        if device.icp_id not in self.icps:
            fields.problems["icp_id"] = f"there is no ICP {device.icp_id}"
        if device.availability not in AVAILABILITIES:
            fields.problems["availability"] = f"must be one of {', '.join(AVAILABILITIES)}"
        if not set_username:
            fields.problems["set_username"] = "must not be empty"
        if not self.permit_weak_passwords:
            self._check_passwords(device, fields)
        if fields.problems:
            raise invalid(fields.problems)
        return device

    @staticmethod
    def _check_passwords(device: Device, fields: "_Fields") -> None:
        sides = (
            ("set_password", device.set_username, device.set_password),
            ("icp_password", device.icp_username, device.icp_password),
        )
        for name, username, password in sides:
            weakness = weak(username, password)
            if weakness:
                fields.problems[name] = f"is weak: {weakness}"


class _Fields:
    """Reads typed fields out of a JSON document and collects what is wrong with them."""

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values
        self.problems: dict[str, str] = {}

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        if not isinstance(value, str):
            self.problems[name] = "must be text"
            return ""
        if len(value) > 255 or any(ord(c) < 32 or "\ud800" <= c <= "\udfff" for c in value):
            self.problems[name] = "must be of at most 255 printable characters"
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            self.problems[name] = "must be true or false"
            return default
        return value

    def refuse_unknown(self) -> None:
        for name in self.values:
            if name not in WRITABLE:
                self.problems[name] = "is unknown or can't be written"


def weak(username: str, password: str) -> str:
    """Why the MBG calls a password weak; "" when it does not."""
    if len(password) < SHORTEST_PASSWORD:
        return f"shorter than {SHORTEST_PASSWORD} characters"
    if password == username:
        return "equal to the user name"
    kinds = (string.ascii_letters, string.digits, string.punctuation)
    if sum(any(c in kind for c in password) for kind in kinds) < 2:
        return "only one of letters, digits and punctuation"
    return ""
