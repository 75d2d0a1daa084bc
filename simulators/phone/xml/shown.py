"""One XML screen on the display: what is selected, what was typed, its picture, pure."""

import re
from dataclasses import dataclass, field

from simulators.phone.screen import Screen
from simulators.phone.xml import objects as xml
from simulators.phone.xml.browser_table import LEAVING, SOFTKEYS
from simulators.phone.xml.input_fields import shown
from simulators.phone.xml.objects import XmlScreen

MARKS = {"numbered": "{number}. {text}", "none": "{text}", "radio": "({mark}) {text}"}


_REFRESH = re.compile(r"(\d{1,6})\s*;\s*url\s*=\s*(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refresh:
    """A screen is to be asked for anew, at `url`, so long after it was shown."""

    after_s: int
    url: str


def read_refresh(header: str) -> Refresh | None:
    """`Refresh: 3; url=http://...`; None without both parts, as the phone has it."""
    found = _REFRESH.fullmatch(header.strip())
    return None if found is None else Refresh(max(int(found[1]), 1), found[2])


@dataclass(slots=True)
class Shown:
    """A screen; `selected` counts from 0, `typed` has a text for each input field.

    `refreshing`: its refresh has been asked for and will take its place.
    """

    what: XmlScreen
    selected: int = 0
    typed: list[str] = field(default_factory=list)
    message: str = ""
    refresh_at: float | None = None
    refresh_url: str = ""
    refreshing: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.what, xml.TextMenu | xml.InputScreen):
            self.selected = self.what.default_index - 1
        if isinstance(self.what, xml.InputScreen):
            self.typed = [each.default for each in self.what.fields]

    @property
    def head(self) -> xml.Head:
        """What all screens have."""
        return self.what.head

    @property
    def leave_after_s(self) -> float | None:
        """Seconds without a key after which it is left; None: never."""
        given = self.head.timeout_s
        if given is None:
            return None if self.head.lock_in else xml.DEFAULT_TIMEOUT_S
        return float(given) or None

    @property
    def entries(self) -> tuple[str, ...]:
        """The lines that can be selected, as people read them."""
        match self.what:
            case xml.TextMenu(items=items) | xml.Directory(items=items):
                return tuple(item.prompt for item in items)
            case xml.CallLog(entries=entries):
                return tuple(f"{each.name} {each.number}".strip() for each in entries)
            case xml.InputScreen(fields=fields):
                return tuple(each.prompt for each in fields)
        return ()

    @property
    def item(self) -> xml.MenuItem | None:
        """The selected line of a menu or directory."""
        if isinstance(self.what, xml.TextMenu | xml.Directory):
            return self.what.items[self.selected]
        return None

    @property
    def field(self) -> xml.InputField | None:
        """The input field where the cursor is."""
        return self.what.fields[self.selected] if isinstance(self.what, xml.InputScreen) else None

    @property
    def softkeys(self) -> dict[str, str]:
        """Label -> URI, left to right; what the phone offers by itself is a `SoftKey:` URI."""
        if self.head.softkeys:
            return {key.label: key.uri for key in self.head.softkeys}
        offered = {
            label: f"SoftKey:{act}"
            for label, act in SOFTKEYS[type(self.what)]
            if not (self.head.lock_in and act in LEAVING)
        }
        if isinstance(self.what, xml.Directory):
            offered |= {"Previous": self.what.previous} if self.what.previous else {}
            offered |= {"Next": self.what.next} if self.what.next else {}
        if self.field is not None and self.field.type == "IP":
            offered["Dot"] = "SoftKey:dot"
        return offered

    def find(self, text: str) -> int | None:
        """The index of the line that is `text`, else of the first that has it as its first word."""
        entries = self.entries
        if text in entries:
            return entries.index(text)
        return next((i for i, each in enumerate(entries) if each.split()[:1] == [text]), None)

    def scroll(self, key: str) -> None:
        """Up or Down, around the ends."""
        if self.entries:
            step = 1 if key == "Down" else -1
            self.selected = (self.selected + step) % len(self.entries)

    def picture(self, message: str = "") -> Screen:
        """What is seen."""
        selected = self.selected if self.entries else None
        return Screen(
            self.head.title,
            self._lines(),
            selected,
            tuple(self.softkeys),
            message or self.message,
        )

    def _lines(self) -> tuple[str, ...]:
        match self.what:
            case xml.TextMenu(style=style):
                return tuple(
                    MARKS[style].format(
                        number=i + 1, text=text, mark="*" if i == self.selected else " "
                    )
                    for i, text in enumerate(self.entries)
                )
            case xml.Directory() | xml.CallLog():
                return self.entries
            case xml.TextScreen(text=text):
                return tuple(text.splitlines())
            case xml.FormattedTextScreen(lines=lines):
                return tuple(line.text for line in lines)
            case xml.InputScreen(fields=fields):
                return tuple(
                    f"{each.prompt} {shown(each, typed)}{'_' * (i == self.selected)}".strip()
                    for i, (each, typed) in enumerate(zip(fields, self.typed, strict=True))
                )
            case xml.ImageMenu(uris=uris):
                return (_sized(self.what.image), *(key for key, _ in uris))
        return (_sized(self.what.image),)


def _sized(image: xml.Image) -> str:
    return f"[image {image.width}x{image.height}]"
