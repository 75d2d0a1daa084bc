"""Firmware images: checking one, keeping one per model, finding its file.

Image: line 1 ``TELEWORKER-FIRMWARE/1``, line 2 a JSON object, then exactly ``size`` octets
(``docs/wire.md`` section 3). The folder is the only store; an image appears in it whole or not at
all.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from system.errors import InvalidInput

MAGIC = b"TELEWORKER-FIRMWARE/1"
LARGEST_IMAGE = 256 * 1024 * 1024
_LONGEST_HEADER = 4096


class ImageHeader(BaseModel):
    """Line 2 of an image."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    model: Annotated[str, Field(pattern=r"^\d{4}[a-z]{0,2}$")]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    kind: Literal["sip", "minet", "boot"]
    size: Annotated[int, Field(ge=0, le=LARGEST_IMAGE)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class Firmware:
    """One image as the API lists it; ``size`` in octets, header not counted."""

    model: str
    version: str
    kind: str
    size: int


def parse_image(image: bytes) -> ImageHeader:
    """The header of an image whose content fits it.

    Raises:
        InvalidInput: no image, or a damaged one.
    """
    magic, _, rest = image.partition(b"\n")
    if magic != MAGIC:
        raise _refused("it does not begin with the line TELEWORKER-FIRMWARE/1")
    header_line, separator, content = rest.partition(b"\n")
    if not separator or len(header_line) > _LONGEST_HEADER:
        raise _refused("its second line is missing or too long")
    try:
        header = ImageHeader.model_validate_json(header_line)
    except ValidationError as error:
        names = ", ".join(sorted({".".join(map(str, item["loc"])) for item in error.errors()}))
        raise _refused(f"its header is wrong at: {names or 'JSON'}") from None
    if len(content) != header.size:
        raise _refused(f"it holds {len(content)} octets where its header says {header.size}")
    if hashlib.sha256(content).hexdigest() != header.sha256:
        raise _refused("its content does not have the digest in its header")
    return header


class FirmwareStore:
    """The images in one folder, ``<model>.st`` each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, model: str, image: bytes) -> Firmware:
        """Check and keep an image, in place of the model's earlier one.

        Raises:
            InvalidInput: damaged, or made for another model.
        """
        return await asyncio.to_thread(self._put, model, image)

    async def all(self) -> list[Firmware]:
        """All images, by model."""
        return await asyncio.to_thread(self._all)

    def path(self, model: str) -> Path | None:
        """File of the model's image, or ``None``; ``model`` must be checked by ``is_model``."""
        path = self._folder / f"{model}.st"
        return path if path.is_file() else None

    def _put(self, model: str, image: bytes) -> Firmware:
        header = parse_image(image)
        if header.model != model:
            raise _refused(f"it is made for model {header.model}, not {model}", field="model")
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f"{model}.part"
        partial.write_bytes(image)
        partial.replace(self._folder / f"{model}.st")
        return Firmware(header.model, header.version, header.kind, header.size)

    def _all(self) -> list[Firmware]:
        return [_read_header(path) for path in sorted(self._folder.glob("*.st"))]


def _read_header(path: Path) -> Firmware:
    """The header alone; the content was checked when the image was put."""
    with path.open("rb") as file:
        file.readline(_LONGEST_HEADER)
        header = ImageHeader.model_validate_json(file.readline(_LONGEST_HEADER))
    return Firmware(header.model, header.version, header.kind, header.size)


def _refused(why: str, field: str = "image") -> InvalidInput:
    return InvalidInput(
        "firmware_refused",
        f"The firmware image is refused: {why}.",
        field=field,
        requirement="PHN-3",
    )
