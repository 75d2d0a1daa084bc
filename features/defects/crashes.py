"""Whether something broke where it should have been wrong.

A defect that a product ships with answers, and answers wrongly. One that only crashes is a careless
change of ours: that a scenario turns red then proves little.
"""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
OURS = (TypeError, AttributeError, NameError)
"""Mistakes of a program: no role raises these to say something."""

LOGGED = (*OURS, LookupError, AssertionError)
"""And what is one where a role has to log it; connections break, and that is none."""


class Crashes(logging.Handler):
    """Mistakes that a scenario's roles log with a traceback at the level ERROR."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and (isinstance(error, LOGGED) or is_near(error)):
            self.seen.append(error)


@contextmanager
def watched() -> Iterator[Crashes]:
    """See what is logged while the block runs."""
    handler = Crashes()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler
    finally:
        root.removeHandler(handler)


def is_crash(error: BaseException) -> bool:
    """Whether a step failed by a mistake of the program, or inside what was planted."""
    return isinstance(error, OURS) or _places(error)[-1:] == [True]


def is_near(error: BaseException) -> bool:
    """Whether what was planted had a part in an error; else a green scenario need not care."""
    return any(_places(error))


def _places(error: BaseException) -> list[bool]:
    """Of each frame that the error came through, whether it is of a planted defect."""
    frames = traceback.extract_tb(error.__traceback__)
    return [HERE in Path(frame.filename).parents for frame in frames]


def in_a_line(error: BaseException) -> str:
    """What an error says, cut to a line."""
    said = (str(error).splitlines() or [""])[0][:200]
    return said if isinstance(error, AssertionError) and said else f"{type(error).__name__}: {said}"
