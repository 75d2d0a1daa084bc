"""The pool of teleworker licences (PRV-3): counted while registered, pure."""


class LicencePool:
    """`size` licences; a device holds one from its first registration until that ends.

    `available` is False while the licence server is away: no device gets a licence that has none,
    and who holds one keeps it. `high_water` is the most that were held at a time.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.available = True
        self.high_water = 0
        self._holders: set[str] = set()

    @property
    def in_use(self) -> int:
        return len(self._holders)

    @property
    def holders(self) -> frozenset[str]:
        """The ids of the devices that hold one."""
        return frozenset(self._holders)

    @property
    def shortage(self) -> str:
        """Why a device that holds none gets none now, as it is told; "" when it would get one."""
        if not self.available:
            return "No teleworker licence can be given: the licence server is away"
        if len(self._holders) >= self.size:
            return "No teleworker licence is free on this MBG"
        return ""

    def holds(self, device_id: str) -> bool:
        """Whether the device has a licence."""
        return device_id in self._holders

    def take(self, device_id: str) -> bool:
        """Give the device a licence, if one can be had or it holds one already."""
        if device_id in self._holders:
            return True
        if self.shortage:
            return False
        self._holders.add(device_id)
        self.high_water = max(self.high_water, len(self._holders))
        return True

    def release(self, device_id: str) -> None:
        """Take the licence back; none held is fine."""
        self._holders.discard(device_id)
