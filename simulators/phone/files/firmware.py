"""Firmware images (wire contract 3) and what a phone does with one.

An image is two lines of text and a body: `TELEWORKER-FIRMWARE/1`, a JSON object that names model,
version, kind, size and digest, then exactly that many octets. The format is this bench's own, as
the real one is not public.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import Enum

from simulators.core import Entropy

MAGIC = b"TELEWORKER-FIRMWARE/1\n"
MAX_HEADER = 4096
"""Octets of the JSON line at most."""

KINDS = ("sip", "minet", "boot")


@dataclass(frozen=True, slots=True)
class FirmwareImage:
    """A sound image: its header, and how many octets the body has."""

    model: str
    version: str
    kind: str
    size: int
    sha256: str


class Damage(Enum):
    """Why octets are not an image."""

    WRONG_MAGIC = "this is no firmware image"
    BAD_HEADER = "the image's header can't be read"
    SHORT = "the image is shorter than its header says"
    LONG = "the image is longer than its header says"
    DAMAGED = "the image's digest does not fit"


@dataclass(frozen=True, slots=True)
class RefusedImage:
    """Octets that are no sound image, and why."""

    damage: Damage


class Decision(Enum):
    """What a phone does with an image that it was served."""

    INSTALL = "install"
    SAME_VERSION = "same version"
    WRONG_MODEL = "wrong model"
    WRONG_KIND = "wrong kind"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Running:
    """What is flashed in a phone: the firmware's version and kind, and the boot loader's version.

    The kind is `boot` where MiNET firmware has gone and SIP firmware has yet to come.
    """

    version: str
    kind: str = "sip"
    boot: str = ""

    def with_image(self, image: FirmwareImage) -> "Running":
        """What runs after `image` was flashed."""
        if image.kind == "boot" and self.kind == "sip":
            return Running(self.version, self.kind, image.version)
        if image.kind == "boot":
            return Running(image.version, "boot", image.version)
        return Running(image.version, image.kind, self.boot)


def build_image(model: str, version: str, kind: str, size: int, entropy: Entropy) -> bytes:
    """An image with a random body of `size` octets."""
    body = entropy(size)
    header = {
        "model": model,
        "version": version,
        "kind": kind,
        "size": size,
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    return MAGIC + json.dumps(header).encode() + b"\n" + body


def read_image(data: bytes) -> FirmwareImage | RefusedImage:
    """Check an image from the first octet to the last; never raises."""
    if not data.startswith(MAGIC):
        return RefusedImage(Damage.SHORT if MAGIC.startswith(data) else Damage.WRONG_MAGIC)
    end = data.find(b"\n", len(MAGIC), len(MAGIC) + MAX_HEADER)
    if end < 0:
        whole = len(data) < len(MAGIC) + MAX_HEADER
        return RefusedImage(Damage.SHORT if whole else Damage.BAD_HEADER)
    image = _header(data[len(MAGIC) : end])
    if image is None:
        return RefusedImage(Damage.BAD_HEADER)
    length = len(data) - end - 1
    if length != image.size:
        return RefusedImage(Damage.SHORT if length < image.size else Damage.LONG)
    if hashlib.sha256(memoryview(data)[end + 1 :]).hexdigest() != image.sha256:
        return RefusedImage(Damage.DAMAGED)
    return image


def _header(line: bytes) -> FirmwareImage | None:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    model, version, kind = (fields.get(name) for name in ("model", "version", "kind"))
    size, digest = fields.get("size"), fields.get("sha256")
    if not (isinstance(model, str) and isinstance(version, str) and isinstance(digest, str)):
        return None
    if kind not in KINDS or not isinstance(size, int) or isinstance(size, bool) or size < 0:
        return None
    if not version or len(digest) != 64:
        return None
    return FirmwareImage(model, version, kind, size, digest.lower())


def decide(running: Running, image: FirmwareImage | RefusedImage, model: str) -> Decision:
    """What a phone of `model` does: it loads what differs, newer or not (domain reference 3.6)."""
    if isinstance(image, RefusedImage):
        return Decision.DAMAGED
    if image.model != model:
        return Decision.WRONG_MODEL
    if image.kind == "boot":
        same = image.version == running.boot
        return Decision.SAME_VERSION if same else Decision.INSTALL
    if image.kind == "minet" or running.kind == "minet":
        # nothing takes a phone back to MiNET; MiNET itself takes a boot loader alone (PHN-1)
        return Decision.WRONG_KIND
    same = (image.version, image.kind) == (running.version, running.kind)
    return Decision.SAME_VERSION if same else Decision.INSTALL


def describe(image: FirmwareImage | RefusedImage) -> str:
    """What was served, in a few words for the journal."""
    if isinstance(image, RefusedImage):
        return image.damage.value
    return f"{image.kind} firmware {image.version} of a {image.model}"
