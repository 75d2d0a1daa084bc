"""A finding: what was expected, what came instead, and the messages that show it; pure."""

import linecache
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from features.verdicts.core import Level

MOST_ENTRIES = 12
"""The latest messages before the end: what a reader looks at first."""
FEW_ENTRIES = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """What a report shows of a scenario that did not go as it should.

    Args:
        requirements: the ids that the scenario checks.
        level: how binding they are in this run.
        expected: the step, in the manual's words.
        entries: `seq` of the messages that show it, in the scenario's journal.
    """

    requirements: list[str]
    level: str
    expected: str
    actual: str
    entries: list[int]


def found(
    ids: Sequence[str], level: Level, expected: str, error: BaseException, entries: Sequence[int]
) -> Finding:
    """The finding of a step that ended with this error."""
    return Finding(list(ids), level.value, expected, said(error), list(entries))


def said(error: BaseException) -> str:
    """What an error says in its first lines; where it says nothing, the line that raised it."""
    text = str(error).strip()
    if text:
        return text
    line = _line(error.__traceback__)
    return f"not so: {line}" if line else type(error).__name__


def showing(begun: int, ended: int, first: int = 0) -> list[int]:
    """Which entries show what happened in a step: the latest of it, else those before.

    Args:
        begun, ended: `Journal.mark()` at the step's begin and end.
        first: the mark at the scenario's begin.
    """
    if ended > begun:
        return list(range(max(begun, ended - MOST_ENTRIES) + 1, ended + 1))
    return list(range(max(first, ended - FEW_ENTRIES) + 1, ended + 1))


def _line(traceback: TracebackType | None) -> str:
    if traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return linecache.getline(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno).strip()
