"""The map's two drawings, for every estate that there can be."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.faces.live_map.layout import (
    GATEWAY,
    HOMES,
    INSTALLER,
    MCS,
    OFFICE,
    Box,
    Drawing,
    Point,
    lay_out,
)

SIZES = st.tuples(st.integers(1, 8), st.integers(1, 9), st.booleans())


def overlap(a: Box, b: Box) -> bool:
    return (
        a.x < b.x + b.width
        and b.x < a.x + a.width
        and a.y < b.y + b.height
        and b.y < a.y + a.height
    )


def is_on_edge(box: Box, point: Point, slack: float = 14.0) -> bool:
    """Near the box's border: wires side by side are set apart from where one would end."""
    x, y = point
    outer = Box("", box.x - slack, box.y - slack, box.width + 2 * slack, box.height + 2 * slack)
    inner = Box("", box.x + slack, box.y + slack, box.width - 2 * slack, box.height - 2 * slack)
    return _within(outer, x, y) and not _within(inner, x, y)


def _within(box: Box, x: float, y: float) -> bool:
    return box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height


@given(SIZES)
def test_everything_is_on_the_drawing_and_nothing_overlaps(sizes: tuple[int, int, bool]) -> None:
    mbgs, nodes, narrow = sizes
    drawing = lay_out(mbgs, nodes, narrow=narrow)
    expected = {HOMES, MCS, INSTALLER, GATEWAY, OFFICE}
    expected |= {f"mbg{n + 1}" for n in range(mbgs)} | {f"node{n + 1}" for n in range(nodes)}
    assert {box.key for box in drawing.boxes} == expected
    for box in drawing.boxes:
        assert box.width > 0 and box.height > 0
        assert box.x >= 0 and box.x + box.width <= drawing.width
        assert box.y >= 0 and box.y + box.height <= drawing.height
    for a, b in combinations(drawing.boxes, 2):
        assert not overlap(a, b), (a, b)


@given(SIZES)
def test_every_wire_runs_from_border_to_border(sizes: tuple[int, int, bool]) -> None:
    mbgs, nodes, narrow = sizes
    drawing = lay_out(mbgs, nodes, narrow=narrow)
    boxes = {box.key: box for box in drawing.boxes}
    for wire in drawing.wires:
        assert len(wire.line) >= 2
        if wire.a != HOMES:  # their wires leave at the border's side of the area
            assert is_on_edge(boxes[wire.a], wire.line[0]), wire
        assert is_on_edge(boxes[wire.b], wire.line[-1]), wire
        for x, y in wire.line:
            assert 0 <= x <= drawing.width and 0 <= y <= drawing.height


@given(st.integers(1, 8), st.integers(1, 9))
def test_both_drawings_have_the_same_wires_in_the_same_order(mbgs: int, nodes: int) -> None:
    def names(drawing: Drawing) -> list[tuple[str, str, str]]:
        return [(wire.a, wire.b, wire.protocol) for wire in drawing.wires]

    wide, narrow = lay_out(mbgs, nodes), lay_out(mbgs, nodes, narrow=True)
    assert names(wide) == names(narrow)
    assert len(set(names(wide))) == len(wide.wires)


@given(SIZES)
def test_wires_side_by_side_can_be_told_apart(sizes: tuple[int, int, bool]) -> None:
    mbgs, nodes, narrow = sizes
    lines = [wire.line for wire in lay_out(mbgs, nodes, narrow=narrow).wires]
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("narrow", [False, True])
def test_an_mbg_stands_astride_the_border(narrow: bool) -> None:
    drawing = lay_out(1, 1, narrow=narrow)
    box = next(box for box in drawing.boxes if box.key == "mbg1")
    outside, lan = drawing.zones
    assert overlap(box, outside) and overlap(box, lan)
