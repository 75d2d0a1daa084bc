"""The pool of teleworker licences (PRV-3): counted while registered, pure."""


class LicencePool:
    """`size` licences; a device holds one from its first registration until that ends."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.high_water = 0
        self._holders: set[str] = set()

    @property
    def in_use(self) -> int:
        return len(self._holders)

    def holds(self, device_id: str) -> bool:
        """Whether the device has a licence."""
        return device_id in self._holders

    def take(self, device_id: str) -> bool:
        """Give the device a licence, if one is free or it holds one already."""
        if device_id in self._holders:
            return True
        if len(self._holders) >= self.size:
            return False
        self._holders.add(device_id)
        self.high_water = max(self.high_water, len(self._holders))
        return True

    def release(self, device_id: str) -> None:
        """Take the licence back; none held is fine."""
        self._holders.discard(device_id)
