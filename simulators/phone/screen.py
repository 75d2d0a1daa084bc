"""What a handset shows, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Screen:
    """One picture of the screen.

    Args:
        title: the top line.
        lines: the body, line by line; a form's lines are `Field: value`.
        selected: index of the highlighted line, or None.
        softkeys: labels of the keys below the screen, left to right.
        message: a notice over the body, empty when there is none.
    """

    title: str
    lines: tuple[str, ...] = ()
    selected: int | None = None
    softkeys: tuple[str, ...] = ()
    message: str = ""
