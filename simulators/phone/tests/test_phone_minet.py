"""A phone that comes with MiNET firmware, and where its firmware comes from (PHN-1)."""

import pytest

from simulators.phone.files.firmware import Running
from simulators.phone.life import actions as do
from simulators.phone.life.situation import Trouble
from simulators.phone.life.states import State
from simulators.phone.local.dhcp import NO_OFFER, Offer
from simulators.phone.tests.boot_hands import at, local, minet, on
from simulators.phone.tests.life_hands import (
    AT_TFTP,
    LINE,
    MAC,
    MCS,
    image,
)


def test_minet_takes_the_boot_loader_and_that_takes_sip() -> None:
    hands = on(minet())
    assert hands.asked[:2] == [f"{AT_TFTP}6930.boot.st", f"{AT_TFTP}6930.st"]
    assert hands.life.running == Running("5.1", "sip", "2.0")
    assert at(hands, State.REGISTERED) and hands.life.reboots == 2


@pytest.mark.parametrize(
    "offer", [NO_OFFER, Offer({66: "http://127.10.0.5:8203"}), Offer({43: "https://127.10.0.5"})]
)
def test_minet_knows_tftp_alone(offer: Offer) -> None:
    hands = on(minet(offer))
    assert at(hands, State.MINET) and hands.asked == []
    assert hands.life.trouble is Trouble.NO_FIRMWARE


def test_minet_asks_again_until_there_is_a_boot_loader() -> None:
    hands = minet()
    boot = hands.files.pop(f"{AT_TFTP}6930.boot.st")
    on(hands)
    assert at(hands, State.MINET) and hands.waits() == {"firmware": 60.0}
    hands.wake("firmware")
    assert hands.asked == [f"{AT_TFTP}6930.boot.st"] * 2
    hands.files[f"{AT_TFTP}6930.boot.st"] = boot
    hands.wake("firmware")
    assert at(hands, State.REGISTERED)


@pytest.mark.parametrize(
    "bad",
    [
        image("5.1"),  # SIP firmware without the boot loader
        image("2.0", "boot", "6940"),
        image("2.0", "boot")[:-1],
        image("2.0", "boot") + b"x",
        image("2.0", "boot")[:-1] + b"x",
        image("1.9", "minet"),
        b"",
        b"<html>",
        b"TELEWORKER-FIRMWARE/1\n{}\n",
    ],
)
def test_minet_refuses_what_is_no_boot_loader_for_it(bad: bytes) -> None:
    hands = minet()
    hands.files[f"{AT_TFTP}6930.boot.st"] = bad
    on(hands)
    assert at(hands, State.MINET) and hands.life.running == Running("1.2", "minet")
    assert "firmware refused" in hands.notes


def test_power_lost_while_flashing_leaves_the_old_image_and_half_way_the_boot_loader() -> None:
    hands = minet()
    hands.give(do.PowerOn()).run(do.Install)
    assert at(hands, State.FLASHING)
    hands.give(do.PowerOff())
    assert hands.life.running == Running("1.2", "minet") and hands.pending == []
    del hands.files[f"{AT_TFTP}6930.st"]
    on(hands)
    assert at(hands, State.BOOT_LOADER) and hands.life.running == Running("2.0", "boot", "2.0")
    hands.give(do.PowerOff())
    on(hands)
    assert at(hands, State.BOOT_LOADER)  # half-way: it keeps asking
    hands.files[f"{AT_TFTP}6930.st"] = image("5.1")
    hands.wake("firmware")
    assert at(hands, State.REGISTERED)


def test_the_boot_loader_takes_sip_firmware_alone() -> None:
    hands = minet()
    hands.files[f"{AT_TFTP}6930.st"] = image("1.3", "minet")
    on(hands)
    assert at(hands, State.BOOT_LOADER) and "firmware refused" in hands.notes


def test_several_images_one_after_the_other() -> None:
    hands = local()
    hands.files[f"{MCS}6930.st"] = image("6.0")
    hands.give(do.PowerOn()).run(do.Install)
    hands.files[f"{MCS}6930.st"] = image("6.4")  # the next is there when this one has booted
    hands.run()
    assert hands.life.running.version == "6.4" and hands.life.reboots == 2
    hands.files[f"{MCS}6930.st"] = image("5.0")
    hands.give(do.RebootAsked("again")).run()
    assert hands.life.running.version == "5.0"  # older is different too


def test_firmware_may_come_from_a_server_of_its_own() -> None:
    hands = local()
    hands.files[f"{MCS}{MAC}.cfg"] = LINE + b"firmware server: http://127.10.0.7/images/\n"
    hands.files["http://127.10.0.7:80/images/6930.st"] = image("6.4")
    on(hands)
    assert hands.life.running.version == "6.4" and f"{MCS}6930.st" not in hands.asked
    hands.files[f"{MCS}{MAC}.cfg"] = LINE + b"firmware server: gopher://x\n"
    hands.give(do.RebootAsked("again")).run()
    assert "firmware server not usable" in hands.notes and f"{MCS}6930.st" in hands.asked
