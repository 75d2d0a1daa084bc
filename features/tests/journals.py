"""Two journals side by side: what each pair of actors said, in order, without what may differ.

Left out are ports, the block of addresses, times of the wall clock (a run is real time pushed
forward) and what is made of those: signatures, digests and entity tags of files. Requests to
several paths, and what happens inside one actor, may overtake each other: their order counts by
path, and by name.
"""

import re
from collections import defaultdict

from simulators.addresses import AddressPlan
from simulators.journal import Entry, Journal

SIDE_BY_SIDE = ("HTTP", "event", "TCP")
Conversation = tuple[str, str, str]
"""From, to, protocol."""
Conversations = dict[Conversation, list[tuple[str, str]]]
"""Each with the summary and the detail of its entries, in order."""

_WHATEVER = (
    (re.compile(r"(?<=\d):\d{4,5}\b"), ":PORT"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"^(Date|Last-Modified|Etag|ETag): .*$", re.MULTILINE), r"\1: TIME"),
    (re.compile(r'oauth_(timestamp|signature)="[^"]*"'), r'oauth_\1="TIME"'),
    (re.compile(r"(m=audio|RTP port) \d+"), r"\1 PORT"),
    (re.compile(r'"(port|after_s|at|elapsed_s)": ?[\d.]+'), r'"\1": NUMBER'),
)


def conversations(journal: Journal, plan: AddressPlan) -> Conversations:
    """What was said, by who said it to whom."""
    found: Conversations = defaultdict(list)
    for entry in journal.entries:
        summary = _alike(entry.summary, plan)
        about = f" {summary}" if entry.protocol in SIDE_BY_SIDE else ""
        key = _alike(entry.frm, plan), _alike(entry.to, plan), entry.protocol + about
        found[key].append((summary, _detail(entry, journal, plan)))
    return dict(found)


def differences(one: Conversations, other: Conversations) -> list[str]:
    """What the two don't have in common, a sentence each."""
    found = [f"only one run has {key}" for key in sorted(one.keys() ^ other.keys())]
    for key in sorted(one.keys() & other.keys()):
        if len(one[key]) != len(other[key]):
            found.append(f"{key}: {len(one[key])} entries and {len(other[key])}")
        for place, (left, right) in enumerate(zip(one[key], other[key], strict=False)):
            if left != right:
                found.append(f"{key}, entry {place}: {_first(left, right)}")
                break
    return found


def _detail(entry: Entry, journal: Journal, plan: AddressPlan) -> str:
    return _alike(str(journal.view(entry)["detail"]), plan)


def _alike(text: str, plan: AddressPlan) -> str:
    for octet, zone in ((plan.lan, "LAN"), (plan.outside, "OUTSIDE"), (plan.homes, "HOMES")):
        text = text.replace(f"127.{octet}.", f"{zone}.")
    for pattern, instead in _WHATEVER:
        text = pattern.sub(instead, text)
    return text


def _first(left: tuple[str, str], right: tuple[str, str]) -> str:
    """The first line in which two entries differ."""
    pairs = zip("\n".join(left).splitlines(), "\n".join(right).splitlines(), strict=False)
    return next((f"{a!r} and {b!r}" for a, b in pairs if a != b), "one is longer")
