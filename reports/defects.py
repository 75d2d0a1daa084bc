"""Planted defects in the matrix: what the checks of each requirement were seen to catch. Pure.

A negative control proves that a check can fail, and so does a defect of a product that it caught.
"""

from collections.abc import Sequence
from dataclasses import replace

from reports.coverage import Control, Coverage
from reports.model import Planted


def with_defects(covered: Sequence[Coverage], planted: Sequence[Planted]) -> tuple[Coverage, ...]:
    """Return the same coverage with the defects that were planted for each requirement."""
    return tuple(_with(item, planted) for item in covered)


def _with(item: Coverage, planted: Sequence[Planted]) -> Coverage:
    mine = tuple(defect for defect in planted if item.requirement.id in defect.ids)
    control = item.control
    if not all(defect.caught for defect in mine):
        control = Control.BROKEN
    elif mine and control is not Control.BROKEN:
        control = Control.PROVED
    return replace(item, control=control, planted=mine)
