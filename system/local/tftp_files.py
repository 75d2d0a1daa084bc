"""The files that TFTP serves: none of them holds a credential, for nobody is told who asks."""

from dataclasses import dataclass
from pathlib import Path

from system.local.tftp import InMemory, Source
from system.phones.files import common_file
from system.phones.firmware import FirmwareStore
from system.phones.identity import is_mac, is_model


@dataclass(frozen=True, slots=True)
class FromFile:
    """A source that is a file on disk."""

    path: Path
    size: int

    def read(self, offset: int, count: int) -> bytes:
        """A part of it; opened each time, since a block is small and a transfer may die."""
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(count)


class TftpFiles:
    """Finds a file by its name."""

    def __init__(self, firmware: FirmwareStore) -> None:
        self._firmware = firmware

    async def find(self, name: str, own_address: str, https_port: int) -> Source | None:
        """The file, or ``None``; a leading slash is passed over.

        Args:
            own_address: the address of the MCS that local phones reach.
            https_port: where they come by HTTPS.
        """
        base, _, ending = name.lstrip("/").rpartition(".")
        if ending == "cfg":
            text = common_file(base)
            if text is None and is_mac(base):
                text = pointer(base, own_address, https_port)
            return None if text is None else InMemory(text.encode())
        if ending == "st":
            return await self._image(base)
        return None

    async def _image(self, base: str) -> Source | None:
        model, kind = base.removesuffix(".boot"), "boot" if base.endswith(".boot") else "sip"
        path = await self._firmware.target_path(model, kind) if is_model(model) else None
        return None if path is None else FromFile(path, path.stat().st_size)


def pointer(mac: str, own_address: str, https_port: int) -> str:
    """``<MAC>.cfg`` by TFTP: it sends the phone on to HTTPS, where it says who it is."""
    return (
        f"# Phone {mac}: its own configuration comes by HTTPS\n"
        "download protocol: HTTPS\n"
        f"https server: {own_address}\n"
        f"https port: {https_port}\n"
        "https validate certificates: 0\n"
    )
