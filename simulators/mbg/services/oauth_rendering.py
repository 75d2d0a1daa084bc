"""A refused request as text for people: what is wrong, and both base strings one above the other.

Monospace is assumed. Times are UTC.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from simulators.mbg.services.oauth_debugger import Difference, RefusedRequest

COLUMNS = 80
OURS, THEIRS = "MBG     ", "client  "


def text(refused: RefusedRequest) -> str:
    """Everything that is known of one refused request, in lines."""
    return "\n".join(_lines(refused))


def _lines(refused: RefusedRequest) -> Iterator[str]:
    at = datetime.fromtimestamp(refused.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    yield f"{at}  {refused.code}: {refused.message}"
    yield f"{refused.method} {refused.uri}"
    yield f"consumer {refused.consumer_id or '?'}, from {refused.caller or '?'}"
    for name, value in refused.parameters:
        yield f"  {name} = {value}"
    found = refused.diagnosis
    if found is not None:
        yield f"{found.mistake}: {found.says}"
    if found is not None and found.theirs:
        yield from compared(refused.base_string, found.theirs, found.difference)
    elif refused.base_string:
        yield from compared(refused.base_string, "", None)


def compared(ours: str, theirs: str, differs: Difference | None) -> Iterator[str]:
    """Two base strings in aligned rows, with a caret under the first difference."""
    for start in range(0, max(len(ours), len(theirs), 1), COLUMNS):
        row = slice(start, start + COLUMNS)
        yield OURS + ours[row]
        if theirs:
            yield THEIRS + theirs[row]
        if differs is not None and start <= differs.position < start + COLUMNS:
            where = f"^ position {differs.position}: {_shown(differs)}"
            yield " " * (len(OURS) + differs.position - start) + where


def _shown(differs: Difference) -> str:
    ours = f"{differs.ours!r}" if differs.ours else "the end"
    theirs = f"{differs.theirs!r}" if differs.theirs else "the end"
    return f"{ours} here, {theirs} there"
