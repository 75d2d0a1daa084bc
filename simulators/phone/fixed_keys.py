"""The keys that are printed on every 69xx, and what those do that no menu and no call knows.

Volume is the phone's own; Directory and Call History open their lists, Redial and Voicemail call.
Mute, Transfer and Conference are there to be pressed, and say that they do nothing here.
"""

from dataclasses import dataclass

from simulators.phone.calls.call_screen import HARD_KEYS as CALL_KEYS
from simulators.phone.menu.menu_table import HARD_KEYS as MENU_KEYS

DIRECTORY, CALL_HISTORY, VOICEMAIL, REDIAL = "Directory", "Call History", "Voicemail", "Redial"
VOLUME_DOWN, VOLUME_UP = "Volume Down", "Volume Up"
NOT_HERE = ("Mute", "Transfer", "Conference")
OWN_KEYS = (DIRECTORY, CALL_HISTORY, VOICEMAIL, REDIAL, VOLUME_DOWN, VOLUME_UP, *NOT_HERE)
"""Those that this module is about."""
FIXED_KEYS = frozenset((*MENU_KEYS, *CALL_KEYS, *OWN_KEYS))
"""All keys that are printed on a phone."""


@dataclass(slots=True)
class Volume:
    """How loud it is, in steps from 0 to `MOST`; kept over a restart."""

    MOST = 15
    step: int = 8

    def turned(self, key: str) -> str:
        """Take a volume key; what the screen says then."""
        wanted = self.step + (1 if key == VOLUME_UP else -1)
        self.step = min(max(wanted, 0), self.MOST)
        return f"Volume {self.step} of {self.MOST}"
