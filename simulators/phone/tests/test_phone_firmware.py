"""Firmware images: sound ones, damaged ones, and what a phone does with them (wire contract 3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.entropy import Seed
from simulators.phone.files.firmware import (
    MAGIC,
    Damage,
    Decision,
    FirmwareImage,
    RefusedImage,
    Running,
    build_image,
    decide,
    read_image,
)


def image(
    model: str = "6930", version: str = "6.4.0.140", kind: str = "sip", size: int = 50
) -> bytes:
    return build_image(model, version, kind, size, Seed(3).stream("firmware").randbytes)


def damage(data: bytes) -> Damage | None:
    found = read_image(data)
    return found.damage if isinstance(found, RefusedImage) else None


def test_a_sound_image_is_read() -> None:
    found = read_image(image())
    assert isinstance(found, FirmwareImage)
    assert (found.model, found.version, found.kind, found.size) == ("6930", "6.4.0.140", "sip", 50)


def test_the_first_two_lines_are_as_in_the_wire_contract() -> None:
    first, second, _ = image().split(b"\n", 2)
    assert first == b"TELEWORKER-FIRMWARE/1"
    assert second.startswith(b'{"model": "6930", "version": "6.4.0.140", "kind": "sip", "size": 50')


def test_damage_is_told_apart() -> None:
    good = image()
    assert damage(good) is None
    assert damage(good[:-1]) is Damage.SHORT
    assert damage(good + b"x") is Damage.LONG
    assert damage(good[:-1] + bytes([good[-1] ^ 1])) is Damage.DAMAGED
    assert damage(b"<html>" + good) is Damage.WRONG_MAGIC
    assert damage(b"") is Damage.SHORT
    assert damage(MAGIC + b"{]\n") is Damage.BAD_HEADER
    assert damage(MAGIC + b"[" * 5000) is Damage.BAD_HEADER


@pytest.mark.parametrize(
    "old, new",
    [
        (b'"size": 50', b'"size": -1'),
        (b'"size": 50', b'"size": true'),
        (b'"size": 50', b'"size": "50"'),
        (b'"kind": "sip"', b'"kind": "toast"'),
        (b'"model": "6930"', b'"model": 6930'),
        (b'"version": "6.4.0.140"', b'"version": ""'),
    ],
)
def test_a_header_with_a_wrong_field_is_refused(old: bytes, new: bytes) -> None:
    assert old in image()
    assert damage(image().replace(old, new)) is Damage.BAD_HEADER


@given(st.integers(0, 400), st.integers(0, 255))
def test_no_changed_octet_goes_unnoticed(place: int, value: int) -> None:
    good = image()
    place %= len(good)
    bad = good[:place] + bytes([value]) + good[place + 1 :]
    found = read_image(bad)
    header_end = good.index(b"\n", len(MAGIC))
    if bad == good:
        assert isinstance(found, FirmwareImage)
    elif place > header_end or place < len(MAGIC):
        assert isinstance(found, RefusedImage)


@given(st.integers(0, 400))
def test_every_prefix_is_short(length: int) -> None:
    good = image()
    cut = good[: length % len(good)]
    assert damage(cut) is Damage.SHORT


@given(st.binary(max_size=200))
def test_any_octets_are_read_without_an_exception(data: bytes) -> None:
    assert isinstance(read_image(data), RefusedImage)
    read_image(MAGIC + data)


RUNNING = Running("5.1.0.6044")


@pytest.mark.parametrize(
    "data, expected",
    [
        (image(), Decision.INSTALL),
        (image(version="4.0.0.1"), Decision.INSTALL),  # what differs is loaded, newer or not
        (image(version="5.1.0.6044"), Decision.SAME_VERSION),
        (image(model="6940"), Decision.WRONG_MODEL),
        (image(kind="minet"), Decision.WRONG_KIND),
        (image(kind="boot", version="2.0"), Decision.INSTALL),
        (image()[:-1], Decision.DAMAGED),
    ],
)
def test_what_a_phone_does_with_an_image(data: bytes, expected: Decision) -> None:
    assert decide(RUNNING, read_image(data), "6930") is expected


def test_a_boot_loader_is_flashed_once_and_leaves_the_firmware_alone() -> None:
    boot = read_image(image(kind="boot", version="2.0"))
    assert isinstance(boot, FirmwareImage)
    after = RUNNING.with_image(boot)
    assert after == Running("5.1.0.6044", "sip", "2.0")
    assert decide(after, boot, "6930") is Decision.SAME_VERSION
