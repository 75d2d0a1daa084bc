"""What a PBX node may do wrong."""

from features.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = ()
