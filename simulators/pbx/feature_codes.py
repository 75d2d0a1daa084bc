"""Feature codes that a phone dials, pure: so far hot desk on and off.

The public sources name the code, 348, and a prompt for extension and password. A SIP phone sends
what was dialled in one go, so here it is `348<hot desk extension>*<password>` to log in, and `348`
alone to log out; the password is the extension's digits, as typed at the phone (`passcode`).
"""

from simulators.errors import ConfigurationError
from simulators.pbx.extensions import Extension, Extensions
from simulators.pbx.hot_desk import HotDesk

WRONG = "Hot desk extension and password do not match"


class FeatureCodes:
    """Carries out the codes that a phone dials.

    Args:
        hot_desk_code: the digits before a hot desk extension.
    """

    def __init__(self, hot_desk_code: str, hot_desk: HotDesk, extensions: Extensions) -> None:
        self._code = hot_desk_code
        self._hot_desk = hot_desk
        self._extensions = extensions

    def means(self, dialled: str) -> bool:
        """Whether it is a feature code; an extension of that very number goes first."""
        return dialled not in self._extensions and dialled.startswith(self._code)

    def carry_out(self, dialled: str, base: Extension) -> str | None:
        """Do what the phone of `base` dialled; returns why it can't be done, or None."""
        wanted, _, passcode = dialled.removeprefix(self._code).partition("*")
        if not wanted:
            user = self._hot_desk.user_at(base.number)
            if user is None or not self._hot_desk.log_out(user):
                return f"Nobody is logged in at extension {base.number}"
            return None
        if not self._hot_desk.matches(wanted, passcode):
            return WRONG  # the same for both: nobody finds out extensions by guessing
        try:
            self._hot_desk.log_in(wanted, base.number)
        except ConfigurationError as error:  # dialled at what is no phone of an extension
            return str(error)
        return None


def silence(offer: bytes, host: str) -> bytes:
    """The answer to a session description that takes none of its streams (RFC 3264 section 6).

    A phone whose code was carried out hears of it by an answered call that ends at once.
    """
    lines = [
        b"v=0",
        f"o=- 0 0 IN IP4 {host}".encode(),
        b"s=-",
        f"c=IN IP4 {host}".encode(),
        b"t=0 0",
    ]
    for line in offer.splitlines():
        words = line.split()
        if line.startswith(b"m=") and len(words) >= 4:
            lines.append(b" ".join([words[0], b"0", *words[2:]]))
    return b"\r\n".join([*lines, b""])
