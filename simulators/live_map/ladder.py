"""The ladder of one phone as it grows: which entries belong on it, and what each rung says. Pure.

Lifelines are phone, MBG, MCS and PBX. Beside the phone's own messages there are those that the MBG
exchanges with the PBX for its extension, and the MCS with the MBG for its SIP device. Events of the
phone are notes. A rung names the requirement that it shows, where it shows one.
"""

import re
from collections.abc import Callable, Collection

from simulators.journal.entries import (
    Entry,
    ForwardEntry,
    Happened,
    HttpEntry,
    LostEntry,
    SipEntry,
)
from simulators.live_map.traffic import is_refusal, is_registration

LIFELINES = ("phone", "MBG", "MCS", "PBX")
LONGEST_LABEL = 80

WARNINGS = (
    ("licence", "PRV-3"),
    ("is not the extension number", "EXT-6"),
    ("unknown or disabled", "EXT-3"),
    ("did not answer", "ICP-2"),
)
PATHS = (
    (re.compile(r"/hotdesk"), "EXT-7"),
    (re.compile(r"/setup"), "PHN-6"),
    (re.compile(r"/[0-9A-F]{12}\.cfg$"), "PHN-4"),
    (re.compile(r"\.st$"), "PHN-3"),
    (re.compile(r"/(startup|aastra)\.cfg$"), "PHN-3"),
)


class PhoneLadder:
    """The ladder of a phone.

    Args:
        role: of the phone in the journal.
        numbers: gives, now, the extensions of its lines.
        lifelines: gives the lifeline of another role, "" for one that has none.
    """

    def __init__(
        self,
        role: str,
        numbers: Callable[[], Collection[str]],
        lifelines: Callable[[str], str],
    ) -> None:
        self._role = role
        self._numbers = numbers
        self._lifelines = lifelines

    def concerns(self, entry: Entry) -> bool:
        """Whether an entry is on this ladder."""
        if self._role in (entry.frm, entry.to):
            return True
        if isinstance(entry, SipEntry):
            between = {self._lifelines(entry.frm), self._lifelines(entry.to)}
            return between == {"MBG", "PBX"} and entry.user in self._numbers()
        if isinstance(entry, HttpEntry) and entry.interface == "REST":
            return any(f'"{number}"' in entry.text for number in self._numbers())
        return False

    def rung(self, entry: Entry, view: Callable[[str], str]) -> dict[str, object]:
        """An entry as the page reads it; texts are masked by `view`."""
        label = view(entry.summary)
        if isinstance(entry, Happened) and entry.facts:
            label += f": {view(entry.detail.partition(chr(10))[0])}"
        return {
            "seq": entry.seq,
            "t": round(entry.time, 3),
            "from": self._lifeline(entry.frm),
            "to": self._lifeline(entry.to),
            "p": entry.protocol,
            "label": label[:LONGEST_LABEL],
            "bad": is_refusal(entry) or isinstance(entry, LostEntry),
            "requirement": requirement(entry),
        }

    def _lifeline(self, role: str) -> str:
        return "phone" if role == self._role else self._lifelines(role)


def requirement(entry: Entry) -> str:
    """The id of the requirement that an entry shows met, or broken; "" for none."""
    match entry:
        case ForwardEntry():
            return "FWD-1" if entry.snat else "FWD-3"
        case SipEntry() if is_refusal(entry):
            return next((known for words, known in WARNINGS if words in entry.warning), "")
        case SipEntry():
            return "PHN-7" if is_registration(entry) else ""
        case HttpEntry(interface="REST", status=None) if "/devices" in entry.path:
            return {"POST": "PRV-1", "PUT": "PRV-2", "DELETE": "EXT-3"}.get(entry.method, "")
        case HttpEntry(status=None):
            path = entry.path.partition("?")[0]
            return next((known for pattern, known in PATHS if pattern.search(path)), "")
        case _:
            return ""
