"""What a CT Gateway may do wrong."""

from features.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = ()
