"""Who is registered at an estate's MBG and node and who holds a licence, by name, for bursts.

The MBG's devices are named by the extension that they register at the node, so that all three
places speak of the same. An extension that is an item of the burst is told by the item's number,
as a bitmap (`simulators.bitmaps`), so that 60,000 take one short line; any other by itself.
"""

from collections.abc import Iterable, Mapping

from simulators.bitmaps import pack
from simulators.estate.estate import Estate


def who(estate: Estate, numbers: Mapping[str, int]) -> dict[str, dict[str, object]]:
    """Who is registered, and who holds a licence, by place.

    Args:
        numbers: extension -> number of its item.

    Returns:
        `mbg`, `pbx` and `licences`, each {"items": bitmap of numbers, "others": [name]}.
    """
    mbg = estate.mbg
    devices = mbg.store.devices

    def extension(device_id: str) -> str:
        device = devices.get(device_id)
        return f"device {device_id}" if device is None else device.icp_username

    return {
        "mbg": _told(map(extension, mbg.border.bindings), numbers),
        "pbx": _told(estate.node.registered_extensions(), numbers),
        "licences": _told(map(extension, mbg.licences.holders), numbers),
    }


def _told(names: Iterable[str], numbers: Mapping[str, int]) -> dict[str, object]:
    items, others = [], []
    for name in names:
        number = numbers.get(name)
        if number is None:
            others.append(name)
        else:
            items.append(number)
    return {"items": pack(items), "others": sorted(others)}
