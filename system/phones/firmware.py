"""Firmware images: checking one, keeping several per model, finding the one that phones are given.

Image: line 1 ``TELEWORKER-FIRMWARE/1``, line 2 a JSON object, then exactly ``size`` octets
(``docs/wire.md`` section 3). The folder is the only store; an image appears in it whole or not at
all.
"""

import asyncio
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from system.errors import Conflict, InvalidInput, NotFound

MAGIC = b"TELEWORKER-FIRMWARE/1"
LARGEST_IMAGE = 256 * 1024 * 1024
_LONGEST_HEADER = 4096
_TARGETS = "targets.json"
SIP: Literal["sip"] = "sip"
KINDS = ("sip", "minet", "boot")
VERSION = r"^[0-9A-Za-z][0-9A-Za-z.]{0,63}$"


class ImageHeader(BaseModel):
    """Line 2 of an image."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    model: Annotated[str, Field(pattern=r"^\d{4}[a-z]{0,2}$")]
    version: Annotated[str, Field(pattern=VERSION)]
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
    target: bool
    """Whether it is what phones of the model are given."""


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
    """The images in one folder: ``<model>/<kind>-<version>.img``, and each model's targets.

    The target of a model and kind is the version that phones are given; the newest upload is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, model: str, image: bytes) -> Firmware:
        """Check and keep an image; it becomes the model's target.

        Raises:
            InvalidInput: damaged, or made for another model.
        """
        return await asyncio.to_thread(self._put, model, image)

    async def all(self) -> list[Firmware]:
        """All images, by model, kind and version."""
        return await asyncio.to_thread(self._all)

    async def target_path(self, model: str, kind: str) -> Path | None:
        """File of the model's target of this kind, or ``None``; ``model`` fits ``is_model``."""
        return await asyncio.to_thread(self._target_path, model, kind)

    async def target(self, model: str, kind: str = SIP) -> str | None:
        """The version that phones of the model are given, or ``None``."""
        return (await asyncio.to_thread(self._targets, model)).get(kind)

    async def set_target(self, model: str, kind: str, version: str | None) -> None:
        """Choose what phones are given; ``None`` gives them nothing of this kind.

        Raises:
            NotFound: there is no such image.
        """
        await asyncio.to_thread(self._set_target, model, kind, version)

    async def remove(self, model: str, kind: str, version: str) -> None:
        """Delete an image.

        Raises:
            NotFound: there is none.
            Conflict: it is what phones are given.
        """
        await asyncio.to_thread(self._remove, model, kind, version)

    def _put(self, model: str, image: bytes) -> Firmware:
        header = parse_image(image)
        if header.model != model:
            raise _refused(f"it is made for model {header.model}, not {model}", field="model")
        path = self._path(model, header.kind, header.version)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        partial.write_bytes(image)
        partial.replace(path)
        self._write_targets(model, {**self._targets(model), header.kind: header.version})
        return Firmware(header.model, header.version, header.kind, header.size, True)

    def _all(self) -> list[Firmware]:
        self._adopt_old_files()
        found = []
        for folder in sorted(path for path in self._folder.glob("*") if path.is_dir()):
            targets = self._targets(folder.name)
            for path in sorted(folder.glob("*.img")):
                header = _read_header(path)
                is_target = targets.get(header.kind) == header.version
                found.append(
                    Firmware(header.model, header.version, header.kind, header.size, is_target)
                )
        return found

    def _target_path(self, model: str, kind: str) -> Path | None:
        self._adopt_old_files()
        version = self._targets(model).get(kind)
        path = self._path(model, kind, version) if version is not None else None
        return path if path is not None and path.is_file() else None

    def _set_target(self, model: str, kind: str, version: str | None) -> None:
        targets = self._targets(model)
        if version is None:
            targets.pop(kind, None)
        else:
            self._known(model, kind, version)
            targets[kind] = version
        self._write_targets(model, targets)

    def _remove(self, model: str, kind: str, version: str) -> None:
        path = self._known(model, kind, version)
        if self._targets(model).get(kind) == version:
            raise Conflict(
                "firmware_in_use",
                f"Phones of model {model} are given {kind} {version}. Choose another target first.",
                field="version",
            )
        path.unlink()

    def _known(self, model: str, kind: str, version: str) -> Path:
        path = self._path(model, kind, version)
        # The pattern first: a name that is none may be too long for the file system, or lead away.
        if re.fullmatch(VERSION, version) is None or not path.is_file():
            raise NotFound("not_found", f"There is no {kind} image {version} of model {model}.")
        return path

    def _path(self, model: str, kind: str, version: str) -> Path:
        return self._folder / model / f"{kind}-{version}.img"

    def _targets(self, model: str) -> dict[str, str]:
        try:
            found = json.loads((self._folder / model / _TARGETS).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return {str(kind): str(version) for kind, version in found.items()}

    def _write_targets(self, model: str, targets: dict[str, str]) -> None:
        path = self._folder / model / _TARGETS
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(targets), "utf-8")
        partial.replace(path)

    def _adopt_old_files(self) -> None:
        """Earlier versions kept one ``<model>.st`` for each model."""
        for path in self._folder.glob("*.st"):
            self._put(path.stem, path.read_bytes())
            path.unlink()


def _read_header(path: Path) -> ImageHeader:
    """The header alone; the content was checked when the image was put."""
    with path.open("rb") as file:
        file.readline(_LONGEST_HEADER)
        return ImageHeader.model_validate_json(file.readline(_LONGEST_HEADER))


def _refused(why: str, field: str = "image") -> InvalidInput:
    return InvalidInput(
        "firmware_refused",
        f"The firmware image is refused: {why}.",
        field=field,
        requirement="PHN-3",
    )
