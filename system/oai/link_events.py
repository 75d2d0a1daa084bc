"""What a gateway's events mean to an MCS: read anew, a node that came or went, a hot desk. Pure."""

from dataclasses import dataclass

from system.oai.codec import Message

EXTENSION_CHANGED = "EC"
CREDENTIALS_CHANGED = "XC"
NODE_STATE = "LS"
NODE_AT_START = "CS"
HOT_DESK = "XH"
NODE_DELETED = "6"


@dataclass(frozen=True, slots=True)
class Changed:
    """Something in the lists is not as it was."""


@dataclass(frozen=True, slots=True)
class NodeWent:
    """A node does not answer: what the lists do not have of it is not removed."""

    number: int


@dataclass(frozen=True, slots=True)
class NodeCame:
    """A node answers again: its part of the lists has to be read."""

    number: int


@dataclass(frozen=True, slots=True)
class HotDeskMoved:
    """Somebody logged in at the phone of ``base`` (empty: one without extension), or out."""

    hot_desk: str
    base: str
    logged_in: bool


Meaning = Changed | NodeWent | NodeCame | HotDeskMoved


def meaning_of(message: Message) -> Meaning | None:
    """Read an event; ``None`` for what an MCS does not use, or cannot read."""
    fields = message.fields
    match message.event:
        case "EC" | "XC":
            return Changed()
        case "XH" if len(fields) >= 3 and fields[0] and fields[2] in ("0", "1"):
            return HotDeskMoved(fields[0], fields[1], fields[2] == "1")
        case "LS" if len(fields) >= 4 and fields[3] == NODE_DELETED:
            # The PBX's administrator has taken it away: its extensions are gone for good.
            return Changed()
        case "LS" if len(fields) >= 3:
            return _node(fields[1], fields[2])
        case "CS" if len(fields) >= 5:
            return _node(fields[4], fields[2])
    return None


def _node(number: str, up: str) -> NodeCame | NodeWent | None:
    if not number.isascii() or not number.isdigit() or up not in ("0", "1"):
        return None
    return NodeCame(int(number)) if up == "1" else NodeWent(int(number))
