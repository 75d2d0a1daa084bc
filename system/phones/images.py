"""Images for keys and screens: checking a PNG, keeping it in a folder, finding its file."""

import asyncio
import re
import struct
import zlib
from pathlib import Path

from system.errors import InvalidInput, NotFound

LARGEST_IMAGE = 512 * 1024
LARGEST_SIDE = 1920
MOST_IMAGES = 500

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def is_image_name(text: str) -> bool:
    """Whether a text may name an image: letters, digits, ``-`` and ``_``."""
    return _NAME.fullmatch(text) is not None


def png_size(octets: bytes) -> tuple[int, int]:
    """Width and height of a whole PNG (its chunks and their checksums, not its pixels).

    Raises:
        InvalidInput: no PNG, or a damaged or too large one.
    """
    if len(octets) > LARGEST_IMAGE:
        raise _refused(f"it has {len(octets)} octets; at most {LARGEST_IMAGE} are taken")
    if not octets.startswith(_SIGNATURE):
        raise _refused("it is no PNG")
    position, size, kind = len(_SIGNATURE), None, b""
    while position < len(octets):
        if len(octets) - position < 12:
            raise _refused("it is cut off")
        length, kind = struct.unpack_from(">I4s", octets, position)
        end = position + 12 + length
        if end > len(octets):
            raise _refused("it is cut off")
        body = octets[position + 4 : end - 4]
        if zlib.crc32(body) != int.from_bytes(octets[end - 4 : end], "big"):
            raise _refused("a chunk of it is damaged")
        if size is None:
            if kind != b"IHDR" or length != 13:
                raise _refused("it does not begin with its header")
            size = struct.unpack_from(">II", body, 4)
        position = end
    if size is None or kind != b"IEND":
        raise _refused("it is cut off")
    width, height = size
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise _refused(f"it is {width} by {height}; at most {LARGEST_SIDE} by {LARGEST_SIDE} are")
    return width, height


class ImageStore:
    """``<name>.png`` in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, octets: bytes) -> tuple[int, int]:
        """Check and keep an image; its width and height.

        Raises:
            InvalidInput: a name or an image that cannot be taken.
        """
        if not is_image_name(name):
            raise InvalidInput(
                "invalid", "A name has 1 to 64 letters, digits, - and _.", field="name"
            )
        size = png_size(octets)
        await asyncio.to_thread(self._write, name, octets)
        return size

    async def all(self) -> list[str]:
        """All names, in order."""
        return await asyncio.to_thread(
            lambda: sorted(path.stem for path in self._folder.glob("*.png"))
        )

    async def read(self, name: str) -> bytes | None:
        """Its octets, or ``None``."""
        path = self.path(name)
        return None if path is None else await asyncio.to_thread(path.read_bytes)

    async def remove(self, name: str) -> None:
        """Delete one.

        Raises:
            NotFound: there is none.
        """
        path = self.path(name)
        if path is None:
            raise NotFound("not_found", f"There is no image {name[:64]!r}.")
        await asyncio.to_thread(path.unlink)

    def path(self, name: str) -> Path | None:
        """Its file, or ``None``."""
        path = self._folder / f"{name}.png"
        return path if is_image_name(name) and path.is_file() else None

    def _write(self, name: str, octets: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.png"
        if not path.exists() and len(list(self._folder.glob("*.png"))) >= MOST_IMAGES:
            raise InvalidInput(
                "too_many", f"There are {MOST_IMAGES} images already; delete some.", field="name"
            )
        partial = path.with_suffix(".part")
        partial.write_bytes(octets)
        partial.replace(path)


def _refused(why: str) -> InvalidInput:
    return InvalidInput("image_refused", f"The image is refused: {why}.", field="image")
