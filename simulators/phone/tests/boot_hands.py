"""Phones that boot on the local network, each at the beginning of a test."""

from simulators.phone.files.firmware import Running
from simulators.phone.life import actions as do
from simulators.phone.life.states import State
from simulators.phone.local.dhcp import Offer
from simulators.phone.tests.life_hands import (
    AT_TFTP,
    LINE,
    MAC,
    MCS,
    SENT_ON,
    TFTP,
    Hands,
    image,
)

FILES = ["startup.cfg", "aastra.cfg", "6930.cfg", f"{MAC}.cfg"]
FIRST = b"# nothing of interest\n"


def local(**options: object) -> Hands:
    """A phone on the LAN, whose TFTP server sends it on to HTTPS."""
    hands = Hands(offer=TFTP, **options)  # type: ignore[arg-type]
    hands.files = {
        f"{AT_TFTP}{MAC}.cfg": SENT_ON,
        f"{AT_TFTP}startup.cfg": FIRST,
        f"{MCS}startup.cfg": FIRST,
        f"{MCS}{MAC}.cfg": LINE,
    }
    return hands


def on(hands: Hands) -> Hands:
    return hands.give(do.PowerOn()).run()


def at(hands: Hands, state: State) -> bool:
    return hands.life.state is state


def minet(offer: Offer = TFTP) -> Hands:
    hands = local(running=Running("1.2", "minet"))
    hands.offer = offer
    hands.files |= {
        f"{AT_TFTP}6930.boot.st": image("2.0", "boot"),
        f"{AT_TFTP}6930.st": image("5.1"),
        f"{MCS}6930.st": image("5.1"),
    }
    return hands


RESYNC = b"auto resync time: 03:00\nauto resync max delay: 60\nauto resync mode: "


def resyncing(mode: bytes, **options: object) -> Hands:
    hands = local(calendar_s=2 * 3600.0, chance=0.5, **options)
    hands.files[f"{MCS}{MAC}.cfg"] = LINE + RESYNC + mode
    on(hands)
    hands.asked.clear()
    return hands
