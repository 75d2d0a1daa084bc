"""The form of a backup: one compressed tar file, its manifest first, a SHA-256 for each part.

Parts: ``mcs.db`` (an SQLite file, secrets in it encrypted), ``firmware/<model>.st``, ``tls.crt``
and ``tls.key`` (the latter encrypted like the other secrets). ``secret.key`` is never in it: a
backup that falls into wrong hands gives no password away.
"""

import hashlib
import io
import json
import os
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from system.errors import StartError

MANIFEST = "manifest.json"
DATABASE = "mcs.db"
CERTIFICATE = "tls.crt"
CERTIFICATE_KEY = "tls.key.encrypted"
FIRMWARE = "firmware"
_LARGEST_MANIFEST = 1024 * 1024
_CHUNK = 1024 * 1024


class Part(BaseModel):
    """One file in the backup."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What a backup says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["mcs-backup/1"] = "mcs-backup/1"
    version: str
    """Of the MCS that made it."""
    made_at: str
    made_from: str
    """``sqlite`` or ``postgresql``."""
    parts: dict[str, Part]


def write(target: Path, folder: Path, manifest: Manifest) -> None:
    """Pack the parts, which lie in ``folder``; the file appears whole or not at all.

    Raises:
        StartError: there is such a file already, or it cannot be written.
    """
    partial = target.with_name(target.name + ".part")
    try:
        if target.exists():
            raise StartError("backup_exists", f"File {target} is there already; name another one.")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz") as tar:
                text = manifest.model_dump_json(indent=2).encode()
                entry = tarfile.TarInfo(MANIFEST)
                entry.size, entry.mode = len(text), 0o600
                tar.addfile(entry, io.BytesIO(text))
                for name in manifest.parts:
                    tar.add(folder / name, name, recursive=False)
            file.flush()
            os.fsync(file.fileno())
        # Not replace(): whoever has made a file of that name meanwhile keeps it.
        os.link(partial, target)
    except FileExistsError:
        raise StartError("backup_exists", f"File {target} is there already.") from None
    except OSError as error:
        raise StartError(
            "backup_not_written", f"File {target} cannot be written: {error.strerror or error}."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def unpack(source: Path, folder: Path) -> Manifest:
    """Unpack into an empty folder, and check every part.

    Raises:
        StartError: it is no backup, or a damaged one.
    """
    try:
        with tarfile.open(source, mode="r:gz") as tar:
            manifest = _read_manifest(source, tar)
            while (entry := tar.next()) is not None:
                part = manifest.parts.get(entry.name)
                if part is None or not entry.isreg() or not is_part_name(entry.name):
                    raise _damaged(source, f"it holds {entry.name[:64]!r}, which it does not list")
                _unpack_part(source, tar, entry, part, folder)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise _damaged(source, str(error).rstrip(".") or type(error).__name__) from error
    missing = [name for name in manifest.parts if not (folder / name).is_file()]
    if missing or DATABASE not in manifest.parts:
        raise _damaged(source, f"{', '.join(missing) or DATABASE} is missing")
    return manifest


def is_part_name(name: str) -> bool:
    """Whether the name stays inside the folder, and is one that a backup holds."""
    path = PurePosixPath(name)
    if name in (DATABASE, CERTIFICATE, CERTIFICATE_KEY):
        return True
    return (
        len(path.parts) == 2
        and path.parts[0] == FIRMWARE
        and path.suffix == ".st"
        and str(path) == name
        and ".." not in path.parts
    )


def part_of(path: Path) -> Part:
    """Size and digest of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return Part(size=path.stat().st_size, sha256=digest.hexdigest())


def _read_manifest(source: Path, tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or first.size > _LARGEST_MANIFEST:
        raise _damaged(source, f"it does not begin with {MANIFEST}")
    file = tar.extractfile(first)
    assert file is not None
    try:
        return Manifest.model_validate(json.loads(file.read()))
    except (ValueError, ValidationError):
        raise _damaged(source, f"its {MANIFEST} is not one of format mcs-backup/1") from None


def _unpack_part(
    source: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo, part: Part, folder: Path
) -> None:
    path = folder / entry.name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if entry.size != part.size:
        raise _damaged(source, f"{entry.name} has not the size that its manifest says")
    content = tar.extractfile(entry)
    assert content is not None
    with path.open("xb") as file:
        while chunk := content.read(_CHUNK):
            file.write(chunk)
    if part_of(path) != part:
        raise _damaged(source, f"{entry.name} has not the checksum that its manifest says")


def _damaged(source: Path, why: str) -> StartError:
    return StartError(
        "backup_damaged", f"File {source} cannot be restored: {why}. Nothing was changed."
    )
