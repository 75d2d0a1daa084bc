"""What a handset shows, as a value."""

from dataclasses import dataclass
from enum import Enum


class Scene(Enum):
    """What kind of screen it is: how a view should draw the lines, and what typing does there."""

    OFF = "off"
    BOOT = "boot"
    IDLE = "idle"
    CALL = "call"
    PROMPT = "prompt"
    LIST = "list"
    FORM = "form"
    EDITING = "editing"
    TEXT = "text"
    DIRECTORY = "directory"
    FIELDS = "fields"
    WAITING = "waiting"

    @property
    def takes_text(self) -> bool:
        """Whether letters that are typed go anywhere."""
        return self in (Scene.FORM, Scene.EDITING, Scene.DIRECTORY, Scene.FIELDS)


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

    def __str__(self) -> str:
        """The picture in a sentence, for messages: `"Advanced", lines ..., keys Back, Quit`."""
        parts = [f'"{self.title}"' if self.title else "no title"]
        if self.lines:
            shown = [
                f"> {line}" if index == self.selected else line
                for index, line in enumerate(self.lines)
                if line
            ]
            parts.append("lines " + " / ".join(shown))
        if self.softkeys:
            parts.append("softkeys " + ", ".join(self.softkeys))
        if self.message:
            parts.append(f'message "{self.message}"')
        nothing = not (self.title or self.lines or self.softkeys or self.message)
        return "nothing" if nothing else "; ".join(parts)
