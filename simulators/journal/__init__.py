"""The journal: every message of a run as a typed entry, in order, and waiting for one to come."""

from simulators.journal.entries import (
    Entry,
    ForwardEntry,
    Happened,
    HttpEntry,
    LostEntry,
    OaiEntry,
    SipEntry,
)
from simulators.journal.journal import Journal, NothingCame
from simulators.journal.masking import Masker

__all__ = [
    "Entry",
    "ForwardEntry",
    "Happened",
    "HttpEntry",
    "Journal",
    "LostEntry",
    "Masker",
    "NothingCame",
    "OaiEntry",
    "SipEntry",
]
