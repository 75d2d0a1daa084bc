"""How each model is drawn, as data: where its screen and its keys are, in units of the drawing.

A template makes an SVG of it. The drawing is our own, after what a desk phone of the kind has: a
screen with keys beside and below it (6920, 6930), a large screen to be touched (6940), or a
conference phone with a screen, few keys and no receiver (6970). The number of keys and the screens'
proportions are those of `models`; the rest is chosen so that every key is big enough to be hit.
"""

from dataclasses import dataclass

from simulators.phone.models import Model

WIDTH = 640.0
EDGE = 36.0
"""From the body's edge to its keys."""
GAP = 10.0
LETTERS = ("", "ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ", "", "", "")
KEYPAD = tuple("123456789*0#")
ARROWS = (("Up", 1, 0), ("Left", 0, 1), ("Select", 1, 1), ("Right", 2, 1), ("Down", 1, 2))
LISTS = ("Directory", "Call History", "Voicemail", "Settings")
CALLS = ("Redial", "Transfer", "Conference")
SOUND = ("Volume Down", "Volume Up", "Mute", "Speaker")
SOFTS = 40.0
"""Height of the labels at the bottom of the screen."""
MODULE_ROWS, MODULE_PAGES = 14, 3
"""An M695 shows 28 keys at a time, in two columns."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    def meets(self, other: "Box") -> bool:
        """Whether the two have a place in common."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )


@dataclass(frozen=True, slots=True)
class PlacedKey:
    """A key of the body.

    Args:
        kind: `fixed` (a printed key), `topsoftkey` or `softkey` (a place beside or below the
            screen, which has no name of its own).
        name: of a printed key; the number of a place, from 1.
        look: `digit`, `arrow`, `select`, `plain`, `end` or `side`.
        letters: printed below a digit.
    """

    kind: str
    name: str
    box: Box
    look: str
    letters: str = ""

    @property
    def worded(self) -> bool:
        """Whether its name has room beside its icon."""
        return self.look in ("plain", "end") and self.box.w >= 110


@dataclass(frozen=True, slots=True)
class Drawing:
    """One model.

    Args:
        box: of the whole, from 0, 0.
        screen: the glass.
        keys: in the order in which a person goes from one to the next.
        lamp: of messages and calls that ring.
        receiver: whether it has one that can be lifted.
        left, right: how many top softkeys are on each side of the screen.
        round: radius of the body's corners.
    """

    model: str
    box: Box
    screen: Box
    keys: tuple[PlacedKey, ...]
    lamp: Box
    receiver: bool
    left: int
    right: int
    round: float


def drawing(model: Model) -> Drawing:
    """The drawing of a model."""
    left = -(-model.top_page // 2)
    right = model.top_page - left
    screen = _screen(model)
    side = () if model.touch else _side_keys(model, screen, left)
    below = () if model.touch else _soft_keys(model, screen)
    top = max(key.box.bottom for key in below) + 22 if below else screen.bottom + 24
    keys = (*side, *below, *_lower_keys(top))
    height = max(key.box.bottom for key in keys) + EDGE
    conference = not model.modules
    return Drawing(
        model.name,
        Box(0, 0, WIDTH, height),
        screen,
        keys,
        Box(WIDTH / 2 - 70, 64, 140, 7) if conference else Box(WIDTH - EDGE - 84, 14, 84, 12),
        receiver=not conference,
        left=left,
        right=right,
        round=64 if conference else 34,
    )


def _screen(model: Model) -> Box:
    """The glass: as wide as keys beside it leave room for, in the proportions of its pixels."""
    width = {320: 376.0, 480: 440.0}.get(model.width, 568.0)
    height = round(width * model.height / model.width)
    # a conference phone has its loudspeaker above the screen
    return Box((WIDTH - width) / 2, 44 if model.modules else 96, width, height)


def _side_keys(model: Model, screen: Box, left: int) -> tuple[PlacedKey, ...]:
    pitch = (screen.h - SOFTS) / left  # so each is beside its label
    height = min(pitch - 5, 46)
    width = screen.x - EDGE + 4 - 12
    keys = []
    for number in range(1, model.top_page + 1):
        row = (number - 1) % left
        x = EDGE - 4 if number <= left else screen.right + 12
        y = screen.y + pitch * row + (pitch - height) / 2
        box = Box(x, y, width, height)
        keys.append(PlacedKey("topsoftkey", str(number), box, "side"))
    return tuple(keys)


def _soft_keys(model: Model, screen: Box) -> tuple[PlacedKey, ...]:
    width = (screen.w - GAP * (model.soft_page - 1)) / model.soft_page
    return tuple(
        PlacedKey(
            "softkey",
            str(index + 1),
            Box(screen.x + index * (width + GAP), screen.bottom + 14, width, 34),
            "side",
        )
        for index in range(model.soft_page)
    )


def _lower_keys(top: float) -> tuple[PlacedKey, ...]:
    """All printed keys: lists above, the keypad left, the D-pad right, calls and sound below."""
    inner = WIDTH - 2 * EDGE
    lists = _row(LISTS, EDGE, top, inner, 50)
    y = top + 50 + 18
    pad_w, pad_h = 98.0, 56.0
    pad = tuple(
        PlacedKey(
            "fixed",
            name,
            Box(EDGE + (i % 3) * (pad_w + GAP), y + (i // 3) * (pad_h + GAP), pad_w, pad_h),
            "digit",
            LETTERS[i],
        )
        for i, name in enumerate(KEYPAD)
    )
    right_x = EDGE + 3 * (pad_w + GAP) + 18
    right_w = WIDTH - EDGE - right_x
    cell = (right_w - 2 * 6) / 3
    tall = (3 * pad_h + 2 * GAP - 2 * 6) / 3
    arrows = tuple(
        PlacedKey(
            "fixed",
            name,
            Box(right_x + column * (cell + 6), y + row * (tall + 6), cell, tall),
            "select" if name == "Select" else "arrow",
        )
        for name, column, row in ARROWS
    )
    last = y + 3 * (pad_h + GAP)
    ends = _row(("Hold", "Goodbye"), right_x, last, right_w, pad_h)
    y = last + pad_h + 18
    row = (*CALLS, *SOUND)
    return (*lists, *arrows, *pad, *ends, *_row(row, EDGE, y, inner, 50))


def _row(names: tuple[str, ...], x: float, y: float, w: float, h: float) -> tuple[PlacedKey, ...]:
    width = (w - GAP * (len(names) - 1)) / len(names)
    return tuple(
        PlacedKey(
            "fixed",
            name,
            Box(x + index * (width + GAP), y, width, h),
            "end" if name == "Goodbye" else "plain",
        )
        for index, name in enumerate(names)
    )
