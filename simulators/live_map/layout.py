"""Where everything stands on the map, and how the wires run: pure.

Two drawings of the same estate: a wide one and a narrow one for small screens. Units are those of
an SVG's view box, the origin is top left. A wire carries one protocol between two places; wires
that run side by side are set apart, so that each can be told by its dash.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot

Point = tuple[float, float]
Line = tuple[Point, ...]
APART = 13.0
"""Distance of wires that run side by side."""

HOMES, OFFICE, MCS, GATEWAY, INSTALLER = "homes", "office", "mcs", "gateway", "installer"


def mbg(number: int) -> str:
    """Key of the MBG of this number, from 1."""
    return f"mbg{number}"


def node(number: int) -> str:
    """Key of the PBX node of this number, from 1."""
    return f"node{number}"


@dataclass(frozen=True, slots=True)
class Box:
    """A place: its key and rectangle."""

    key: str
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Wire:
    """A line that messages of one protocol take; `protocol` "" is a mere connection."""

    a: str
    b: str
    protocol: str
    line: Line


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing of the estate; wires stand in the same order in both."""

    width: float
    height: float
    zones: tuple[Box, ...]
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]


@dataclass(frozen=True, slots=True)
class _Form:
    """What differs between the wide and the narrow drawing."""

    width: float
    height: float
    zones: tuple[Box, Box]
    homes: Box
    mbgs: Box
    stacked: bool  # MBGs below each other, else side by side
    mcs: Box
    installer: Box
    gateway: Box
    nodes: Box
    columns: int
    office: Box


WIDE = _Form(
    1200, 560,
    (Box("outside", 8, 8, 528, 544), Box("lan", 544, 8, 648, 544)),
    homes=Box(HOMES, 24, 50, 372, 486), mbgs=Box("", 452, 50, 176, 486), stacked=True,
    mcs=Box(MCS, 744, 66, 190, 92), installer=Box(INSTALLER, 1036, 66, 140, 56),
    gateway=Box(GATEWAY, 1026, 186, 150, 60), nodes=Box("", 744, 258, 432, 124), columns=3,
    office=Box(OFFICE, 702, 428, 474, 108),
)  # fmt: skip
NARROW = _Form(
    400, 880,
    (Box("outside", 4, 4, 392, 318), Box("lan", 4, 326, 392, 550)),
    homes=Box(HOMES, 14, 42, 372, 178), mbgs=Box("", 14, 262, 372, 124), stacked=False,
    mcs=Box(MCS, 20, 446, 196, 80), installer=Box(INSTALLER, 262, 446, 122, 54),
    gateway=Box(GATEWAY, 262, 560, 122, 56), nodes=Box("", 20, 570, 206, 120), columns=2,
    office=Box(OFFICE, 14, 736, 372, 126),
)  # fmt: skip


def lay_out(mbgs: int, nodes: int, *, narrow: bool = False) -> Drawing:
    """The drawing of an estate with so many MBGs and PBX nodes, each 1 to 9."""
    form = NARROW if narrow else WIDE
    of_mbgs = _mbgs(form, mbgs)
    of_nodes = _nodes(form, nodes)
    boxes = (form.homes, *of_mbgs, form.mcs, form.installer, form.gateway, *of_nodes, form.office)
    wires = (
        *(wire for box in of_mbgs for wire in _of_mbg(form, box, of_nodes)),
        _straight(form.mcs, form.gateway, ("OAI",))[0],
        _straight(form.installer, form.mcs, ("HTTP",))[0],
        Wire(OFFICE, MCS, "HTTP", _office_to_mcs(form)),
        *(_straight(form.office, box, ("SIP",))[0] for box in of_nodes),
        *(_straight(form.gateway, box, ("",))[0] for box in of_nodes),
    )
    return Drawing(form.width, form.height, form.zones, boxes, wires)


def _mbgs(form: _Form, count: int) -> list[Box]:
    """One beside or below the other, in the middle of their room, astride the border."""
    room, gap = form.mbgs, 12.0
    if form.stacked:
        height = min(132.0, (room.height - gap * (count - 1)) / count)
        top = room.y + (room.height - count * height - (count - 1) * gap) / 2
        places = [(room.x, top + n * (height + gap), room.width, height) for n in range(count)]
    else:
        width = min(230.0, (room.width - gap * (count - 1)) / count)
        left = room.x + (room.width - count * width - (count - 1) * gap) / 2
        places = [(left + n * (width + gap), room.y, width, room.height) for n in range(count)]
    return [Box(mbg(number), *place) for number, place in enumerate(places, 1)]


def _nodes(form: _Form, count: int) -> list[Box]:
    room, gap = form.nodes, 10.0
    columns = min(form.columns, count)
    rows = -(-count // columns)
    width = min(190.0, (room.width - gap * (columns - 1)) / columns)
    height = min(66.0, (room.height - gap * (rows - 1)) / rows)
    across, down = width + gap, height + gap
    return [
        Box(
            node(n + 1), room.x + n % columns * across, room.y + n // columns * down, width, height
        )
        for n in range(count)
    ]  # fmt: skip


def _of_mbg(form: _Form, box: Box, nodes: Sequence[Box]) -> Iterable[Wire]:
    yield from _straight(form.homes, box, ("SIP", "HTTP"), *_outside(form, box))
    inside = _inside(form, box)
    yield from _straight(box, form.mcs, ("REST", "HTTP"), inside)
    for each in nodes:
        yield from _straight(box, each, ("SIP",), inside)
    yield Wire(INSTALLER, box.key, "HTTP", _installer_to_mbg(form, box))


def _outside(form: _Form, box: Box) -> tuple[Point, Point]:
    """Where the wires from the homes leave, and where they reach the MBG."""
    homes = form.homes
    if form.stacked:
        return (homes.x + homes.width, box.middle[1]), (box.x, box.middle[1])
    return (box.middle[0], homes.y + homes.height), (box.middle[0], box.y)


def _inside(form: _Form, box: Box) -> Point:
    if form.stacked:
        return box.x + box.width, box.middle[1]
    return box.middle[0], box.y + box.height


def _installer_to_mbg(form: _Form, box: Box) -> Line:
    """Around the MCS, which stands between them."""
    start = form.installer
    if form.stacked:
        top, channel, y = 34.0, box.x + box.width + 40, box.y + min(22.0, box.height / 4)
        return (
            (start.middle[0], start.y), (start.middle[0], top), (channel, top), (channel, y),
            (box.x + box.width, y),
        )  # fmt: skip
    end_x = box.x + box.width - min(24.0, box.width / 4)
    bend = box.y + box.height + 30
    return (
        (start.middle[0], start.y), (start.middle[0], bend), (end_x, bend),
        (end_x, box.y + box.height),
    )  # fmt: skip


def _office_to_mcs(form: _Form) -> Line:
    """Past the nodes, which stand between them."""
    office, mcs = form.office, form.mcs
    y = mcs.y + mcs.height - 16
    if form.stacked:
        x = mcs.x - 22
        return (x, office.y), (x, y), (mcs.x, y)
    x = mcs.x + mcs.width + 22
    return (x, office.y), (x, y), (mcs.x + mcs.width, y)


def _straight(
    a: Box, b: Box, protocols: Sequence[str], start: Point | None = None, end: Point | None = None
) -> list[Wire]:
    """Wires side by side, one per protocol, from border to border where no point is given."""
    first = start or _border(a, end or b.middle)
    last = end or _border(b, first)
    length = hypot(last[0] - first[0], last[1] - first[1]) or 1.0
    across = (-(last[1] - first[1]) / length, (last[0] - first[0]) / length)
    wires = []
    for place, protocol in enumerate(protocols):
        by = APART * (place - (len(protocols) - 1) / 2)
        dx, dy = across[0] * by, across[1] * by
        line = ((first[0] + dx, first[1] + dy), (last[0] + dx, last[1] + dy))
        wires.append(Wire(a.key, b.key, protocol, line))
    return wires


def _border(box: Box, towards: Point) -> Point:
    """Where the line from the middle of a box towards a point outside leaves it."""
    x, y = box.middle
    dx, dy = towards[0] - x, towards[1] - y
    if not dx and not dy:
        return x, y
    reach = min(
        box.width / 2 / abs(dx) if dx else float("inf"),
        box.height / 2 / abs(dy) if dy else float("inf"),
    )
    return x + dx * reach, y + dy * reach
